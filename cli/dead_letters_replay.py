"""``classroom-climate dead-letters replay``: another try, once the cause is mended."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

from classroom.site import Site
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
from cli.progress import progress_bar
from cli.site import SiteDir, at_site, console, load_site_or_exit
from ingest.letter import Which, in_words


def replay(
    site_dir: SiteDir = Path(),
    reason: ReasonOption = None,
    family: FamilyOption = None,
    topic: TopicOption = None,
    ids: IdOption = None,
    every: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
) -> None:
    """Read dead letters again, by the decoders and mappings of now.

    What can be read is stored at the time at which it was received and leaves the dead letters; what fails
    again stays, with its new reason. Asks the running service, which may be stopped or killed meanwhile:
    nothing is lost or stored twice. Leaves with code 1 where the replay was not finished.

    Example: `classroom-climate dead-letters replay --site helsingborg --reason no_decoder`
    """
    if not (every or reason or family or topic or ids):
        raise typer.BadParameter("say which: --reason, --family, --topic, --id, or --all")
    site = load_site_or_exit(site_dir)
    letters = open_letters_or_exit(site, site_dir)
    tell_unknown(letters, ids, site_dir)
    total = letters.count(Which(reason, family, topic, tuple(ids) if ids else None)) if letters else 0
    output = Console(highlight=False, soft_wrap=True)
    if not total:
        output.print("No such dead letters: nothing to replay.")
        return
    asked: dict[str, object] = {"reason": reason, "family": family, "topic": topic, "ids": ids or None}
    result: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    try:
        _replay(site, site_dir, asked, total, result, failed)
    except NothingRunsError as error:
        console.print(
            f"Not replayed: {error}. The service owns spool and store: start it with\n"
            f"  classroom-climate run{at_site(site_dir)}\nand replay again. Nothing was changed.",
            markup=False,
            soft_wrap=True,
        )
        raise typer.Exit(1) from error
    except RefusedError as error:
        console.print(f"Not replayed to the end: {error}", markup=False)
        raise typer.Exit(1) from error
    finally:
        for line in _said(result, failed):
            output.print(line, markup=False)
    if result["waiting"]:
        raise typer.Exit(1)


def _replay(
    site: Site,
    folder: Path,
    asked: dict[str, object],
    total: int,
    result: Counter[str],
    failed: Counter[str],
) -> None:
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with progress_bar(*columns) as progress:
        task = progress.add_task("replaying", total=total)
        after_id: int | None = 0
        through_id = None
        while after_id is not None:
            page = ask_service(
                site, folder, "replay", {**asked, "after_id": after_id, "through_id": through_id}
            )
            for name in ("placed", "cut", "waiting"):
                result[name] += page[name]
            failed.update(page["failed"])
            after_id, through_id = page["next_id"], page["through_id"]
            progress.update(task, completed=result.total() + failed.total())


def _said(result: Counter[str], failed: Counter[str]) -> list[str]:
    lines = []
    if result["placed"]:
        lines.append(f"{result['placed']} read and stored at their time; they are no dead letters any more.")
    if failed:
        lines.append(f"{failed.total()} failed again and stay: {in_words(dict(failed.most_common()))}.")
    if result["cut"]:
        lines.append(
            f"{result['cut']} are kept in part only (longer than ingest.payload_limit_bytes when they came) "
            "and cannot be replayed."
        )
    if result["waiting"]:
        lines.append(
            f"{result['waiting']} are handed in and wait for the store; `doctor` says what it lacks."
        )
    return lines
