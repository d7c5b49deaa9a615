"""How commands show long work: a bar on a terminal, nothing where the output goes into a file or a pipe."""

from __future__ import annotations

from rich.progress import Progress, ProgressColumn

from cli.site import console


def progress_bar(*columns: ProgressColumn) -> Progress:
    """A display that leaves nothing behind; without a terminal it would leave empty lines, so it is off."""
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
