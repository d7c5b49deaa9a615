from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from analytics.insights.data import SchoolData, Sense
from analytics.insights.find import find
from analytics.insights.model import Concern, InsightKind

Make = Callable[..., SchoolData]
END = datetime(2025, 12, 29, 23, tzinfo=UTC)  # of the data's last local day


def sense(
    days: float | None, *, meter: bool = False, verdict: str | None = None, interval_s: int = 600
) -> Sense:
    return Sense(
        device="d",
        room=None if meter else "a1",
        meter="el" if meter else None,
        interval_s=interval_s,
        last_good=None if days is None else END - timedelta(days=days),
        since=END - timedelta(days=9.5),
        verdict=verdict,
        detail="stuck at 640" if verdict else "",
    )


@pytest.mark.parametrize(
    ("told", "kind", "days"),
    [
        (sense(2.5), InsightKind.SENSOR_SILENT, 2.0),
        (sense(None), InsightKind.SENSOR_SILENT, 9.0),
        (sense(3.2, meter=True), InsightKind.METER_SILENT, 3.0),
        (sense(0.1, verdict="stale"), InsightKind.SENSOR_UNTRUSTED, 9.0),
        (sense(0.1, verdict="drift"), InsightKind.SENSOR_UNTRUSTED, 9.0),
    ],
)
def test_told(make_data: Make, told: Sense, kind: InsightKind, days: float) -> None:
    (found,) = find(make_data(senses=(told,)))
    assert (found.kind, found.params["days"], found.device) == (kind, days, "d")
    assert (found.concern, found.no_sek) == (Concern.MEASURING, "no_energy")


@pytest.mark.parametrize(
    "well",
    [
        sense(0.1),
        sense(1.9),
        sense(2.9, meter=True),  # files of the grid company come on Monday
        sense(2.5, interval_s=86_400),
    ],
)
def test_silent(make_data: Make, well: Sense) -> None:
    assert find(make_data(senses=(well,))) == []
