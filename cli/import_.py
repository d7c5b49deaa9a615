"""``classroom-climate import``: the history a city already has."""

from __future__ import annotations

import typer

from cli.import_values import mappings, values

app = typer.Typer(
    help="Bring the history a city already has: meter values, bills, weather.", no_args_is_help=True
)
app.command("values")(values)
app.command("mappings")(mappings)
