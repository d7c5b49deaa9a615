"""``classroom-climate tokens create``: a token for a program."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from classroom.access import ALL_SCHOOLS, Grant, Role
from classroom.site import Site
from cli.clock import utc_now
from cli.site import SiteDir, console, load_site_or_exit
from cli.tokens_file import audit, tokens_or_exit

_DAYS = re.compile(r"(\d{1,4})([dwy])")
_LENGTHS = {"d": 1, "w": 7, "y": 365}

ExpiresOption = Annotated[
    str, typer.Option(help="How long it stands: 30d, 12w, 1y; 'never' has to be asked for.")
]


def create(
    school: Annotated[
        list[str] | None, typer.Option(help="Key of a school it may see; may be repeated.")
    ] = None,
    all_schools: Annotated[
        bool, typer.Option("--all-schools", help="Every school, and what belongs to none.")
    ] = False,
    role: Annotated[
        Role, typer.Option(help="read; staff: hand in readings, write experiments; admin: replay, delete.")
    ] = Role.READ,
    note: Annotated[str, typer.Option(help="What it is for and who has it; the list shows it.")] = "",
    expires: ExpiresOption = "1y",
    site_dir: SiteDir = Path(),
) -> None:
    """Make a token and print it, once: only its hash is kept. It works at once, in a running service too.

    Example: `classroom-climate tokens create --school tagaborg --role staff --note "BMS export, Anna"`
    """
    site = load_site_or_exit(site_dir)
    grant = Grant(role=role, schools=(ALL_SCHOOLS,) if all_schools else known_schools(site, school or []))
    if all_schools and school:
        raise typer.BadParameter("give --school or --all-schools, not both")
    now = utc_now()
    until = end_of(expires, now)
    with tokens_or_exit(site_dir) as tokens:
        key, text = tokens.create(grant, note, now, until)
    audit(site_dir, f"made token {key}: {grant.role} at {' '.join(grant.schools)}")
    what = f"Token {key}: {grant.role} at {' '.join(grant.schools)}, {lasting(until)}."
    console.print(f"{what} The only time it is shown:", markup=False)
    Console(highlight=False, soft_wrap=True).print(text, markup=False)
    console.print("Send it as the header  Authorization: Bearer TOKEN", markup=False)


def known_schools(site: Site, keys: list[str]) -> tuple[str, ...]:
    """The schools by key, checked."""
    unknown = [key for key in keys if key not in site.school_by_key]
    known = ", ".join(sorted(site.school_by_key)) or "none yet"
    if unknown:
        raise typer.BadParameter(f"no school {', '.join(unknown)}; the site has: {known}")
    if not keys:
        raise typer.BadParameter(f"say which: --school KEY ({known}) or --all-schools")
    return tuple(dict.fromkeys(keys))


def end_of(expires: str, now: datetime) -> datetime | None:
    """When something that ``expires`` like this ends; None is never."""
    if expires.strip().lower() == "never":
        return None
    found = _DAYS.fullmatch(expires.strip().lower())
    if found is None or int(found[1]) == 0:
        raise typer.BadParameter(f"--expires {expires}: write 30d, 12w, 1y or never")
    return now + timedelta(days=int(found[1]) * _LENGTHS[found[2]])


def lasting(until: datetime | None) -> str:
    """How long something stands, for people."""
    return "until it is revoked" if until is None else f"until {until:%Y-%m-%d}"
