"""What the commands share that run until somebody ends them: a port, an address told, an end in words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.markup import escape

from api.access.file import AccessError
from classroom.faults import ConfigurationError
from classroom.site import Site
from cli.process import PortBusyError, wait_for_signal
from cli.site import console, tell_faults
from ingest.letters import LettersError
from ingest.spool import SpoolError
from store.base import SchemaError, StoreError


@contextmanager
def ended_in_words(site_dir: Path) -> Iterator[None]:
    """What keeps a command from starting ends it with what to do: code 2 for the site's files, else 1."""
    try:
        yield
    except ConfigurationError as error:
        tell_faults(f"The site in {site_dir}", error)
        raise typer.Exit(2) from error
    except (PortBusyError, SchemaError, StoreError, SpoolError, LettersError, AccessError) as error:
        console.print(f"[bold red]Cannot start:[/] {escape(str(error))}")
        raise typer.Exit(1) from error


def keep_up(site: Site, what: str) -> None:
    """Tell where ``what`` is found, and wait for Ctrl-C or SIGTERM."""
    console.print(f"[bold]{escape(site.settings.site.name)}[/]: {what}  (stop with Ctrl-C)")
    wait_for_signal(threading.Event())
    console.print("Stopping …")
