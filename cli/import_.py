"""``classroom-climate import``: the history and the tables a city already has."""

from __future__ import annotations

import typer

from cli.import_calendar import calendar
from cli.import_places import places
from cli.import_timetable import timetable
from cli.import_values import mappings, values

app = typer.Typer(
    help="Bring what a city already has: meter values, bills, weather; calendars, timetables, places.",
    no_args_is_help=True,
)
app.command("values")(values)
app.command("mappings")(mappings)
app.command("calendar")(calendar)
app.command("timetable")(timetable)
app.command("places")(places)
