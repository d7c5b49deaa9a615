"""Opening a site's store, or one named by its URL."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from classroom.faults import ConfigurationError, Fault
from classroom.quantity import Domain
from classroom.settings import SETTINGS_FILE, StoreSettings
from classroom.site import Site
from cli.site import database
from store.base import Store
from store.duckdb_store import DuckDBStore
from store.influx_server import Address
from store.influx_store import InfluxStore
from store.retention import Rule

_SCHEMES = {"influxdb": "http", "influxdbs": "https"}


def open_store(
    settings: StoreSettings,
    folder: Path,
    *,
    beside: bool = False,
    read_only: bool = False,
    writer: str | None = None,
    memory_mb: int = 400,
) -> Store:
    """The store of the site in ``folder``.

    ``beside``: another process writes the readings into it. ``read_only``: of a server the right to write is
    not even read. ``writer``: which of several that write readings to a server this is. ``memory_mb``
    bounds what the embedded store keeps in memory.

    Raises:
        ConfigurationError: a token file cannot be read.
        SchemaError: the store is another program's, or a newer version's.
        StoreError: the embedded store cannot be opened; a server that is away is asked again later.
    """
    if settings.kind == "duckdb":
        return DuckDBStore(database(folder), memory_limit_mb=memory_mb)
    return InfluxStore(
        Address(
            settings.url,
            settings.org,
            settings.bucket,
            "" if read_only else _token("store.write_token_file", settings.write_token_file, folder),
            _token("store.read_token_file", settings.read_token_file, folder),
        ),
        timeout_s=settings.timeout_s,
        beside=beside,
        read_only=read_only,
        writer=writer or "",
    )


def refuse_a_file(site: Site) -> None:
    """Several processes share a store on a server only.

    Raises:
        ConfigurationError: the site's store is a file.
    """
    kind = site.settings.store.kind
    if kind != "influxdb":
        cure = "a DuckDB file belongs to one process: use classroom-climate run, which does it all"
        raise ConfigurationError([Fault(SETTINGS_FILE, "store.kind", kind, cure)])


def retention_rules(settings: StoreSettings) -> dict[Domain, Rule]:
    """What is deleted when, as the settings say."""
    return {Domain.INDOOR: Rule(settings.room_readings_months, settings.room_hours_years * 12)}


def open_url(url: str) -> Store:
    """The store at ``duckdb:PATH`` or ``influxdb://HOST:PORT/ORG/BUCKET?write=FILE&read=FILE``.

    ``influxdbs`` speaks TLS; the files hold the tokens.

    Raises:
        ConfigurationError: it is neither, or a token file cannot be read.
        SchemaError, StoreError: as :func:`open_store`.
    """
    parts = urlsplit(url)
    if parts.scheme == "duckdb" and parts.path:
        return DuckDBStore(Path(unquote(parts.path)))
    places = [unquote(part) for part in parts.path.strip("/").split("/")]
    if parts.scheme not in _SCHEMES or len(places) != 2 or not parts.netloc:
        cure = "write duckdb:PATH or influxdb://HOST:PORT/ORG/BUCKET?write=FILE&read=FILE"
        raise ConfigurationError([Fault("(command line)", "URL", url, cure)])
    files = {key: Path(values[0]) for key, values in parse_qs(parts.query).items()}
    tokens = [_token(key, files.get(key), Path(), "(command line)") for key in ("write", "read")]
    return InfluxStore(Address(f"{_SCHEMES[parts.scheme]}://{parts.netloc}", places[0], places[1], *tokens))


def _token(key: str, file: Path | None, folder: Path, where: str = SETTINGS_FILE) -> str:
    if file is None:
        return ""
    try:
        return (folder / file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        cure = f"name a file that holds the token and can be read ({error})"
        raise ConfigurationError([Fault(where, key, str(file), cure)]) from error
