"""``classroom-climate devices``: what devices say and how it is understood."""

from __future__ import annotations

import typer

from cli.devices_try import try_

app = typer.Typer(help="Try what a device's message would become.", no_args_is_help=True)
app.command("try")(try_)


@app.callback()
def _group() -> None:
    """Keeps ``try`` a command of its own while it is the only one."""
