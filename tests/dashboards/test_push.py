"""Pushing to a Grafana that remembers, through both client libraries."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from fake_grafana import ADMIN, EDITOR, TOKEN, State, fake_grafana, served

from dashboards.board import board_uid
from dashboards.grafana import Credential, GrafanaError, Server, grafana_api, grafana_client
from dashboards.library import dashboards
from dashboards.push import Change, Wanted, push, push_organisations

Connect = Callable[[str, Credential], Server]

WANTED = Wanted("http://127.0.0.1:8000", "cc_token", teams=("Fastighet & drift",))
SCHOOL = board_uid("school", "en")


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def url(state: State) -> Iterator[str]:
    with served(fake_grafana(state)) as address:
        yield address


@pytest.fixture(params=[grafana_client, grafana_api], ids=["grafana-client", "grafana-api"])
def connect(request: pytest.FixtureRequest) -> Connect:
    chosen: Connect = request.param
    return chosen


@pytest.fixture
def server(connect: Connect, url: str) -> Server:
    return connect(url, TOKEN)


def counted(changes: list[Change]) -> Counter[str]:
    return Counter(change.action for change in changes)


def test_everything_is_created_and_then_nothing_is_to_be_done(server: Server, state: State) -> None:
    first = list(push(server, WANTED))

    assert counted(first) == {"create": 16, "update": 2}  # permissions stand from the start
    org = state.org
    assert set(org.dashboards) == {one["uid"] for lang in ("sv", "en") for one in dashboards(lang).values()}
    assert org.dashboards[SCHOOL]["meta"]["folderUid"] == "classroom-climate-en"
    assert org.sources["classroom-climate"]["url"] == "http://127.0.0.1:8000"
    assert org.secrets == {"classroom-climate": {"bearerToken": "cc_token"}}
    assert org.permissions["classroom-climate-sv"] == [{"teamId": 1, "permission": 1}]
    assert org.teams == {1: "Fastighet & drift"}

    state.writes.clear()
    again = list(push(server, Wanted("http://127.0.0.1:8000", teams=WANTED.teams)))
    assert counted(again) == {"none": 18}
    assert state.writes == []


def test_only_what_differs_is_changed_and_the_diff_says_how(server: Server, state: State) -> None:
    list(push(server, WANTED))
    state.org.dashboards[SCHOOL]["dashboard"]["panels"][0]["title"] = "By hand"
    state.org.folders["classroom-climate-en"]["title"] = "Renamed"
    state.writes.clear()

    changes = [c for c in push(server, Wanted("http://api:8000", teams=WANTED.teams)) if c.action != "none"]

    assert [(change.action, change.what) for change in changes] == [
        ("update", "data source classroom-climate"),
        ("update", "folder School climate"),
        ("update", "dashboard en/school"),
    ]
    assert changes[0].diff == (
        '-   "http://127.0.0.1:8000"',
        '+   "http://api:8000"',
        '- "url": "http://127.0.0.1:8000"',
        '+ "url": "http://api:8000"',
    )
    assert changes[2].diff == ('-   "title": "By hand",', '+   "title": "Rooms now",')
    assert state.org.dashboards[SCHOOL]["dashboard"]["version"] == 2
    assert state.org.secrets == {"classroom-climate": {"bearerToken": "cc_token"}}  # stays
    assert len(state.writes) == 3


def test_a_dry_run_says_the_same_and_writes_nothing(server: Server, state: State) -> None:
    tried = list(push(server, WANTED, dry_run=True))
    assert state.writes == []
    assert state.org.dashboards == {}
    assert [c.what for c in tried if c.action == "create"] == [
        c.what for c in push(server, WANTED) if c.action == "create"
    ]
    state.org.dashboards[SCHOOL]["dashboard"]["tags"].append("x")
    state.writes.clear()
    tried = [c.what for c in push(server, WANTED, dry_run=True) if c.action == "update"]
    assert tried == ["dashboard en/school"]
    assert state.writes == []


def test_another_token_takes_the_place_of_the_first(server: Server, state: State) -> None:
    list(push(server, WANTED))
    other = Wanted(WANTED.api_url, "cc_other", teams=WANTED.teams)
    assert counted(list(push(server, other))) == {"none": 17, "update": 1}
    assert state.org.secrets == {"classroom-climate": {"bearerToken": "cc_other"}}
    assert "cc_" not in str(state.org.sources)
    assert counted(list(push(server, other))) == {"none": 18}


def test_without_teams_every_viewer_may_see(server: Server, state: State) -> None:
    list(push(server, WANTED))
    changes = list(push(server, Wanted("http://127.0.0.1:8000")))
    assert [c.what for c in changes if c.action == "update"] == [
        "permissions of Skolklimat",
        "permissions of School climate",
    ]
    assert state.org.permissions["classroom-climate-sv"] == [{"role": "Viewer", "permission": 1}]


def test_one_organisation_a_school(connect: Connect, url: str, state: State) -> None:
    server = connect(url, ADMIN)
    names = {
        "Tågaborgsskolan": Wanted("http://api:8000", "cc_tagaborg", langs=("sv",)),
        "Gårda & Ö": Wanted("http://api:8000", "cc_garda", langs=("sv",)),
    }

    tried = list(push_organisations(server, names, dry_run=True))
    assert [c.what for c in tried] == ["organisation Tågaborgsskolan", "organisation Gårda & Ö"]
    assert len(state.orgs) == 1

    made = list(push_organisations(server, names))
    assert [c.what for c in made[:2]] == ["organisation Tågaborgsskolan", "organisation Gårda & Ö"]
    tokens = {
        org.name: org.secrets["classroom-climate"]["bearerToken"]
        for org in state.orgs.values()
        if org.secrets
    }
    assert tokens == {"Tågaborgsskolan": "cc_tagaborg", "Gårda & Ö": "cc_garda"}
    assert state.current == 1  # back where it was
    assert state.orgs[1].dashboards == {}

    again = Wanted("http://api:8000", langs=("sv",))
    assert counted(list(push_organisations(server, dict.fromkeys(names, again)))) == {"none": 20}


@pytest.mark.parametrize(
    ("credential", "says"),
    [
        ("glsa_wrong", "does not know this token.*--token-file"),
        (("root", "fel"), "does not know this token or password"),
        (EDITOR, "does not let this account read the data source.*role Admin"),
    ],
)
def test_who_may_not_is_told_what_is_missing(
    connect: Connect, url: str, state: State, credential: Credential, says: str
) -> None:
    with pytest.raises(GrafanaError, match=says):
        list(push(connect(url, credential), WANTED))
    assert state.writes == []


def test_organisations_need_a_server_administrator(server: Server) -> None:
    with pytest.raises(GrafanaError, match="--user and --password-file"):
        list(push_organisations(server, {"Skolan": WANTED}))


def test_a_dashboard_that_is_not_ours_is_left_alone(server: Server, state: State) -> None:
    list(push(server, WANTED))
    state.org.dashboards[SCHOOL]["dashboard"] |= {"tags": [], "title": "Somebody's"}
    with pytest.raises(GrafanaError, match=r"uid cc-school-en that is not ours \(Somebody's\): --overwrite"):
        list(push(server, WANTED))
    taken = Wanted(WANTED.api_url, teams=WANTED.teams, overwrite=True)
    assert [c.what for c in push(server, taken) if c.action == "update"] == ["dashboard en/school"]


def test_a_change_meanwhile_is_a_conflict(server: Server, state: State) -> None:
    list(push(server, WANTED))
    kept = state.org.dashboards[SCHOOL]["dashboard"]
    kept["panels"][0]["title"] = "By hand"
    changes = push(server, Wanted(WANTED.api_url, teams=WANTED.teams))
    look = server.dashboard

    def look_and_be_overtaken(uid: str) -> object:
        found = look(uid)
        if uid == SCHOOL:
            kept["version"] += 1
        return found

    server.dashboard = look_and_be_overtaken  # type: ignore[method-assign,assignment]
    with pytest.raises(GrafanaError, match=r"changed it meanwhile.*push again"):
        list(changes)
    assert kept["panels"][0]["title"] == "By hand"


def test_other_things_of_our_names_are_told(server: Server, state: State) -> None:
    state.org.sources["classroom-climate"] = {"name": "classroom-climate", "uid": "x", "type": "influxdb"}
    with pytest.raises(
        GrafanaError, match=r"another data source called classroom-climate \(uid x, type influxdb\)"
    ):
        list(push(server, WANTED))
    state.org.sources.clear()
    state.org.folders["theirs"] = {"uid": "theirs", "title": "Skolklimat"}
    with pytest.raises(GrafanaError, match="create the folder Skolklimat: another one has that name"):
        list(push(server, WANTED))


def test_a_grafana_that_is_set_up_by_files_says_so(server: Server, state: State) -> None:
    state.provisioned.add(board_uid("classroom", "sv"))
    with pytest.raises(GrafanaError, match="takes it from files"):
        list(push(server, WANTED))


def test_a_new_data_source_needs_a_token(server: Server, state: State) -> None:
    with pytest.raises(GrafanaError, match=r"tokens create.*--api-token-file"):
        list(push(server, Wanted("http://127.0.0.1:8000")))
    assert state.writes == []


def test_a_server_that_is_away_or_no_grafana(connect: Connect, url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(GrafanaError, match=f"No Grafana answers at {nobody}: is it running"):
            list(push(connect(nobody, TOKEN), WANTED))
    with pytest.raises(GrafanaError, match="really a Grafana"):
        list(push(connect(f"{url}/elsewhere", TOKEN), WANTED))
    for bad in ("127.0.0.1:3000", "http://a:b@host", "ftp://host"):
        with pytest.raises(GrafanaError, match=r"--url .*: write scheme and host"):
            connect(bad, TOKEN)
