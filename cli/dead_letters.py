"""``classroom-climate dead-letters``: what could not be read, why, and another try."""

from __future__ import annotations

import typer

from cli.dead_letters_list import list_, show
from cli.dead_letters_purge import purge
from cli.dead_letters_replay import replay

app = typer.Typer(help="What could not be read: see it, replay it, delete it.", no_args_is_help=True)
app.command("list")(list_)
app.command("show")(show)
app.command("replay")(replay)
app.command("purge")(purge)
