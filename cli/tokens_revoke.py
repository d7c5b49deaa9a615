"""``classroom-climate tokens revoke``: let a token or a screen's link in no more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.clock import utc_now
from cli.site import SiteDir, console, load_site_or_exit
from cli.tokens_file import audit, tokens_or_exit


def revoke(
    ids: Annotated[list[str], typer.Argument(help="Ids, as `tokens list` shows them.")],
    site_dir: SiteDir = Path(),
) -> None:
    """End tokens and screen links for good. A running service refuses them at once, open streams in 15 s.

    Example: `classroom-climate tokens revoke k7m2p9x4qa`
    """
    load_site_or_exit(site_dir)
    missed = []
    with tokens_or_exit(site_dir) as tokens:
        for key in ids:
            if tokens.revoke(key, utc_now()):
                audit(site_dir, f"revoked {key}")
                console.print(f"Revoked {key}.", markup=False)
            else:
                missed.append(key)
    if missed:
        console.print(
            f"Nothing that stands has the id {', '.join(missed)}; see: tokens list --all", markup=False
        )
        raise typer.Exit(1)
