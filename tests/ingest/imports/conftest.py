"""Reading a text as a file, and what it came to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from ingest.imports.mapping import Mapping, parse_mapping
from ingest.imports.preview import Preview, preview
from ingest.imports.reader import Given, Tally, Terms, read_file
from ingest.imports.refusal import FileRefused
from ingest.imports.source import Limits
from ingest.imports.stage import Stage

ZONE = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

HOURLY = """
[file]
decimal = ","
thousands = "space"
[device]
key = "m"
[time]
column = "Tid"
basis = "{basis}"
stands_for = "start"
interval = "hour"
[[value]]
column = "kWh"
quantity = "consumption"
unit = "kWh"
"""


class Came(NamedTuple):
    """What a file came to: (device, quantity, UTC time as YYYY-MM-DD HH:MM, value), in order."""

    rows: list[tuple[str, str, str, float]]
    tally: Tally
    preview: Preview

    @property
    def values(self) -> list[float]:
        return [row[3] for row in self.rows]

    @property
    def times(self) -> list[str]:
        return [row[2] for row in self.rows]


Take = Callable[..., Came]


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """``take(content, mapping)``: bytes or text as a file, read by a mapping (its text)."""

    def read(
        content: str | bytes, mapping: str = "", basis: str = "normaltid", limits: Limits | None = None
    ) -> Came:
        file = tmp_path / "file"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        chosen: Mapping = parse_mapping(mapping or HOURLY.format(basis=basis), "mine.toml")
        terms = Terms(ZONE, NOW, 600, limits or Limits())
        with Stage(tmp_path / "stage") as stage:
            tally = read_file(Given(file, "file.csv"), chosen, terms, stage)
            looked = preview(stage, tally, chosen, ZONE)
            rows = [
                (*stage.series[series], f"{EPOCH + timedelta(microseconds=us):%Y-%m-%d %H:%M}", value)
                for frame in stage.batches(1_000)
                for series, us, value in zip(
                    frame["series"], frame["time_us"].tolist(), frame["value"], strict=True
                )
            ]
        return Came(rows, tally, looked)

    return read


@pytest.fixture
def faults(take: Take) -> Callable[..., list[str]]:
    """What a refused file is told, a line a fault."""

    def told(*arguments: object, **named: object) -> list[str]:
        with pytest.raises(FileRefused) as refusal:
            take(*arguments, **named)
        return str(refusal.value).splitlines()

    return told


@pytest.fixture
def hourly() -> str:
    """The mapping of hours that ``take`` uses, its basis still open (``str.format``)."""
    return HOURLY
