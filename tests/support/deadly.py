"""Work for child processes that some of them do not survive."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def doubled_at_second_try(asked: tuple[Path, int]) -> int:
    """Twice the number; the first process that tries it is killed."""
    seen, number = asked
    if not seen.exists():
        seen.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def deadly(seen: Path) -> None:
    with seen.open("a") as tries:
        tries.write("x")
    os.kill(os.getpid(), signal.SIGKILL)


def refusing(number: int) -> int:
    raise ValueError(f"{number} is refused")
