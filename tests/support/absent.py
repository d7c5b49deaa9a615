"""A store that can be cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from store.base import StoreError
from store.duckdb_store import DuckDBStore


class AbsentStore:
    """A real store behind a line that can be cut."""

    def __init__(self, path: Path) -> None:
        self.store = DuckDBStore(path)
        self.away = False

    def write_readings(self, readings: Any, watermark: Any = None) -> Any:
        if self.away:
            raise StoreError("connection refused")
        return self.store.write_readings(readings, watermark)

    def __getattr__(self, name: Any) -> Any:
        return getattr(self.store, name)
