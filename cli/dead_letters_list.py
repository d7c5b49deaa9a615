"""``classroom-climate dead-letters list`` and ``show``: read from the file, with or without a service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.letters_meant import FamilyOption, ReasonOption, TopicOption, open_letters_or_exit
from cli.site import SiteDir, at_site, console, load_site_or_exit
from ingest.letter import VALUE_REFUSED, Group, Letter, Which

_TIME = "%Y-%m-%d %H:%M:%SZ"
_HEX_ROW = 16


class By(StrEnum):
    """What letters are counted by."""

    REASON = "reason"
    FAMILY = "family"
    TOPIC = "topic"
    DEVICE = "device"


def list_(
    site_dir: SiteDir = Path(),
    by: Annotated[By, typer.Option(help="What to count them by.")] = By.REASON,
    reason: ReasonOption = None,
    family: FamilyOption = None,
    topic: TopicOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Letters, and groups, to show.")] = 20,
    before: Annotated[int | None, typer.Option(min=1, help="Show letters older than this number.")] = None,
) -> None:
    """Count the dead letters by reason (or family, topic, device) and show the newest ones.

    `value_refused` counts messages that were stored without some of their values.

    Example: `classroom-climate dead-letters list --site helsingborg --by topic --reason no_decoder`
    """
    letters = open_letters_or_exit(load_site_or_exit(site_dir), site_dir)
    groups = letters.groups(by.value, Which(reason, family, topic)) if letters else []
    output = Console(highlight=False, soft_wrap=True)
    if letters is None or not groups:
        output.print("No dead letters." if not (reason or family or topic) else "No such dead letters.")
        return
    output.print(_counts(by.value, groups[:limit]))
    if len(groups) > limit:
        output.print(f"… and {len(groups) - limit} more; --limit shows more of them")
    found = letters.list(reason, before, limit + 1, family, topic)
    output.print(_newest(found[:limit]))
    where = at_site(site_dir)
    if len(found) > limit:
        output.print(f"Older ones: add --before {found[limit - 1].id}", markup=False)
    output.print(
        f"One whole: classroom-climate dead-letters show ID{where}\n"
        f"Once its cause is mended: classroom-climate dead-letters replay{where} --reason REASON",
        markup=False,
    )


def show(
    number: Annotated[int, typer.Argument(metavar="ID", min=1, help="Number of the letter.")],
    site_dir: SiteDir = Path(),
) -> None:
    """Show one dead letter whole: topic, time, reason, tries and payload, as text or in hexadecimal.

    Example: `classroom-climate dead-letters show 17 --site helsingborg`
    """
    letters = open_letters_or_exit(load_site_or_exit(site_dir), site_dir)
    letter = letters.get(number) if letters else None
    if letter is None:
        console.print(
            f"There is no dead letter {number}; "
            f"classroom-climate dead-letters list{at_site(site_dir)} shows those kept",
            soft_wrap=True,
        )
        raise typer.Exit(1)
    output = Console(highlight=False, soft_wrap=True)
    for line in _whole(letter):
        output.print(line, markup=False)


def _counts(by: str, groups: Sequence[Group]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in (by, "letters", "first received", "last received"):
        table.add_column(name, justify="right" if name == "letters" else "left")
    for group in groups:
        first, last = (f"{time:{_TIME}}" for time in (group.first, group.last))
        table.add_row(Text(_plain(group.key or "–")), f"{group.letters:,}", first, last)
    return table


def _newest(letters: Sequence[Letter]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("ID", "received", "reason", "family", "tries", "topic", "detail"):
        table.add_column(name, no_wrap=name in ("ID", "received", "reason"), overflow="fold")
    for letter in letters:
        message = letter.message
        table.add_row(
            str(letter.id),
            f"{message.received:{_TIME}}",
            letter.reason,
            letter.family or "–",
            str(letter.tries),
            Text(_plain(message.topic)),
            Text(_plain(letter.detail)),
        )
    return table


def _whole(letter: Letter) -> Iterator[str]:
    message = letter.message
    yield f"ID        {letter.id}"
    yield f"received  {message.received:{_TIME}}{', retained by the broker' if message.retain else ''}"
    yield f"topic     {_plain(message.topic)}"
    yield f"reason    {letter.reason}" + (f": {_plain(letter.detail)}" if letter.detail else "")
    if letter.reason == VALUE_REFUSED:
        yield "          (its other values are stored)"
    yield f"device    {_plain(letter.device or '–')}"
    yield f"family    {letter.family or '–'}"
    yield f"tries     {letter.tries}"
    if letter.whole:
        yield f"payload   {letter.size} bytes"
    else:
        kept = len(message.payload)
        yield f"payload   {letter.size} bytes, of which the first {kept} are kept: it cannot be replayed"
    yield ""
    yield from _payload(message.payload)


def _payload(payload: bytes) -> Iterator[str]:
    """Text where it is some, else rows of hexadecimal with what is printable beside."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        text = "\0"
    if all(character.isprintable() or character in "\r\n\t" for character in text):
        yield text.replace("\r", "")
        return
    for start in range(0, len(payload), _HEX_ROW):
        row = payload[start : start + _HEX_ROW]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"{start:06x}  {row.hex(' '):<{3 * _HEX_ROW}} {shown}"


def _plain(text: str) -> str:
    """Text of a stranger without what a terminal would obey."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
