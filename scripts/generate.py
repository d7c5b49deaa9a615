"""Write the parts of the documentation that the code knows best; ``--check`` only says which are stale.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->`` in its file.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args, get_origin

import typer.main

from classroom.quantity import QUANTITIES
from classroom.settings import Settings
from cli.app import app

ROOT = Path(__file__).resolve().parent.parent


def commands() -> str:
    """Table of the commands with the first sentence of each one's help."""
    group = typer.main.get_command(app)
    rows = [
        f"| `classroom-climate {name}` | {command.get_short_help_str(limit=200).rstrip('.')} |"
        for name, command in getattr(group, "commands", {}).items()
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


PARTS: tuple[tuple[str, str, Callable[[], str]], ...] = (
    ("README.md", "commands", commands),
    ("docs/settings.md", "settings", settings),
    ("docs/quantities.md", "quantities", quantities),
)
"""File, name of the part, and what writes it."""


def replaced(text: str, name: str, part: str) -> str:
    """``text`` with the part ``name`` written anew.

    Raises:
        ValueError: the file has no such part.
    """
    pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no part '<!-- generated: {name} -->' up to '<!-- end -->'")
    return pattern.sub(lambda match: f"{match[1]}{part}\n{match[2]}", text, count=1)


def main() -> int:
    """Write or check every part; 1 where a file is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a part is stale")
    check = parser.parse_args().check
    stale = 0
    for file, name, write in PARTS:
        path = ROOT / file
        text = path.read_text(encoding="utf-8")
        fresh = replaced(text, name, write())
        if fresh == text:
            continue
        if check:
            print(f"{file}: the part {name!r} is stale; run scripts/check --fix", file=sys.stderr)
            stale = 1
        else:
            path.write_text(fresh, encoding="utf-8")
            print(f"written: {file}, part {name}")
    return stale


if __name__ == "__main__":
    sys.exit(main())
