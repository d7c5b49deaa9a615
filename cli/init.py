"""``classroom-climate init``: write a commented site description to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from classroom.sitefiles import SETTINGS_FILE, TABLES
from cli.site import console


def templates() -> dict[str, str]:
    """The files of a small example site by name."""
    folder = resources.files("cli") / "templates"
    return {name: (folder / name).read_text(encoding="utf-8") for name in (SETTINGS_FILE, *TABLES)}


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to write; it is made if it is not there.")],
) -> None:
    """Write a commented classroom.toml and CSV tables with one example school into FOLDER.

    Nothing that exists is overwritten.

    Example: `classroom-climate init helsingborg && classroom-climate run --site helsingborg`
    """
    existing = sorted(name for name in templates() if (folder / name).exists())
    if existing:
        console.print(
            f"{folder} already holds {', '.join(existing)}. Nothing was written; name an empty folder."
        )
        raise typer.Exit(2)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in templates().items():
        (folder / name).write_text(text, encoding="utf-8")
    Console().print(
        f"Wrote {len(templates())} files to {folder}.\n"
        f"Next: edit {folder / SETTINGS_FILE} and the tables (Excel can), "
        f"then check them with: classroom-climate doctor --site {folder}"
    )
