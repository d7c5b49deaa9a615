"""``classroom-climate export``: a site's tables for a spreadsheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from classroom.places import Row
from classroom.sitefiles import SETTINGS_FILE, TABLES
from classroom.tabletext import read_lines
from classroom.words import counted
from cli.site import SiteDir, at_site, console, load_site_or_exit, read_texts

Target = Annotated[Path, typer.Argument(help="FILE.xlsx, or a folder for CSV files.")]


def export(
    target: Target,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    site_dir: SiteDir = Path(),
) -> None:
    """Write the site's tables for a spreadsheet: one sheet a table, with help; `import places` takes it back.

    A workbook keeps keys as text and dates as dates; CSV files are for programs and for Excel in Swedish.

    Example: `classroom-climate export places.xlsx --site helsingborg`
    """
    from ingest.tables.place_export import csv_text, workbook  # only this needs xlsxwriter

    site = load_site_or_exit(site_dir)
    texts = read_texts(site_dir)
    tables: dict[str, tuple[type[Row], list[Row]]] = {
        file: (model, read_lines(texts.get(file, ""), model, site.zone).rows)
        for file, model in TABLES.items()
    }
    if target.suffix.lower() == ".xlsx":
        with console.status("writing"):
            contents = {target: workbook(tables, site.zone)}
    elif target.suffix:
        console.print(f"{target}: write FILE.xlsx for a workbook, or the name of a folder for CSV files.")
        raise typer.Exit(2)
    elif (target / SETTINGS_FILE).exists():
        console.print(f"{target} holds a site, whose own tables would be overwritten; name another folder.")
        raise typer.Exit(2)
    else:
        contents = {
            target / file: csv_text(model, rows, site.zone).encode() for file, (model, rows) in tables.items()
        }
    standing = [str(path) for path in contents if path.exists()]
    if standing and not force:
        console.print(f"{', '.join(standing)} is there already; nothing was written. --force overwrites.")
        raise typer.Exit(2)
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.new")
            draft.write_bytes(content)
            draft.replace(path)
    except OSError as error:
        console.print(f"Not written: {error.strerror}: {error.filename}")
        raise typer.Exit(1) from error
    rows = sum(len(found) for _, found in tables.values())
    Console(highlight=False).print(
        f"Wrote {counted(rows, 'row')} of {counted(len(tables), 'table')} to {target}.\n"
        "Next: edit it, then see what would change with: "
        f"classroom-climate import places {target} --check{at_site(site_dir)}",
        soft_wrap=True,
    )
