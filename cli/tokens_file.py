"""What the ``tokens`` commands share: the access file of a site, and the line that says who did what."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from api.access.door import audit as audit_logger
from api.access.file import AccessError, AccessFile
from api.access.tokens import Tokens
from cli.logs import auditing, configure_logging
from cli.site import access_file, audit_log, console


@contextmanager
def tokens_or_exit(folder: Path) -> Iterator[Tokens]:
    """The tokens of the site in ``folder``; tells people and leaves with code 1 where they do not serve."""
    try:
        file = AccessFile(access_file(folder))
        try:
            yield Tokens(file)
        finally:
            file.close()
    except AccessError as error:
        console.print(f"{error}; do this as the user the service runs as", markup=False)
        raise typer.Exit(1) from error


def audit(folder: Path, what: str) -> None:
    """A line in the site's ``data/audit.log``, beside those of its service."""
    configure_logging()
    with auditing(audit_log(folder)):
        audit_logger.info("%s on this machine: %s", getpass.getuser(), what)
