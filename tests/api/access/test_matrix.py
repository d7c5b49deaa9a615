"""Every route × everybody: generated from the router, judged by a table written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import RouteContext
from fastapi.testclient import TestClient
from visitors import SECRET, SETTINGS, TABLES, URL, Somebody

from api.access import rules
from api.access.rules import check_rules, routes, rule_of
from api.access.signin import SIGN_OUT
from api.app import create_app
from api.context import ApiContext
from classroom.sitefiles import parse_site

READERS = {"reader", "staff", "school admin", "teacher", "janitor"}
STAFF = {"staff", "school admin", "janitor"}
CITY_READERS = {"local", "city reader", "technician", "admin", "control"}
CITY_STAFF = {"local", "technician", "admin", "control"}
EVERYBODY = READERS | CITY_READERS | {"nobody", "public", "screen", "stranger"}
BROWSERS = {"local", "teacher", "janitor"}

ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "open": (EVERYBODY, EVERYBODY),
    "city": (READERS | CITY_READERS | {"public"}, READERS | CITY_READERS | {"public"}),
    "public_school": (READERS | CITY_READERS | {"public"}, CITY_READERS | {"public"}),
    "school": (READERS | CITY_READERS, CITY_READERS),
    "schools": (READERS | CITY_READERS, READERS | CITY_READERS),
    "room": (READERS | CITY_READERS, CITY_READERS),
    "rooms": (READERS | CITY_READERS, READERS | CITY_READERS),
    "devices": (READERS | CITY_READERS, READERS | CITY_READERS),
    "staff": (STAFF | CITY_STAFF, CITY_STAFF),
    "hand_in": ((STAFF | CITY_STAFF) - BROWSERS, CITY_STAFF - BROWSERS),
    "service": (CITY_READERS, CITY_READERS),
    "technician": (CITY_STAFF, CITY_STAFF),
    "import": (CITY_STAFF - BROWSERS, CITY_STAFF - BROWSERS),
    "admin": ({"admin", "control"}, {"admin", "control"}),
}
"""Who may use a route of each rule: with the open school in its path, with the secret one."""

FAULTS = (500, 503)  # 502 is the sign-in's: its provider is not there

OWN = {"school": "oppen", "room": "rum1", "meter": "el", "building": "hus", "device": "air", "number": "1"}
OTHER = OWN | {"school": "hemlig", "room": "hemligt1", "meter": "hemlig-el", "building": "hemligt-hus"}


def paths(route: RouteContext, values: dict[str, str]) -> str:
    assert route.path is not None
    filled = {name: values.get(name, "x") for name in route.param_convertors}
    return route.path.format(**filled)


@pytest.fixture
def all_routes(context: ApiContext) -> list[RouteContext]:
    """Signing out comes last: those who have signed in are asked for everything else first."""
    return sorted(routes(create_app(context)), key=lambda route: route.path == SIGN_OUT)


def test_every_rule_of_the_code_is_judged_here() -> None:
    known = {value.name for value in vars(rules).values() if isinstance(value, rules.Rule)}
    assert known == set(ALLOWED)


def test_every_route_times_everybody(all_routes: list[RouteContext], everybody: dict[str, Somebody]) -> None:
    assert set(everybody) == EVERYBODY
    wrong, asked = [], 0
    for route in all_routes:
        own, other = ALLOWED[rule_of(route).name]
        for method in sorted((route.methods or set()) - {"HEAD"}):
            for values, allowed in ((OWN, own), (OTHER, other)):
                for name, somebody in everybody.items():
                    path = paths(route, values)
                    answer = somebody.ask(
                        method, path, headers={"Content-Type": "application/json"}, content=b"{}"
                    )
                    asked += 1
                    let_in = answer.status_code not in (401, 403)
                    if let_in != (name in allowed) or answer.status_code in FAULTS:
                        wrong.append((method, path, name, answer.status_code))
                    elif not let_in:
                        expected = 401 if name in ("nobody", "public", "screen") else 403
                        if answer.status_code != expected:
                            wrong.append((method, path, name, answer.status_code))
    assert wrong == []
    assert asked > 500


def test_no_answer_names_the_secret_school(
    all_routes: list[RouteContext], everybody: dict[str, Somebody]
) -> None:
    """Whatever a route answers, also one that nobody has thought of yet."""
    leaks = []
    for route in all_routes:
        if "GET" not in (route.methods or set()):
            continue
        path = paths(route, OWN)
        for name in sorted(READERS | {"nobody", "screen", "stranger"}):
            answer = everybody[name].ask("GET", path)
            if SECRET in answer.text.casefold():
                leaks.append((path, name))
    assert leaks == []


def test_the_public_sees_nothing_of_a_room(
    all_routes: list[RouteContext], everybody: dict[str, Somebody]
) -> None:
    leaks = []
    for route in all_routes:
        if "GET" not in (route.methods or set()):
            continue
        path = paths(route, OWN)
        for name in ("nobody", "public"):
            answer = everybody[name].ask("GET", path)
            text = answer.text.replace(path, "").casefold()
            if answer.status_code < 300 and ("rum1" in text or "rum 1" in text or '"air"' in text):
                leaks.append((path, name))
    assert leaks == []


def test_a_route_without_a_rule_is_refused(context: ApiContext) -> None:
    app = FastAPI()
    router = APIRouter()

    @router.get("/forgotten")
    def forgotten() -> None:
        """Nobody said who may."""

    app.include_router(router, prefix="/api")
    with pytest.raises(LookupError, match=r"GET /api/forgotten declares these rules of access: none"):
        check_rules(app)


def test_two_rules_or_one_without_its_school_are_refused() -> None:
    app = FastAPI()
    app.get("/both", dependencies=[Depends(rules.OPEN), Depends(rules.ADMIN)])(lambda: None)
    with pytest.raises(LookupError, match="admin, open"):
        check_rules(app)
    app = FastAPI()
    app.get("/rooms/{room}", dependencies=[Depends(rules.ROOM)])(lambda: None)
    with pytest.raises(LookupError, match=r"names no \{school\}"):
        check_rules(app)


def test_the_public_gets_days_of_schools_of_three_rooms(everybody: dict[str, Somebody]) -> None:
    public = everybody["public"]
    assert [row["key"] for row in public.ask("GET", "/api/v1/schools").json()] == ["oppen", "hemlig"]
    metrics = "/api/v1/schools/oppen/metrics?interval="
    assert public.ask("GET", metrics + "day").status_code == 200
    assert public.ask("GET", metrics + "hour").status_code == 401
    assert public.ask("GET", metrics + "hour&interval=day").status_code == 401
    assert public.ask("GET", metrics + "day&interval=hour").status_code == 401
    detail = public.ask("GET", "/api/v1/schools/oppen").json()
    assert (detail["rooms"], detail["room_list"], detail["meters"]) == (3, [], [])


def test_a_school_of_two_rooms_is_not_public(context: ApiContext, everybody: dict[str, Somebody]) -> None:
    tables = TABLES | {"rooms.csv": "school,key,name\noppen,rum1,Rum 1\noppen,rum2,Rum 2\n"}
    tables["devices.csv"] = "key,school,room,meter\n"
    site = parse_site({"classroom.toml": SETTINGS.format(public="true"), **tables})
    with TestClient(create_app(replace(context, site=lambda: site)), base_url=URL) as client:
        assert client.get("/api/v1/schools").json() == []
        assert client.get("/api/v1/schools/oppen").status_code == 401
        reader = client.get("/api/v1/schools/oppen", headers=everybody["reader"].headers)
        assert reader.json()["rooms"] == 2


@pytest.mark.parametrize("name", ["reader", "teacher"])
def test_devices_and_verdicts_are_those_of_the_school(everybody: dict[str, Somebody], name: str) -> None:
    items = everybody[name].ask("GET", "/api/v1/devices").json()["items"]
    assert [item["key"] for item in items] == ["air"]
    assert everybody[name].ask("GET", "/api/v1/devices?school=hemlig").json()["items"] == []
    keys = [item["key"] for item in everybody["technician"].ask("GET", "/api/v1/devices").json()["items"]]
    assert keys == ["air", "hemlig-air", "hemlig-ny"]


def test_parts_are_told_to_technicians(everybody: dict[str, Somebody]) -> None:
    for name, told in (("nobody", False), ("reader", False), ("local", True), ("technician", True)):
        answer = everybody[name].ask("GET", "/readyz").json()
        assert (answer["ready"], bool(answer["parts"])) == (True, told)
