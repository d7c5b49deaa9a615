"""Bring a Grafana to what this project wants there: organisations, data source, folders, teams, dashboards.

Idempotent: what is as it should be is left alone. Nothing is ever deleted.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dashboards.board import TAG
from dashboards.grafana import GrafanaError, Server
from dashboards.infinity import NAME, TYPE, UID
from dashboards.library import FOLDERS, dashboards
from dashboards.words import LANGS, Lang

Json = dict[str, Any]
Action = Literal["create", "update", "none"]

VIEW = 1
"""Grafana's number of the permission to view."""

_MARK = "tokenMark"
"""Tells one token from another without telling it: Grafana never gives a secret back to be compared."""

_SERVER_KEYS = ("id", "version")
"""Keys of a dashboard that Grafana sets."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done, or would be: to what, and the difference as lines of a diff."""

    action: Action
    what: str
    diff: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What is to stand in an organisation.

    Args:
        api_url: where Grafana reaches our API.
        api_token: a token of ours for it; empty leaves the one that stands.
        langs: languages of the dashboards.
        teams: may view; none: every viewer of the organisation.
        overwrite: also take over dashboards of our uid that are not ours.
    """

    api_url: str
    api_token: str = ""
    langs: Sequence[Lang] = LANGS
    teams: Sequence[str] = ()
    overwrite: bool = False


def push(server: Server, wanted: Wanted, *, dry_run: bool = False) -> Iterator[Change]:
    """Make it so in the present organisation, and say each thing as it is done.

    Raises:
        GrafanaError: Grafana would not; what was said before stands.
    """
    yield _datasource(server, wanted, dry_run)
    teams: dict[str, int | None] = {}
    for team in wanted.teams:
        change, teams[team] = _team(server, team, dry_run)
        yield change
    for lang in wanted.langs:
        uid, title = FOLDERS[lang]
        folder = _folder(server, uid, title, dry_run)
        yield folder
        if not (dry_run and folder.action == "create"):
            yield _permissions(server, uid, title, teams, dry_run)
        for key, content in dashboards(lang).items():
            yield _dashboard(server, uid, f"{lang}/{key}", content, wanted.overwrite, dry_run)


def push_organisations(
    server: Server, names: Mapping[str, Wanted], *, dry_run: bool = False
) -> Iterator[Change]:
    """The same in an organisation of its own for each name; all are made before anything is put into one.

    Grafana's present user ends in the organisation in which it began.

    Raises:
        GrafanaError: as :func:`push`; organisations need user and password of a server administrator.
    """
    before = server.organisation()
    numbers: dict[str, int] = {}
    for name in names:
        number = server.find_organisation(name)
        yield Change("none" if number is not None else "create", f"organisation {name}")
        if number is None and not dry_run:
            number = server.create_organisation(name)
        if number is not None:
            numbers[name] = number
    try:
        for name, number in numbers.items():
            server.work_in(number)
            for change in push(server, names[name], dry_run=dry_run):
                yield Change(change.action, f"{name}: {change.what}", change.diff)
    finally:
        server.work_in(before)


def _datasource(server: Server, wanted: Wanted, dry_run: bool) -> Change:
    body: Json = {
        "name": NAME,
        "uid": UID,
        "type": TYPE,
        "access": "proxy",
        "url": wanted.api_url,
        "jsonData": {
            "auth_method": "bearerToken",
            "allowedHosts": [wanted.api_url],
            "timeoutInSeconds": 60,
        },
    }
    what, found = f"data source {NAME}", server.datasource(NAME)
    if found is not None and (found.get("uid"), found.get("type")) != (UID, TYPE):
        raise GrafanaError(
            f"There is another data source called {NAME} (uid {found.get('uid')}, type {found.get('type')}): "
            "rename it in Grafana, then push again"
        )
    has_token = bool(found and (found.get("secureJsonFields") or {}).get("bearerToken"))
    if not wanted.api_token and not has_token:
        raise GrafanaError(
            "The data source needs a token of ours: make one with 'classroom-climate tokens create' and hand "
            "it in with --api-token-file"
        )
    if wanted.api_token:
        body["secureJsonData"] = {"bearerToken": wanted.api_token}
        body["jsonData"][_MARK] = hashlib.sha256(wanted.api_token.encode()).hexdigest()[:12]
    elif found is not None and _MARK in found.get("jsonData", {}):
        body["jsonData"][_MARK] = found["jsonData"][_MARK]
    seen = {key: value for key, value in body.items() if key != "secureJsonData"}
    if found is None:
        return _made(lambda: server.create_datasource(body), "create", what, _diff({}, seen), dry_run)
    if _holds(found, seen):
        return Change("none", what)
    return _made(
        lambda: server.update_datasource(body), "update", what, _diff(_same_keys(found, seen), seen), dry_run
    )


def _team(server: Server, name: str, dry_run: bool) -> tuple[Change, int | None]:
    number = server.team(name)
    if number is not None:
        return Change("none", f"team {name}"), number
    if not dry_run:
        number = server.create_team(name)
    return Change("create", f"team {name}"), number


def _folder(server: Server, uid: str, title: str, dry_run: bool) -> Change:
    found, what = server.folder(uid), f"folder {title}"
    if found is None:
        return _made(lambda: server.create_folder(uid, title), "create", what, (), dry_run)
    if found.get("title") == title:
        return Change("none", what)
    diff = _diff({"title": found.get("title")}, {"title": title})
    return _made(lambda: server.rename_folder(uid, title), "update", what, diff, dry_run)


def _permissions(
    server: Server, uid: str, title: str, teams: Mapping[str, int | None], dry_run: bool
) -> Change:
    """Teams view, or every viewer; administrators may always, and are not listed."""
    what, present = f"permissions of {title}", server.folder_permissions(uid)
    named = {number: name for name, number in teams.items()}

    def one(item: Json) -> str:
        who = (
            item.get("role")
            or f"team {item.get('team') or named.get(item.get('teamId'), item.get('teamId'))}"
        )
        return f"{who}: {item['permission']}"

    have = sorted(
        one(item)
        for item in present
        if (item.get("role") or item.get("teamId")) and item.get("role") != "Admin"
    )
    want = sorted(f"team {name}: {VIEW}" for name in teams) or [f"Viewer: {VIEW}"]
    if have == want:
        return Change("none", what)
    items: list[Json] = [{"teamId": number, "permission": VIEW} for number in teams.values()]
    items = items or [{"role": "Viewer", "permission": VIEW}]
    diff = _diff(have, want)
    return _made(lambda: server.set_folder_permissions(uid, items), "update", what, diff, dry_run)


def _dashboard(
    server: Server, folder: str, name: str, content: Json, overwrite: bool, dry_run: bool
) -> Change:
    what, found = f"dashboard {name}", server.dashboard(content["uid"])
    body: Json = {"dashboard": {**content, "id": None}, "folderUid": folder, "message": "classroom-climate"}
    if found is None:
        return _made(
            lambda: server.save_dashboard({**body, "overwrite": overwrite}, content["title"]),
            "create",
            what,
            (),
            dry_run,
        )
    present, meta = found["dashboard"], found.get("meta", {})
    if TAG not in (present.get("tags") or ()) and not overwrite:
        raise GrafanaError(
            f"There is a dashboard with the uid {content['uid']} that is not ours ({present.get('title')}): "
            "--overwrite replaces it"
        )
    if _holds(present, content) and meta.get("folderUid", folder) == folder:
        return Change("none", what)
    # Its version goes along: if somebody saves it between our look and our push, Grafana refuses.
    body["dashboard"] = {**content, "id": present.get("id"), "version": present.get("version")}
    was = {key: value for key, value in present.items() if key not in _SERVER_KEYS}
    return _made(
        lambda: server.save_dashboard({**body, "overwrite": overwrite}, content["title"]),
        "update",
        what,
        _diff(was, content),
        dry_run,
    )


def _made(do: Callable[[], None], action: Action, what: str, diff: tuple[str, ...], dry_run: bool) -> Change:
    if not dry_run:
        do()
    return Change(action, what, diff)


def _holds(present: object, wanted: object) -> bool:
    """Whether all that is wanted stands in what is present; keys that Grafana has added do not matter."""
    if isinstance(wanted, dict):
        return isinstance(present, dict) and all(
            key in present and _holds(present[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(present, list) and len(present) == len(wanted) and all(map(_holds, present, wanted))
    return present == wanted


def _same_keys(present: Json, wanted: Json) -> Json:
    return {key: present.get(key) for key in wanted}


def _diff(before: object, after: object) -> tuple[str, ...]:
    """The lines that differ, without context."""
    old, new = (
        json.dumps(one, indent=1, ensure_ascii=False, sort_keys=True).splitlines() for one in (before, after)
    )
    lines = difflib.unified_diff(old, new, lineterm="", n=0)
    return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))
