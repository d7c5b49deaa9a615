"""What a command may ask of the running service, and the key that says it may.

The key lies in the site's data folder: who may read that may also change what is in it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from api.context import NotNowError
from cli.site import control_address, control_key
from cli.watch import SiteWatch
from ingest.letter import Which
from ingest.pipeline import Pipeline
from ingest.replaying import Replayed, Replays
from ingest.spool import SpoolError


@contextmanager
def new_key(folder: Path, url: str, name: str | None) -> Iterator[str]:
    """A fresh key for the site in ``folder``, readable by this user only, as long as the service runs; beside
    it the address ``url`` at which it opens."""
    key = secrets.token_urlsafe(32)
    texts = {control_address(folder, name): url, control_key(folder, name): key}
    for path, text in texts.items():
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    try:
        yield key
    finally:
        for path in texts:
            path.unlink(missing_ok=True)


class LettersControl:
    """Replays and deletes letters of a running pipeline; :class:`api.context.LetterControl`."""

    def __init__(self, pipeline: Pipeline, watch: SiteWatch) -> None:
        self._pipeline = pipeline
        self._watch = watch
        self._replays = Replays(pipeline.letters, pipeline)

    def replay(
        self,
        *,
        reason: str | None,
        family: str | None,
        topic: str | None,
        ids: Sequence[int] | None,
        after_id: int,
        through_id: int | None,
        limit: int,
    ) -> Replayed:
        """A page of a replay, by the mappings that stand in the file now."""
        self._watch.refresh()
        if trouble := self._watch.trouble():
            raise NotNowError(f"Nothing was replayed: {trouble}. Mend it and replay again.")
        which = Which(reason, family, topic, None if ids is None else tuple(ids))
        try:
            return self._replays.page(which, after_id, through_id, limit)
        except TimeoutError as error:
            text = "The spool has no room, /readyz says why; the letters stay. Replay again when it has."
            raise NotNowError(text) from error
        except (SpoolError, sqlite3.Error) as error:
            raise NotNowError(f"Nothing was replayed: {error}") from error

    def purge(
        self,
        *,
        reason: str | None,
        family: str | None,
        topic: str | None,
        ids: Sequence[int] | None,
        received_before: datetime | None,
    ) -> int:
        """Delete the letters meant."""
        try:
            return self._pipeline.letters.purge(ids, reason, family, topic, received_before)
        except sqlite3.Error as error:
            raise NotNowError(f"The dead letters cannot be written: {error}") from error
