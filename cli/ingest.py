"""``classroom-climate ingest``: from the broker into a store on a server, as a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.kept_up import ended_in_words, keep_up
from cli.logs import configure_logging
from cli.process import listen
from cli.site import SiteDir, console, load_mappings, load_site_or_exit


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
    from cli.service import running  # these take seconds to import, which `--help` should not pay
    from cli.stores import refuse_a_file

    configure_logging()
    site = load_site_or_exit(site_dir)
    api = site.settings.api
    with ended_in_words(site_dir):
        refuse_a_file(site)
        sock = listen(api.host, port or api.port, "another with --port")
        with running(site, site_dir, sock, load_mappings(site_dir), analyses=False) as service:
            keep_up(site, f"ingest, {service.url}")
        console.print("Stopped.")
