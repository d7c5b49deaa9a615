"""Reading a site's folder: ``classroom.toml`` and its CSV tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from classroom.faults import ConfigurationError, Fault
from classroom.site import Site
from classroom.sitefiles import SETTINGS_FILE, TABLES, parse_site

console = Console(stderr=True, highlight=False)
"""Where commands talk to people; standard output is kept for results."""

SiteDir = Annotated[
    Path,
    typer.Option(
        "--site", "-s", envvar="CLASSROOM_SITE", help="Folder with classroom.toml and the CSV tables."
    ),
]


def data_folder(folder: Path) -> Path:
    """Where a site keeps its spool, store and dead letters."""
    return folder / "data"


def database(folder: Path) -> Path:
    """The embedded store of a site."""
    return data_folder(folder) / "classroom.duckdb"


def read_texts(folder: Path) -> dict[str, str]:
    """Texts of a site's files by name; files that are not there are left out.

    Raises:
        ConfigurationError: a file is not UTF-8 or cannot be read.
    """
    texts, faults = {}, []
    for name in (SETTINGS_FILE, *TABLES):
        try:
            texts[name] = (folder / name).read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            continue
        except UnicodeDecodeError as error:
            cure = "save the file as UTF-8 (in Excel: CSV UTF-8)"
            faults.append(Fault(str(folder / name), "(encoding)", f"byte {error.start}", cure))
        except OSError as error:
            faults.append(Fault(str(folder / name), "(file)", str(error.strerror), "make the file readable"))
    if faults:
        raise ConfigurationError(faults)
    return texts


def load_site(folder: Path) -> Site:
    """The checked site of ``folder``.

    Raises:
        ConfigurationError: with every fault of every file.
    """
    return parse_site(read_texts(folder))


def load_site_or_exit(folder: Path) -> Site:
    """As :func:`load_site`, but tells people every fault and leaves with code 2."""
    try:
        return load_site(folder)
    except ConfigurationError as error:
        count = len(error.faults)
        console.print(f"[bold red]The site in {folder} has {count} fault{'s' if count > 1 else ''}:[/]")
        print_faults(error)
        raise typer.Exit(2) from error


def print_faults(error: ConfigurationError) -> None:
    """Tell people every fault and its cure."""
    for fault in error.faults:
        where, said = escape(f"{fault.file}: "), escape(f" = {fault.value}\n    → {fault.cure}")
        console.print(f"  {where}[bold]{escape(fault.key)}[/]{said}")
