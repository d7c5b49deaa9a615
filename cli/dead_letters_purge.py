"""``classroom-climate dead-letters purge``: delete what nobody will mend."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from classroom.words import counted
from cli.clock import utc_now
from cli.letters_meant import (
    FamilyOption,
    IdOption,
    NothingRunsError,
    ReasonOption,
    RefusedError,
    TopicOption,
    ask_service,
    open_letters_or_exit,
    tell_unknown,
)
from cli.site import SiteDir, console, load_site_or_exit
from ingest.letter import Which, in_words

_AGE = re.compile(r"(\d{1,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


def purge(
    site_dir: SiteDir = Path(),
    reason: ReasonOption = None,
    family: FamilyOption = None,
    topic: TopicOption = None,
    ids: IdOption = None,
    older_than: Annotated[
        str | None, typer.Option(help="Only those received longer ago: 12h, 30d or 8w.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete dead letters for good. Says how many of what, and asks first.

    Example: `classroom-climate dead-letters purge --site helsingborg --reason no_reading --older-than 30d`
    """
    if not (every or reason or family or topic or ids or older_than):
        raise typer.BadParameter("say which: --reason, --family, --topic, --id, --older-than, or --all")
    received_before = _before(older_than)
    site = load_site_or_exit(site_dir)
    letters = open_letters_or_exit(site, site_dir)
    tell_unknown(letters, ids, site_dir)
    which = Which(reason, family, topic, tuple(ids) if ids else None, received_before)
    counts = {group.key or "": group.letters for group in letters.groups("reason", which)} if letters else {}
    output = Console(highlight=False, soft_wrap=True)
    if letters is None or not counts:
        output.print("No such dead letters: nothing to delete.")
        return
    output.print(f"{counted(sum(counts.values()), 'dead letter')}: {in_words(counts)}.", markup=False)
    if not yes and not typer.confirm("Delete them for good?"):
        output.print("Nothing was deleted.")
        raise typer.Exit(1)
    asked = {
        "reason": reason,
        "family": family,
        "topic": topic,
        "ids": ids or None,
        "received_before": received_before.isoformat() if received_before else None,
    }
    try:
        with console.status("deleting, and giving the disk its room back …"):
            try:
                purged = ask_service(site, site_dir, "purge", asked)["purged"]
            except NothingRunsError:  # then the file is nobody's
                purged = letters.purge(ids or None, reason, family, topic, received_before)
    except (RefusedError, sqlite3.Error) as error:
        console.print(f"Not deleted, or not all: {error}", markup=False)
        raise typer.Exit(1) from error
    output.print(f"Deleted {purged}.")


def _before(age: str | None) -> datetime | None:
    if age is None:
        return None
    found = _AGE.fullmatch(age.strip().lower())
    if found is None:
        raise typer.BadParameter(f"{age!r}: write hours, days or weeks, like 12h, 30d or 8w")
    return utc_now() - timedelta(hours=int(found[1]) * _HOURS[found[2]])
