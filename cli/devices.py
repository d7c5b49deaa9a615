"""``classroom-climate devices``: what devices say, how it is understood, and where they hang."""

from __future__ import annotations

import typer

from cli.devices_assign import assign
from cli.devices_codec import codec
from cli.devices_try import try_

app = typer.Typer(help="Place devices, and try what their messages would become.", no_args_is_help=True)
app.command("assign")(assign)
app.command("try")(try_)
app.add_typer(codec, name="codec")
