"""Write the parts of the documentation that the code knows best; ``--check`` only says which are stale.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->`` in its file.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin

import typer.main
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api.access.rules import routes, rule_of
from api.app import create_app
from api.context import Access, ApiContext, Control
from api.live import LiveHub
from classroom.quantity import QUANTITIES
from classroom.settings import Settings
from classroom.sitefiles import parse_site
from cli.app import app
from dashboards.layout import layout_files
from dashboards.library import dashboard_files
from dashboards.provisioning import provisioning_files

ROOT = Path(__file__).resolve().parent.parent


def commands() -> str:
    """Table of the commands with the first sentence of each one's help."""
    group = typer.main.get_group(app)
    context = typer.Context(group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    rows = [
        f"| `classroom-climate {name}` | {command.get_short_help_str(limit=200).rstrip('.')} |"
        for name, command in found.items()
        if command is not None
    ]
    return "\n".join(["| command | does |", "|---|---|", *rows])


def settings() -> str:
    """Table of every key of ``classroom.toml`` with its environment variable and default."""
    rows = []
    for section, outer in Settings.model_fields.items():
        for key, field in type(outer.default).model_fields.items():
            variable = f"CLASSROOM_{section}__{key}".upper()
            choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
            limits = " or ".join(map(str, choices)) or ", ".join(filter(None, map(_limit, field.metadata)))
            default = _shown(getattr(outer.default, key))
            rows.append(f"| `{section}.{key}` | `{variable}` | {default} | {limits} |")
    return "\n".join(["| key | environment | default | limits |", "|---|---|---|---|", *rows])


def _shown(default: object) -> str:
    return "not set" if default is None else f"`{json.dumps(default, ensure_ascii=False, default=str)}`"


def _limit(rule: object) -> str:
    for attribute, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
        if hasattr(rule, attribute):
            return f"{sign} {getattr(rule, attribute)}"
    return ""


def quantities() -> str:
    """Table of every quantity with unit, limits and kind."""
    rows = [
        f"| `{q.key}` | {q.label_en} | {q.unit} | {q.low:g} to {q.high:g} | {q.kind} | {q.domain} |"
        for q in QUANTITIES.values()
    ]
    return "\n".join(["| key | is | unit | limits | kind | domain |", "|---|---|---|---|---|---|", *rows])


def rules() -> str:
    """Table of every route with the rule of access it declares."""
    rows = sorted(
        f"| `{method} {route.path}` | {rule_of(route).name} |"
        for route in routes(_whole_app())
        for method in sorted((route.methods or set()) - {"HEAD"})
    )
    return "\n".join(["| route | rule |", "|---|---|", *rows])


def openapi() -> str:
    """The OpenAPI document; a change of it is a change of what other programs rely on."""
    return json.dumps(_whole_app().openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@cache
def _whole_app() -> FastAPI:
    """The application with every route. It is asked nothing, so what stands behind it is missing."""
    site = parse_site({"classroom.toml": SIGN_IN_SETTINGS})
    nothing: Any = None
    registry = CollectorRegistry()
    control = Control("", cast("Any", object()), cast("Any", object()), cast("Any", object()))
    return create_app(
        ApiContext(
            site=lambda: site,
            store=nothing,
            clock=lambda: datetime.now(UTC),
            live=LiveHub(lambda: site, registry),
            letters=nothing,
            sightings=nothing,
            health=list,
            registry=registry,
            control=control,
            access=Access(nothing),
        )
    )


SIGN_IN_SETTINGS = """
[access]
url = "https://klimat.example.se"
[access.oidc]
issuer = "https://login.example.se"
client_id = "klimat"
client_secret_file = "secret"
groups = [{ group = "all", schools = ["*"] }]
"""

PARTS: tuple[tuple[str, str, Callable[[], str]], ...] = (
    ("README.md", "commands", commands),
    ("docs/settings.md", "settings", settings),
    ("docs/quantities.md", "quantities", quantities),
    ("docs/access.md", "rules", rules),
)
"""File, name of the part, and what writes it."""


FILES: tuple[tuple[str, Callable[[], Mapping[str, str]]], ...] = (
    ("docs", lambda: {"openapi.json": openapi()}),
    ("dashboards/json", dashboard_files),
    ("dashboards/provisioning", provisioning_files),
    ("docs/pictures", layout_files),
)
"""Folders of files that are generated as a whole, and what gives their content by path."""


def replaced(text: str, name: str, part: str) -> str:
    """``text`` with the part ``name`` written anew.

    Raises:
        ValueError: the file has no such part.
    """
    pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no part '<!-- generated: {name} -->' up to '<!-- end -->'")
    return pattern.sub(lambda match: f"{match[1]}{part}\n{match[2]}", text, count=1)


def _parts() -> Iterator[tuple[str, str, str]]:
    """File, name of the part, and the file's text with the part written anew."""
    for file, name, write in PARTS:
        yield file, name, replaced((ROOT / file).read_text(encoding="utf-8"), name, write())


def _files() -> Iterator[tuple[str, str, str]]:
    """File, no name, and the file's whole text written anew."""
    for folder, write in FILES:
        for path, text in write().items():
            yield f"{folder}/{path}", "", text


def main() -> int:
    """Write or check every part; 1 where a file is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a part is stale")
    check = parser.parse_args().check
    stale = 0
    for file, name, fresh in [*_parts(), *_files()]:
        path = ROOT / file
        if path.exists() and fresh == path.read_text(encoding="utf-8"):
            continue
        what = f"the part {name!r}" if name else "the file"
        if check:
            print(f"{file}: {what} is stale; run scripts/check --fix", file=sys.stderr)
            stale = 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(fresh, encoding="utf-8")
            print(f"written: {file}, {what}")
    return stale


if __name__ == "__main__":
    sys.exit(main())
