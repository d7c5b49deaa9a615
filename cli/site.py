"""Reading a site's folder: ``classroom.toml``, its CSV tables and ``mappings.toml``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from classroom.faults import ConfigurationError, Fault
from classroom.site import Site
from classroom.sitefiles import SETTINGS_FILE, TABLES, parse_site
from cli.site_change import finish_change
from ingest.decoders.generic_mapping import MAPPINGS_FILE, CustomMapping, parse_mappings

console = Console(stderr=True, highlight=False)
"""Where commands talk to people; standard output is kept for results."""

SiteDir = Annotated[
    Path,
    typer.Option(
        "--site", "-s", envvar="CLASSROOM_SITE", help="Folder with classroom.toml and the CSV tables."
    ),
]


def at_site(folder: Path) -> str:
    """`` --site FOLDER`` for the commands that messages name; empty for the working folder."""
    return "" if folder == Path() else f" --site {quote(str(folder))}"


def data_folder(folder: Path) -> Path:
    """Where a site keeps its spool, store and dead letters."""
    return folder / "data"


def ingest_folder(folder: Path, name: str | None) -> Path:
    """Where an ingester keeps its spool and dead letters; each of several (``ingest.name``) its own."""
    return data_folder(folder) / (f"ingest-{name}" if name else "")


def control_key(folder: Path, name: str | None) -> Path:
    """Where a running service keeps the key of what changes something."""
    return ingest_folder(folder, name) / "control.key"


def control_headers(folder: Path, name: str | None) -> dict[str, str]:
    """The key of the site's running service as a header; none where nothing runs or it is not for us."""
    try:
        return {"Authorization": f"Bearer {control_key(folder, name).read_text(encoding='ascii')}"}
    except (OSError, UnicodeDecodeError):
        return {}


def control_address(folder: Path, name: str | None) -> Path:
    """Where a running service says at which address it does so."""
    return ingest_folder(folder, name) / "control.url"


def service_url(site: Site, folder: Path) -> str:
    """Where the site's service is asked: its own word, else what the settings say."""
    api = site.settings.api
    try:
        return control_address(folder, site.settings.ingest.name).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return f"http://{api.host}:{api.port}"


def access_file(folder: Path) -> Path:
    """The tokens, screens and sessions of a site."""
    return data_folder(folder) / "access.sqlite"


def audit_log(folder: Path) -> Path:
    """Who changed what, a line each."""
    return data_folder(folder) / "audit.log"


def letters_file(folder: Path, name: str | None) -> Path:
    """The dead letters of a site's ingester."""
    return ingest_folder(folder, name) / "letters.sqlite"


def database(folder: Path) -> Path:
    """The embedded store of a site."""
    return data_folder(folder) / "classroom.duckdb"


def read_texts(folder: Path) -> dict[str, str]:
    """Texts of a site's files by name; files that are not there are left out.

    Raises:
        ConfigurationError: a file is not UTF-8 or cannot be read.
    """
    texts, faults = {}, []
    try:
        finish_change(folder)
    except OSError as error:
        cure = "a change of tables was cut short; run this once as the user who owns the folder"
        faults.append(Fault(str(folder), "(change)", str(error.strerror), cure))
    for name in (SETTINGS_FILE, *TABLES, MAPPINGS_FILE):
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
    """The checked site of ``folder``; its ``mappings.toml`` is checked with it.

    Files of ``[mqtt]`` that are named relatively are looked for in ``folder``.

    Raises:
        ConfigurationError: with every fault of every file.
    """
    texts = read_texts(folder)
    faults: list[Fault] = []
    try:
        parse_mappings(texts.get(MAPPINGS_FILE, ""))
    except ConfigurationError as error:
        faults += error.faults
    try:
        site = parse_site(texts)
    except ConfigurationError as error:
        faults = [*error.faults, *faults]
    if faults:
        raise ConfigurationError(faults)
    mqtt = site.settings.mqtt.beside(folder)
    return replace(site, settings=site.settings.model_copy(update={"mqtt": mqtt}))


def load_mappings(folder: Path) -> tuple[CustomMapping, ...]:
    """The mappings of ``folder`` in the order in which they are tried; none where it has no such file.

    Raises:
        ConfigurationError: with every fault of the file.
    """
    return parse_mappings(read_texts(folder).get(MAPPINGS_FILE, ""))


def load_site_or_exit(folder: Path) -> Site:
    """As :func:`load_site`, but tells people every fault and leaves with code 2."""
    try:
        return load_site(folder)
    except ConfigurationError as error:
        tell_faults(f"The site in {folder}", error)
        raise typer.Exit(2) from error


def tell_faults(what: str, error: ConfigurationError) -> None:
    """Print every fault of ``what`` for people."""
    count = len(error.faults)
    console.print(f"[bold red]{escape(what)} has {count} fault{'s' if count > 1 else ''}:[/]", soft_wrap=True)
    for fault in error.faults:
        file, key, value, cure = map(escape, (fault.file, fault.key, fault.value, fault.cure))
        console.print(f"  {file}: [bold]{key}[/] = {value}\n    → {cure}", soft_wrap=True)
