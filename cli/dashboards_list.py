"""``classroom-climate dashboards list`` and ``build``: what there is, and as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.site import console
from dashboards.words import Lang

# What builds dashboards is imported when it is needed: Grafana's SDK takes longer than every other command.


def list_dashboards(
    lang: Annotated[Lang, typer.Option(help="Language of the titles.")] = "en",
) -> None:
    """List the dashboards.

    Example: `classroom-climate dashboards list --lang sv`
    """
    from dashboards.board import board_uid
    from dashboards.library import boards

    table = Table("dashboard", "uid", "shows", box=None)
    for board in boards(lang):
        table.add_row(board.title, board_uid(board.key, lang), board.description)
    console.print(table)


def build(
    folder: Annotated[Path, typer.Argument(help="Folder to write to; made if it is not there.")],
) -> None:
    """Write the dashboards and Grafana's provisioning files, for a Grafana that is set up from files.

    Example: `classroom-climate dashboards build grafana`
    """
    from dashboards.library import dashboard_files
    from dashboards.provisioning import PLUGINS, provisioning_files

    files = {f"json/{path}": text for path, text in dashboard_files().items()}
    files |= {f"provisioning/{path}": text for path, text in provisioning_files().items()}
    for path, text in files.items():
        target = folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            console.print(f"{target} cannot be written: {error.strerror}", markup=False)
            raise typer.Exit(1) from error
    console.print(f"{len(files)} files in {folder}.", markup=False)
    console.print(
        f"Mount {folder}/provisioning as /etc/grafana/provisioning and {folder}/json as "
        f"/var/lib/grafana/dashboards, and start Grafana with GF_PLUGINS_PREINSTALL_SYNC={PLUGINS} "
        "(docs/dashboards.md).",
        markup=False,
    )
