"""``classroom-climate tokens screen``: a link for the screen on a classroom's wall."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.clock import utc_now
from cli.site import SiteDir, console, load_site_or_exit
from cli.tokens_create import ExpiresOption, end_of, known_schools, lasting
from cli.tokens_file import audit, tokens_or_exit


def screen(
    school: Annotated[str, typer.Argument(help="Key of the school.")],
    room: Annotated[str, typer.Argument(help="Key of the room.")],
    note: Annotated[str, typer.Option(help="Where the screen hangs; the list shows it.")] = "",
    expires: ExpiresOption = "never",
    site_dir: SiteDir = Path(),
) -> None:
    """Make a link that shows one room to whoever has it, without sign-in, and print it, once.

    Example: `classroom-climate tokens screen tagaborg a101 --note "screen by the door"`
    """
    site = load_site_or_exit(site_dir)
    known_schools(site, [school])
    if (school, room) not in site.room_by_key:
        known = ", ".join(row.key for row in site.rooms_of(school)) or "none yet"
        raise typer.BadParameter(f"no room {room}; {school} has: {known}")
    now = utc_now()
    until = end_of(expires, now)
    with tokens_or_exit(site_dir) as tokens:
        key, link = tokens.create_screen(school, room, note, now, until)
    audit(site_dir, f"made screen link {key}: {school}/{room}")
    api, url = site.settings.api, site.settings.access.url
    console.print(
        f"Screen {key} of {school}/{room}, {lasting(until)}. The only time it is shown:", markup=False
    )
    base = url or f"http://{api.host}:{api.port}"
    Console(highlight=False, soft_wrap=True).print(f"{base}/skarm/{link}", markup=False)
