"""Who runs a site's analytics job, and what became of the last run: files in its data folder.

Two processes may share a site: ``run`` and, on a server, ``analyze`` beside it. Locks are the kernel's, so
they end with their process, however it ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

KEEPER = "analytics.keeper"
"""Held by an ``analyze`` process as long as it lives: a ``run`` leaves the job to it."""
WORK = "analytics.lock"
"""Held during a run of the job."""

_LAST = "analytics.json"
_AGAIN_S = 0.2


class HeldError(Exception):
    """Another process holds a lock; the message names it."""


@contextmanager
def held(data: Path, name: str, wait: Callable[[str], bool] | None = None) -> Iterator[None]:
    """Hold a lock of the data folder around a block.

    Args:
        wait: asked with the holder's process, again and again, whether to go on waiting; None: not at all.

    Raises:
        HeldError: another process holds it.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / name).open("a+", encoding="ascii") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                if wait is None or not wait(holder):
                    raise HeldError(f"process {holder}") from error
                time.sleep(_AGAIN_S)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def keeper(data: Path) -> str | None:
    """The process that keeps the metrics up to date beside ``run``; None where there is none."""
    try:
        with held(data, KEEPER):
            return None
    except HeldError as error:
        return str(error)


class LastRun(NamedTuple):
    """The last run of the job, whoever did it. ``trouble`` is empty if it went well."""

    program: str
    pid: int
    ended: datetime
    every_s: float | None
    trouble: str
    report: dict[str, float]


def write_last_run(
    data: Path, program: str, ended: datetime, every_s: float | None, outcome: Mapping[str, float] | str
) -> None:
    """Note how a run ended: with its report, or with what went wrong; ``every_s`` None: a single one."""
    trouble = outcome if isinstance(outcome, str) else ""
    told = {
        "program": program,
        "pid": os.getpid(),
        "ended": ended.astimezone(UTC).isoformat(timespec="seconds"),
        "every_s": every_s,
        "trouble": trouble,
        "report": {} if isinstance(outcome, str) else dict(outcome),
    }
    draft = data / f".{_LAST}.{os.getpid()}"
    with suppress(OSError):  # a full disk stops no analysis; the age of the file tells
        draft.write_text(json.dumps(told), encoding="utf-8")
        draft.replace(data / _LAST)


def read_last_run(data: Path) -> LastRun | None:
    """The last run; None before the first."""
    try:
        told = json.loads((data / _LAST).read_text(encoding="utf-8"))
        return LastRun(**{**told, "ended": datetime.fromisoformat(told["ended"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
