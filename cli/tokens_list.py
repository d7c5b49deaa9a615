"""``classroom-climate tokens list``: what lets whom in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from cli.clock import utc_now
from cli.site import SiteDir, at_site, load_site_or_exit
from cli.tokens_file import tokens_or_exit


def list_tokens(
    every: Annotated[bool, typer.Option("--all", help="Those that no longer stand too.")] = False,
    site_dir: SiteDir = Path(),
) -> None:
    """Show tokens and screen links: for what, since when, until when. Their texts are not kept.

    Example: `classroom-climate tokens list --all`
    """
    load_site_or_exit(site_dir)
    now = utc_now()
    names = ("id", "is", "may", "where", "made", "ends", "state", "note")
    columns = [Column(name, overflow="fold") for name in names]  # a key that is cut cannot be used
    table = Table(*columns, box=None, pad_edge=False)
    with tokens_or_exit(site_dir) as tokens:
        found = [token for token in tokens.list() if every or token.state(now) == "valid"]
    for token in found:
        place = "/".join(token.place) if token.place else " ".join(token.grant.schools)
        table.add_row(
            token.id,
            "token" if token.room is None else "screen",
            token.grant.role if token.room is None else "one room",
            place,
            f"{token.created:%Y-%m-%d}",
            "never" if token.expires is None else f"{token.expires:%Y-%m-%d}",
            token.state(now),
            escape(token.note),
        )
    out = Console(highlight=False, soft_wrap=True)
    if found:
        out.print(table)
    else:
        out.print(
            "No tokens or screen links stand. Make one with: classroom-climate tokens create"
            + at_site(site_dir)
        )
