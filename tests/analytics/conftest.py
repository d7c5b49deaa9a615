"""A small site, its meters and frames, written out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from metered_day import DAY, DAYS, EL, M1, MIDNIGHT, Compute, Rolled

from analytics.energy import school_day, to_us
from analytics.points import register_series
from classroom.metric import Metric
from classroom.places import Device, Meter, Room, School
from classroom.quantity import Carrier
from classroom.reading import Reading
from classroom.settings import Settings
from classroom.site import Site
from store.base import CHANGED_COLUMNS, READING_COLUMNS
from store.duckdb_store import DuckDBStore

ZONE = ZoneInfo("Europe/Stockholm")


@pytest.fixture
def zone() -> ZoneInfo:
    return ZONE


@pytest.fixture
def at() -> Callable[[str], datetime]:
    """``at("2026-03-03 10:00")``: a local time of Stockholm as aware UTC."""
    return lambda text: datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


@pytest.fixture
def make_site() -> Callable[..., Site]:
    """One school, two rooms, an electricity and a heat meter; anything may be replaced."""

    def make(**changes: Any) -> Site:
        rows: dict[str, Any] = {
            "schools": [School(key="berga", name="Bergaskolan", school_hours="08:00-15:00")],
            "rooms": [Room(school="berga", key="a1", name="A1"), Room(school="berga", key="a2", name="A2")],
            "meters": [
                Meter(school="berga", key="el", name="El", carrier=Carrier.ELECTRICITY),
                Meter(school="berga", key="heat", name="Fjärrvärme", carrier=Carrier.DISTRICT_HEAT),
            ],
            "devices": [
                Device(key="c1", school="berga", room="a1"),
                Device(key="c2", school="berga", room="a2"),
                Device(key="m-el", school="berga", meter="el"),
                Device(key="m-heat", school="berga", meter="heat"),
            ],
            "calendar": (),
            "lessons": (),
            "settings": Settings(),
        }
        return Site(**{**rows, **changes})

    return make


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


def register(
    device: str,
    quantity: str,
    start: datetime,
    hours: float,
    kw: float = 6.0,
    *,
    first: float = 1_000.037,
    step_s: int = 600,
) -> list[Reading]:
    """A register that starts at ``first`` and rises at ``kw``, read every ``step_s`` from ``start`` on.

    It shows Wh; one that starts at a whole kWh may show whole kWh only.
    """
    count = round(hours * 3_600 / step_s)
    return [
        Reading(device, quantity, start + timedelta(seconds=n * step_s), first + kw * n * step_s / 3_600)
        for n in range(count)
    ]


@pytest.fixture
def make_register() -> Callable[..., list[Reading]]:
    return register


@pytest.fixture
def rolled(tmp_path: Path) -> Callable[..., tuple[pd.DataFrame, pd.DataFrame]]:
    """Rollups and raw readings of hand-made readings, as the real store makes them."""

    def roll(readings: Sequence[Reading], interval_s: int = 600) -> tuple[pd.DataFrame, pd.DataFrame]:
        opened = DuckDBStore(tmp_path / "rolled.duckdb")
        opened.write_readings(readings)
        frame = pd.DataFrame(readings, columns=list(READING_COLUMNS))
        hours = frame.assign(hour=frame["time"].dt.floor("h"))[list(CHANGED_COLUMNS)].drop_duplicates()
        computed = opened.compute_hours(hours, dict.fromkeys(frame["device"].unique(), interval_s))
        devices = list(frame["device"].unique())
        first, last = frame["time"].min(), frame["time"].max() + timedelta(seconds=1)
        raw = opened.read_readings(devices, None, first.to_pydatetime(), last.to_pydatetime())
        opened.close()
        (tmp_path / "rolled.duckdb").unlink()
        return computed, raw

    return roll


@pytest.fixture
def compute(rolled: Rolled, zone: ZoneInfo) -> Compute:
    def run(
        readings: Sequence[Reading],
        meters: Sequence[Meter] = (EL,),
        devices: Sequence[Device] = (M1,),
        *,
        day: date = DAY,
        now: datetime = MIDNIGHT + 20 * DAYS,
        interval_s: int = 600,
    ) -> list[Metric]:
        rows = [*meters, *devices]
        cuts = {to_us(t) for row in rows for t in (row.valid_from, row.valid_to) if t is not None}
        series = register_series(*rolled(readings, interval_s), np.array(sorted(cuts), dtype=np.int64))
        return school_day(meters, devices, series, day, zone, now, "f" * 16)

    return run
