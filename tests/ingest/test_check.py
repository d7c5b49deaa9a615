"""Time rule and flags, as the design decides them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from classroom.reading import Flag, Reading
from classroom.settings import IngestSettings
from ingest.check import check
from ingest.message import Decoded, Message, Undecodable, Value

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
SETTINGS = IngestSettings(backfill_days=400, clock_tolerance_s=600)


def checked(*values: Value, time: datetime | None = None, retain: bool = False) -> Any:
    return check(Message("t", b"", NOW, retain), Decoded("native", "s/d", values, time), SETTINGS)


def reading(time: datetime, flag: Flag | int = 0, value: float = 800.0) -> Reading:
    return Reading("s/d", "co2_ppm", time, value, int(flag))


CO2 = Value("co2_ppm", 800.0)


@pytest.mark.parametrize(
    ("said", "kept", "flag"),
    [
        (None, NOW, 0),
        (NOW - timedelta(hours=1), NOW - timedelta(hours=1), 0),
        (NOW - timedelta(days=400), NOW - timedelta(days=400), 0),
        (NOW - timedelta(days=400, microseconds=1), NOW, Flag.CLOCK),
        (NOW + timedelta(seconds=600), NOW + timedelta(seconds=600), 0),
        (NOW + timedelta(seconds=601), NOW, Flag.CLOCK),
        (NOW - timedelta(days=3 * 365), NOW, Flag.CLOCK),
        (NOW + timedelta(days=3 * 365), NOW, Flag.CLOCK),
        (datetime(1, 1, 1, tzinfo=UTC), NOW, Flag.CLOCK),
        (datetime(2026, 9, 1, 10, tzinfo=timezone(timedelta(hours=2))), NOW, 0),
    ],
)
def test_time(said: datetime | None, kept: Any, flag: int) -> None:
    assert checked(CO2, time=said).readings == [reading(kept, flag)]


def test_a_values_own_time_goes_before_the_messages() -> None:
    hour = timedelta(hours=1)
    found = checked(CO2, Value("co2_ppm", 900.0, NOW - hour), time=NOW - 2 * hour).readings
    assert found == [reading(NOW - 2 * hour), reading(NOW - hour, value=900.0)]


@pytest.mark.parametrize("time", [None, NOW + timedelta(days=1)])
def test_a_retained_message_never_gets_now(time: datetime | None) -> None:
    with pytest.raises(Undecodable) as raised:
        checked(CO2, time=time, retain=True)
    assert (raised.value.reason, raised.value.device) == ("retained_without_time", "s/d")


def test_a_retained_message_with_a_time_is_a_reading() -> None:
    assert checked(CO2, time=NOW - timedelta(days=1), retain=True).readings == [
        reading(NOW - timedelta(days=1))
    ]


def test_outside_physical_limits_is_flagged_and_kept() -> None:
    found = checked(Value("co2_ppm", 65_535.0), Value("co2_ppm", 349.0), Value("co2_ppm", 10_000.0)).readings
    assert [(r.value, r.flag) for r in found] == [(65_535, Flag.LIMITS), (349, Flag.LIMITS), (10_000, 0)]


def test_flags_add_up() -> None:
    (found,) = checked(Value("temperature_c", 327.67, sentinel=True), time=NOW + timedelta(days=9)).readings
    assert found.flag == Flag.LIMITS | Flag.CLOCK | Flag.SENTINEL


def test_what_cannot_be_a_reading_is_refused_and_counted() -> None:
    found = checked(CO2, Value("co2_ppm", math.nan), Value("co2_ppm", math.inf), Value("phlogiston", 1.0))
    assert found.readings == [reading(NOW)]
    assert found.refused == {"not_finite": 2, "unknown_quantity": 1}


def test_no_reading_left() -> None:
    with pytest.raises(Undecodable) as raised:
        checked(Value("co2_ppm", math.nan))
    assert (raised.value.reason, raised.value.detail) == ("no_reading", "1 × not_finite")
