"""What the ``dead-letters`` commands share: their options, the file, and the way to the running service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from classroom.site import Site
from cli.site import at_site, console, control_key, letters_file, service_url
from ingest.letter import REASONS
from ingest.letters import Letters, LettersError


def _known(reason: str | None) -> str | None:
    if reason is not None and reason not in REASONS:
        raise typer.BadParameter(f"there is no reason {reason!r}; they are {', '.join(REASONS)}")
    return reason


ReasonOption = Annotated[
    str | None, typer.Option(callback=_known, help="Only of this reason, as `list` shows it.")
]
FamilyOption = Annotated[str | None, typer.Option(help="Only those this decoder recognised.")]
TopicOption = Annotated[
    str | None, typer.Option(help="Only of topics that fit: + is one level, # all the rest.")
]
IdOption = Annotated[list[int] | None, typer.Option("--id", min=1, help="Only this number; may be repeated.")]


_LONGEST_S = 900  # a purge of a million letters on a busy disk


class NothingRunsError(Exception):
    """No service of this site answers; the message says what was tried."""


class RefusedError(Exception):
    """The running service did not do what it was asked; the message says why."""


def open_letters_or_exit(site: Site, folder: Path) -> Letters | None:
    """The letters of the site in ``folder``; None where there is no file yet.

    Leaves with code 1 if the file cannot be used.
    """
    path = letters_file(folder, site.settings.ingest.name)
    if not path.exists():
        return None
    try:
        return Letters(path)
    except LettersError as error:
        console.print(str(error), markup=False)
        raise typer.Exit(1) from error


def tell_unknown(letters: Letters | None, ids: Sequence[int] | None, folder: Path) -> None:
    """Say which numbers no kept letter has; leaves with code 1 where that is all of them."""
    absent = [number for number in ids or () if letters is None or letters.get(number) is None]
    for number in absent:
        console.print(
            f"There is no dead letter {number}; "
            f"classroom-climate dead-letters list{at_site(folder)} shows those kept",
            soft_wrap=True,
        )
    if absent and len(absent) == len(ids or ()):
        raise typer.Exit(1)


def ask_service(site: Site, folder: Path, action: str, asked: Mapping[str, object]) -> dict[str, Any]:
    """What the running service of the site answers to ``POST /api/v1/dead-letters/<action>``.

    Raises:
        NothingRunsError: none runs, or another site's answers at this address.
        RefusedError: it would not or could not.
    """
    base = service_url(site, folder)
    try:
        key = control_key(folder, site.settings.ingest.name).read_text(encoding="ascii")
    except FileNotFoundError as error:
        raise NothingRunsError(f"no service runs on {folder}") from error
    except OSError as error:
        raise RefusedError(f"{error}; do this as the user the service runs as") from error
    try:
        with httpx.Client(base_url=base, timeout=httpx.Timeout(5, read=_LONGEST_S)) as client:
            answer = client.post(
                f"/api/v1/dead-letters/{action}", json=asked, headers={"Authorization": f"Bearer {key}"}
            )
        found: dict[str, Any] = answer.json()
    except httpx.ConnectError as error:
        raise NothingRunsError(f"nothing answers at {base}") from error
    except (httpx.HTTPError, ValueError) as error:
        raise RefusedError(f"{base} gave no answer: {error or type(error).__name__}") from error
    if answer.status_code != httpx.codes.OK:
        raise RefusedError(str(found.get("detail", answer.status_code)))
    return found
