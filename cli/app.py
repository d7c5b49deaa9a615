"""The commands of ``classroom-climate``."""

from __future__ import annotations

import typer

from cli.analyze import analyze
from cli.api import api
from cli.dashboards import app as dashboards
from cli.dead_letters import app as dead_letters
from cli.demo import demo
from cli.devices import app as devices
from cli.doctor import doctor
from cli.export import export
from cli.health import health
from cli.import_ import app as import_
from cli.ingest import ingest
from cli.init import init
from cli.replay import replay
from cli.report import app as report
from cli.run import run
from cli.simulate import simulate
from cli.store import app as store
from cli.tokens import app as tokens

app = typer.Typer(
    name="classroom-climate",
    help="From the sensor on a classroom wall to a climate report an auditor can follow back to the reading.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

for command in (demo, init, run, ingest, analyze, api, simulate, replay, doctor, health, export):
    app.command()(command)
app.add_typer(import_, name="import")
app.add_typer(devices, name="devices")
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(store, name="store")
app.add_typer(report, name="report")
app.add_typer(tokens, name="tokens")
app.add_typer(dashboards, name="dashboards")
