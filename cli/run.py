"""``classroom-climate run``: ingest, analytics, API and pages of a site in one process."""

from __future__ import annotations

import threading
from pathlib import Path

import typer

from api.access.file import AccessError
from classroom.faults import ConfigurationError
from cli.logs import configure_logging
from cli.process import PortBusyError, listen, wait_for_signal
from cli.site import SiteDir, console, load_mappings, load_site_or_exit, tell_faults
from ingest.letters import LettersError
from ingest.spool import SpoolError
from store.base import SchemaError, StoreError


def run(site_dir: SiteDir = Path()) -> None:
    """Run a site: read its broker, store, compute metrics, serve API and pages. Stop with Ctrl-C.

    Example: `classroom-climate run --site helsingborg`
    """
    from cli.service import running  # takes seconds to import, which no other command should pay

    configure_logging()
    site = load_site_or_exit(site_dir)
    stop = threading.Event()
    try:
        sock = listen(site.settings.api.host, site.settings.api.port, "another api.port in classroom.toml")
        with running(site, site_dir, sock, load_mappings(site_dir)) as service:
            console.print(f"[bold]{site.settings.site.name}[/]: {service.url}  (stop with Ctrl-C)")
            wait_for_signal(stop)
            console.print("Stopping …")
        console.print("Stopped.")
    except ConfigurationError as error:
        tell_faults(f"The site in {site_dir}", error)
        raise typer.Exit(2) from error
    except (PortBusyError, SchemaError, StoreError, SpoolError, LettersError, AccessError) as error:
        console.print(f"[bold red]Cannot start:[/] {error}", markup=True)
        raise typer.Exit(1) from error
