"""``classroom-climate tokens``: who may read and change what over HTTP."""

from __future__ import annotations

import typer

from cli.tokens_create import create
from cli.tokens_list import list_tokens
from cli.tokens_revoke import revoke
from cli.tokens_screen import screen

app = typer.Typer(help="Tokens of programs and links of classroom screens.", no_args_is_help=True)
app.command()(create)
app.command()(screen)
app.command(name="list")(list_tokens)
app.command()(revoke)
