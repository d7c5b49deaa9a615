"""``classroom-climate ingest``: from the broker into a store on a server, as a process of its own."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from api.access.file import AccessError
from classroom.faults import ConfigurationError
from cli.logs import configure_logging
from cli.process import PortBusyError, listen, wait_for_signal
from cli.site import SiteDir, console, load_mappings, load_site_or_exit, tell_faults
from ingest.letters import LettersError
from ingest.spool import SpoolError
from store.base import SchemaError, StoreError


def ingest(
    site_dir: SiteDir = Path(),
    port: Annotated[
        int | None, typer.Option(help="Instead of api.port: beside an `api` on the same machine.")
    ] = None,
) -> None:
    """Read the broker into a store on a server (store.kind influxdb), and nothing else. Stop with Ctrl-C.

    The metrics are made by `classroom-climate analyze`, the pages served by `classroom-climate api`. What
    changes something (imports, replays, deletions) is asked of this one: the commands find it.

    Example: `classroom-climate ingest --site helsingborg --port 8001`
    """
    from cli.service import running  # these take seconds to import, which no other command should pay
    from cli.stores import refuse_a_file

    configure_logging()
    site = load_site_or_exit(site_dir)
    api, stop = site.settings.api, threading.Event()
    try:
        refuse_a_file(site)
        sock = listen(api.host, port or api.port, "another with --port")
        with running(site, site_dir, sock, load_mappings(site_dir), analyses=False) as service:
            console.print(f"[bold]{site.settings.site.name}[/]: ingest, {service.url}  (stop with Ctrl-C)")
            wait_for_signal(stop)
            console.print("Stopping …")
        console.print("Stopped.")
    except ConfigurationError as error:
        tell_faults(f"The site in {site_dir}", error)
        raise typer.Exit(2) from error
    except (PortBusyError, SchemaError, StoreError, SpoolError, LettersError, AccessError) as error:
        console.print(f"[bold red]Cannot start:[/] {error}", markup=True)
        raise typer.Exit(1) from error
