"""``classroom-climate run``: ingest, analytics, API and pages of a site in one process."""

from __future__ import annotations

from pathlib import Path

from cli.kept_up import ended_in_words, keep_up
from cli.logs import configure_logging
from cli.process import listen
from cli.site import SiteDir, console, load_mappings, load_site_or_exit


def run(site_dir: SiteDir = Path()) -> None:
    """Run a site: read its broker, store, compute metrics, serve API and pages. Stop with Ctrl-C.

    Example: `classroom-climate run --site helsingborg`
    """
    from cli.service import running  # takes seconds to import, which `--help` should not pay

    configure_logging()
    site = load_site_or_exit(site_dir)
    with ended_in_words(site_dir):
        sock = listen(site.settings.api.host, site.settings.api.port, "another api.port in classroom.toml")
        with running(site, site_dir, sock, load_mappings(site_dir)) as service:
            keep_up(site, service.url)
        console.print("Stopped.")
