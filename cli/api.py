"""``classroom-climate api``: the API and its pages as a process of its own, beside a store on a server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from classroom.site import Site
from cli.clock import utc_now
from cli.kept_up import ended_in_words, keep_up
from cli.logs import auditing, configure_logging
from cli.process import collect_seldom, listen
from cli.site import SiteDir, audit_log, console, data_folder, letters_file, load_site_or_exit
from ingest.letters import Letters

if TYPE_CHECKING:
    import socket


def api(
    site_dir: SiteDir = Path(),
    port: Annotated[
        int | None, typer.Option(help="Instead of api.port: of several processes each its own.")
    ] = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Staff may write experiments: the store's write token is used too."),
    ] = False,
) -> None:
    """Serve API and pages from a store on a server (store.kind influxdb), reading only. Stop with Ctrl-C.

    Any number of them may stand beside a `classroom-climate ingest` (or `run`); they share the site's folder,
    and with it tokens, screens and sessions. Files handed in go to the import folder, which that one watches.
    Replays, deletions and messages over HTTP are asked of that one; what is not done here is not there (404).

    Example: `classroom-climate api --site helsingborg --port 8001`
    """
    configure_logging()
    site = load_site_or_exit(site_dir)
    with ended_in_words(site_dir):
        from cli.stores import refuse_a_file  # takes a second to import

        refuse_a_file(site)
        host = site.settings.api.host
        sock = listen(host, port or site.settings.api.port, "another with --port")
        with _serving_store(site, site_dir, sock, write):
            keep_up(site, f"http://{host}:{sock.getsockname()[1]}")
        console.print("Stopped.")


@contextmanager
def _serving_store(site: Site, folder: Path, sock: socket.socket, write: bool) -> Iterator[None]:
    """The API around a block, over a store that somebody else fills; ``write``: but for documents."""
    from prometheus_client import CollectorRegistry

    # these take seconds to import, which `--help` should not pay
    from api.context import ApiContext, Control
    from api.live import LiveHub
    from cli.access import open_access
    from cli.follow import Follower
    from cli.imports import SharedImports, import_folder
    from cli.serving import fits_in_a_child, kept_arrivals, reports_in_a_child, serving
    from cli.stores import open_store
    from cli.watch import SiteWatch

    collect_seldom()
    data_folder(folder).mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(auditing(audit_log(folder)))
        access = open_access(site.settings.access, folder)
        stack.callback(access.file.close)
        store = open_store(site.settings.store, folder, beside=write, read_only=not write)
        stack.callback(store.close)
        watch = SiteWatch(folder, site, on_change=lambda: None)
        registry = CollectorRegistry()
        live = LiveHub(watch, registry, history=kept_arrivals(site))
        follower = Follower(store, live, utc_now)
        letters = Letters(letters_file(folder, site.settings.ingest.name))
        limit_bytes = site.settings.imports.file_limit_mb * 1_000_000
        imports = SharedImports(import_folder(site, folder), limit_bytes)
        fits = stack.enter_context(fits_in_a_child())
        context = ApiContext(
            site=watch,
            store=store,
            clock=utc_now,
            live=live,
            letters=letters,
            sightings=letters,
            health=lambda: [follower.health()],
            registry=registry,
            control=Control(secrets.token_urlsafe(32), imports=imports),  # a key that nobody knows
            writes=write,
            access=access,
            fits=fits,
            reports=stack.enter_context(reports_in_a_child(store, watch, fits)),
        )
        stack.enter_context(serving(context, sock))
        for part in (watch, follower):
            part.start()
            stack.callback(part.stop)
        yield
