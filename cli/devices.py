"""``classroom-climate devices``: what hangs on the wall and how its messages are read."""

from __future__ import annotations

import typer

from cli.devices_codec import codec

devices = typer.Typer(
    help="Devices: try how a message is read, add a maker's codec.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
devices.add_typer(codec, name="codec")
