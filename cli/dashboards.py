"""``classroom-climate dashboards``: Grafana's dashboards, listed, written to files, pushed to a server."""

from __future__ import annotations

import typer

from cli.dashboards_list import build, list_dashboards
from cli.dashboards_push import push

app = typer.Typer(help="Dashboards and alert rules for Grafana.", no_args_is_help=True)
app.command(name="list")(list_dashboards)
app.command()(build)
app.command()(push)
