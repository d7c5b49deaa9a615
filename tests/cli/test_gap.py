"""A missing reading is never 0: two silent hours are a gap in curve, mean and kWh."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from classroom.places import DayType
from classroom.site import Site
from classroom.sitefiles import parse_site
from cli.play import play_history
from ingest.embedded import EmbeddedBroker
from running import Start, until
from simulators.demo import FIRST_SCHOOL, demo_site
from simulators.faults import Outage
from simulators.publish import BrokerAddress
from simulators.scenario import SCENARIO_FILE, parse_scenario

ZONE = ZoneInfo("Europe/Stockholm")


def _a_school_day(site: Site) -> date:
    """The newest school day that is over and follows a day that is over."""
    day = datetime.now(ZONE).date() - timedelta(days=2)
    while site.timetable(FIRST_SCHOOL).day_type(day) is not DayType.SCHOOL_DAY:
        day -= timedelta(days=1)
    return day


@pytest.fixture
def school_day(tmp_path: Path) -> date:
    del tmp_path
    return _a_school_day(parse_site(demo_site(datetime.now(UTC).date() - timedelta(days=120))))


def test_two_silent_hours(start: Start, broker: EmbeddedBroker, school_day: date) -> None:
    first_day = school_day - timedelta(days=1)
    texts = demo_site(first_day)
    begin = datetime.combine(school_day, time(), ZONE).astimezone(UTC)
    silent = (begin + timedelta(hours=9), begin + timedelta(hours=11))
    scenario = parse_scenario(texts.pop(SCENARIO_FILE)).model_copy(
        update={"faults": (Outage(kind="outage", start=silent[0], end=silent[1]),)}
    )
    settings = texts.pop("classroom.toml")
    running = start(texts, settings=settings[settings.index("[factors]") :])
    end = begin + timedelta(days=1, hours=2)

    published, _, _ = play_history(
        parse_site({**texts, "classroom.toml": settings}),
        scenario,
        datetime.combine(first_day, time(), UTC),
        BrokerAddress(port=broker.port),
        lambda: end,
    )
    until(lambda: running.stored_all(published), "all is stored")

    base = f"/api/v1/schools/{FIRST_SCHOOL}"
    day = {"from": begin.isoformat(), "to": (begin + timedelta(days=1)).isoformat()}

    def points(path: str, **query: str) -> list[dict[str, object]]:
        return list(running.get(f"{base}{path}/metrics", **day, **query))

    until(
        lambda: (
            all(
                any(point["carrier"] == carrier and point["value"] is not None for point in found)
                for found in (points("", interval="day", metric="energy_kwh"),)
                for carrier in ("electricity", "district_heat")
            )
            and any(point["value"] is not None for point in points("/rooms/4b", interval="day"))
        ),
        "the day's metrics are there",
    )

    _check_curve(running.get(f"{base}/rooms/4b/series", quantity="co2_ppm", **day)["points"], silent)
    mean = next(p for p in points("/rooms/4b", interval="day") if p["metric"] == "co2_mean_ppm")
    assert 400 < float(str(mean["value"])) < 3000
    assert 0 < float(str(mean["coverage"])) < 0.9
    assert mean["status"] == "partial"
    for carrier in ("electricity", "district_heat"):
        _check_energy(points("", interval="hour", metric="energy_kwh"), carrier, silent)
        whole = next(p for p in points("", interval="day", metric="energy_kwh") if p["carrier"] == carrier)
        assert float(str(whole["value"])) > 0, "the registers went on, so the day's sum is known"
        assert 21 / 24 < float(str(whole["coverage"])) < 23 / 24
        assert whole["status"] == "partial"


def _check_curve(points: list[dict[str, object]], silent: tuple[datetime, datetime]) -> None:
    inside = [p for p in points if silent[0] < datetime.fromisoformat(str(p["time"])) < silent[1]]
    assert inside, "the gap is a point of its own, so that no line is drawn through"
    assert all(point["value"] is None for point in inside)
    assert all(float(str(p["value"])) > 350 for p in points if p["value"] is not None)


def _check_energy(points: list[dict[str, object]], carrier: str, silent: tuple[datetime, datetime]) -> None:
    hours = [point for point in points if point["carrier"] == carrier]
    assert len(hours) == 24
    for point in hours:
        hour = datetime.fromisoformat(str(point["time"]))
        if silent[0] <= hour < silent[1]:
            assert point["value"] is None
            assert float(str(point["coverage"])) == 0
        elif not silent[0] - timedelta(hours=1) <= hour <= silent[1]:
            assert float(str(point["value"])) > 0
