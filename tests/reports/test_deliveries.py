"""Scheduled reports: due once a period is over, delivered once, tried again where it fails."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mail_server import PASSWORD, UNKNOWN, USER, Certificates, MailServer, certificates, mail_server

from classroom.faults import ConfigurationError
from classroom.site import Site
from classroom.sitefiles import parse_site
from reports.deliveries import TRIES, Deliveries, State, TaskError, newest
from reports.fits import Fits, here
from reports.mail import Post
from reports.service import Reports
from store.duckdb_store import DuckDBStore

NOVEMBER_2 = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)  # 01:30 in Stockholm
FOLDER = '[[reports.schedule]]\nkey = "board"\nschools = ["berga"]\nformats = ["csv"]\nfolder = "out"\n'
MAIL = (
    '[[reports.schedule]]\nkey = "heads"\nschools = ["*"]\nportfolio = true\nformats = ["csv"]\n'
    'mail = ["rektor@skola.example"]\n[smtp]\nsender = "klimat@kommun.example"\n'
)


def site_of(settings: str, schools: str = "berga,Bergaskolan\ntom,Tomma skolan\n") -> Site:
    return parse_site({"classroom.toml": settings, "schools.csv": f"key,name\n{schools}"})


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(NOVEMBER_2)


def over(store: DuckDBStore, site: Site, clock: Clock, folder: Path, post: Post | None = None) -> Deliveries:
    reports = Reports(store, lambda: site, clock, here, {}, fits=Fits())
    return Deliveries(store, lambda: site, clock, reports, folder, post)


def run(deliveries: Deliveries) -> list[tuple[str, str, State]]:
    """Deliver what is ready, as the service does."""
    found = [deliveries.deliver(one.schedule, one.school, one.period) for one in deliveries.ready()]
    return [(one.school, one.period, one.state) for one in found]


def test_it_is_due_once_the_days_of_grace_are_over() -> None:
    site = site_of(FOLDER)
    (schedule,) = site.settings.reports.schedule
    midnight = datetime(2026, 11, 1, 23, tzinfo=UTC)  # in Stockholm
    assert newest(schedule, site, midnight).key == "2026-10"
    assert newest(schedule, site, midnight - timedelta(seconds=1)).key == "2026-09"
    year = schedule.model_copy(update={"every": "school_year", "after_days": 30})
    assert newest(year, site, datetime(2026, 7, 30, tzinfo=UTC)).key == "2024-2025"
    assert newest(year, site, datetime(2026, 7, 31, tzinfo=UTC)).key == "2025-2026"


def test_a_report_is_laid_down_once(store: DuckDBStore, clock: Clock, tmp_path: Path) -> None:
    deliveries = over(store, site_of(FOLDER), clock, tmp_path)
    assert run(deliveries) == [("berga", "2026-10", State.DELIVERED)]
    written = sorted((tmp_path / "out").iterdir())
    assert "berga-2026-10-sv.csv" in [path.name for path in written]
    for path in written:
        path.unlink()
    clock.now += timedelta(days=3)
    again = over(store, site_of(FOLDER), clock, tmp_path)  # after a restart
    assert run(again) == []
    assert again.deliver("board", "berga", "2026-10").at == NOVEMBER_2
    assert list((tmp_path / "out").iterdir()) == []
    assert again.deliver("board", "berga", "2026-10", again=True).at == clock.now
    assert sorted((tmp_path / "out").iterdir()) == written


def test_a_service_that_was_off_makes_up_for_it(store: DuckDBStore, clock: Clock, tmp_path: Path) -> None:
    run(over(store, site_of(FOLDER), clock, tmp_path))
    clock.now = datetime(2027, 2, 10, tzinfo=UTC)
    both = site_of(FOLDER.replace('["berga"]', '["*"]'))
    found = run(over(store, both, clock, tmp_path))
    assert sorted(found) == [
        ("berga", "2026-11", State.DELIVERED),
        ("berga", "2026-12", State.DELIVERED),
        ("berga", "2027-01", State.DELIVERED),
        ("tom", "2027-01", State.DELIVERED),  # was not asked for before
    ]


def test_what_fails_is_tried_again_and_at_last_left_to_people(
    store: DuckDBStore, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    deliveries = over(store, site_of(FOLDER), clock, tmp_path)
    assert run(deliveries) == [("berga", "2026-10", State.WAITING)]
    (one,) = deliveries.standing()
    assert one.again_at == NOVEMBER_2 + timedelta(minutes=5)
    assert "FileExistsError" in one.trouble
    assert deliveries.ready() == []
    waits = []
    for _ in range(TRIES - 1):
        (one,) = deliveries.standing()
        assert one.again_at is not None
        waits.append((one.again_at - clock.now) / timedelta(minutes=1))
        clock.now = one.again_at
        run(deliveries)
    assert waits[:5] == [5, 20, 80, 320, 360]
    (one,) = deliveries.standing()
    assert (one.state, one.tries, one.again_at) == (State.FAILED, TRIES, None)
    assert deliveries.ready() == []
    (tmp_path / "out").unlink()
    assert deliveries.deliver("board", "berga", "2026-10").state is State.DELIVERED


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(made: Certificates) -> Iterator[MailServer]:
    with mail_server(made) as running:
        yield running


def post(made: Certificates, server: MailServer) -> Post:
    context = ssl.create_default_context(cafile=str(made.ca))
    return Post("127.0.0.1", server.port, "starttls", context, "klimat@kommun.example", USER, PASSWORD, 10)


def test_each_school_and_all_together_are_mailed_once(
    store: DuckDBStore, clock: Clock, tmp_path: Path, made: Certificates, server: MailServer
) -> None:
    deliveries = over(store, site_of(MAIL), clock, tmp_path, post(made, server))
    server.answer = "451 4.3.0 try again later"
    assert {state for _, _, state in run(deliveries)} == {State.WAITING}
    assert server.arrived == []
    assert deliveries.standing()[0].trouble == "the mail server answers 451 4.3.0 try again later"
    server.answer = "250 OK"
    clock.now += timedelta(minutes=5)
    assert len(run(deliveries)) == 3
    clock.now += timedelta(days=20)
    assert run(deliveries) == []
    subjects = [one.message["Subject"] for one in server.arrived]
    assert sorted(subjects) == [
        f"Energi och klimat: {name}, oktober 2026" for name in ("Bergaskolan", "Skolor", "Tomma skolan")
    ]
    names = {part.get_filename() for one in server.arrived for part in one.message.iter_attachments()}
    assert {"berga-2026-10-sv.csv", "portfolio-2026-10-sv.csv"} <= names


def test_an_address_that_is_refused_is_told_though_others_got_it(
    store: DuckDBStore, clock: Clock, tmp_path: Path, made: Certificates, server: MailServer
) -> None:
    text = MAIL.replace('["*"]', '["tom"]').replace("portfolio = true", "")
    settings = text.replace('["rektor@skola.example"]', f'["rektor@skola.example", "{UNKNOWN}"]')
    deliveries = over(store, site_of(settings), clock, tmp_path, post(made, server))
    assert run(deliveries) == [("tom", "2026-10", State.DELIVERED)]
    assert deliveries.standing()[0].trouble == f"refused: {UNKNOWN}: 550 5.1.1 no such user"
    assert len(server.arrived) == 1


def test_what_nobody_scheduled_is_refused(store: DuckDBStore, clock: Clock, tmp_path: Path) -> None:
    deliveries = over(store, site_of(FOLDER), clock, tmp_path)
    for schedule, school, period in (
        ("heads", "berga", "2026-10"),
        ("board", "tom", "2026-10"),
        ("board", "berga", "2026-11"),  # not over
        ("board", "berga", "2026-Q3"),
    ):
        with pytest.raises(TaskError):
            deliveries.deliver(schedule, school, period)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ('[[reports.schedule]]\nkey = "a"\nschools = ["*"]\n', "reports.schedule.0"),
        ('[[reports.schedule]]\nkey = "a"\nfolder = "x"\n', "reports.schedule.0"),
        (FOLDER + FOLDER, "reports"),
        (FOLDER.replace("berga", "nowhere"), "reports.schedule.board"),
        (MAIL.replace("rektor@skola.example", "rektor"), "reports.schedule.0.mail.0"),
        (MAIL.replace("rektor@", "a@b.c\\nBcc: x@"), "reports.schedule.0.mail.0"),
        (MAIL[: MAIL.index("[smtp]")], "smtp.sender"),
        ('[smtp]\nhost = "mail.example"\ntls = "none"\n', "smtp"),
        ('[smtp]\nusername = "x"\n', "smtp"),
    ],
)
def test_wrong_settings_are_refused_by_name(settings: str, key: str) -> None:
    with pytest.raises(ConfigurationError) as found:
        site_of(settings)
    assert [fault.key for fault in found.value.faults] == [key]
