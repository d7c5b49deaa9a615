"""iCalendar: recurrences within bounds, time zones, exceptions; bad files are refused, not quoted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ingest.imports.refusal import FileRefused
from ingest.tables import ical
from ingest.tables.ical import Bounds, Read, read_ical

STOCKHOLM = ZoneInfo("Europe/Stockholm")
Ics = Callable[..., Path]


def read(path: Path, bounds: Bounds) -> Read:
    return read_ical(path.read_text(encoding="utf-8"), path.name, STOCKHOLM, bounds)


def starts(found: Read) -> list[str]:
    return [f"{event.start:%m-%d %H:%M}" for event in found.events]


WEEKLY = "UID:1\nDTSTART;TZID=Europe/Stockholm:20261019T081000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;"


def test_a_lesson_stays_at_its_hour_when_the_clocks_change(ics: Ics, bounds: Bounds) -> None:
    path = ics(WEEKLY + "UNTIL=20261109T071000Z")
    assert starts(read(path, bounds)) == ["10-19 08:10", "10-26 08:10", "11-02 08:10", "11-09 08:10"]


def test_one_in_utc_does_not(ics: Ics, bounds: Bounds) -> None:
    path = ics("UID:1\nDTSTART:20261019T061000Z\nDTEND:20261019T071000Z\nRRULE:FREQ=WEEKLY;COUNT=2")
    assert starts(read(path, bounds)) == ["10-19 08:10", "10-26 07:10"]


def test_exceptions_moves_and_extra_dates(ics: Ics, bounds: Bounds) -> None:
    series = (
        WEEKLY + "COUNT=4\nEXDATE;TZID=Europe/Stockholm:20261026T081000\n"
        "RDATE;TZID=Europe/Stockholm:20261028T100000"
    )
    moved = "UID:1\nRECURRENCE-ID:20261102T071000Z\nDTSTART:20261103T120000Z\nDURATION:PT1H"
    gone = "UID:1\nRECURRENCE-ID:20261109T071000Z\nDTSTART:20261109T071000Z\nDURATION:PT1H\nSTATUS:CANCELLED"
    found = read(ics(series, moved, gone), bounds)
    assert starts(found) == ["10-19 08:10", "10-28 10:00", "11-03 13:00"]
    assert found.cancelled == 1


def test_only_what_lies_within_the_bounds(ics: Ics, bounds: Bounds) -> None:
    path = ics("UID:1\nDTSTART;VALUE=DATE:20200106\nRRULE:FREQ=WEEKLY")
    found = read(path, bounds)
    assert starts(found)[0] == "07-06 00:00"
    assert len(found.events) == 52
    assert found.outside > 300


def test_an_event_longer_than_the_bounds_lies_within(ics: Ics, bounds: Bounds) -> None:
    path = ics("UID:1\nDTSTART;VALUE=DATE:20200101\nDTEND;VALUE=DATE:20300101")
    assert len(read(path, bounds).events) == 1


def test_the_zone_that_the_file_defines_itself(ics: Ics, bounds: Bounds) -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Skolan\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0300\n"
        "TZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    path = ics("UID:1\nDTSTART;TZID=Skolan:20261019T081000\nDURATION:PT1H", head=zone)
    assert starts(read(path, bounds)) == ["10-19 07:10"]


def test_windows_zones_are_known(ics: Ics, bounds: Bounds) -> None:
    path = ics("UID:1\nDTSTART;TZID=W. Europe Standard Time:20261019T081000\nDURATION:PT1H")
    assert starts(read(path, bounds)) == ["10-19 08:10"]


def test_all_day_events_end_before_their_end(ics: Ics, bounds: Bounds) -> None:
    (event,) = read(ics("UID:1\nDTSTART;VALUE=DATE:20261026\nDTEND;VALUE=DATE:20261031"), bounds).events
    assert (event.all_day, str(event.start), str(event.end)) == (
        True,
        "2026-10-26 00:00:00",
        "2026-10-31 00:00:00",
    )


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("UID:1\nSUMMARY:Anna", "no start"),
        ("UID:1\nDTSTART;TZID=Anna/Svensson:20261019T081000", "time zone"),
        ("UID:1\nDTSTART:20261019T081000\nDTEND:20261018T081000", "ends before"),
        ("UID:1\nDTSTART:20261019T081000\nRRULE:FREQ=SECONDLY", "more often than daily"),
        ("UID:1\nDTSTART:20261019T081000\nRRULE:FREQ=DAILY;INTERVAL=0", "every 0 days"),
        ("UID:1\nDTSTART:20261019T081000\nRRULE:FREQ=ANNA", ""),
        ("UID:1\nDTSTART:Anna", ""),
        (
            "UID:1\nDTSTART:20261019T081000\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261019T081000",
            "THISANDFUTURE",
        ),
    ],
)
def test_what_cannot_be_understood_is_refused_and_not_quoted(
    ics: Ics, bounds: Bounds, event: str, why: str
) -> None:
    with pytest.raises(FileRefused) as caught:
        read(ics(event), bounds)
    assert why in str(caught.value)
    assert "Anna" not in str(caught.value)


def test_no_calendar_at_all(bounds: Bounds) -> None:
    with pytest.raises(FileRefused, match="no iCalendar"):
        read_ical("room;start\n", "x.ics", STOCKHOLM, bounds)


def test_an_endless_series_is_cut_at_the_bounds_and_a_flood_refused(
    ics: Ics, bounds: Bounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ics(*(f"UID:{n}\nDTSTART:20260701T080000\nRRULE:FREQ=DAILY" for n in range(3)))
    assert len(read(path, bounds).events) == 3 * 365
    monkeypatch.setattr(ical, "MOST_EVENTS", 1_000)
    with pytest.raises(FileRefused, match="more than 1000 dated events"):
        read(path, bounds)


def test_rules_that_never_come_true_do_not_hold_up_an_import(
    ics: Ics, bounds: Bounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ical, "_SLOW_S", -1.0)  # as if every event were slow
    monkeypatch.setattr(ical, "_SLOW_LIMIT_S", 0.0)
    with pytest.raises(FileRefused, match="never come true"):
        read(ics("UID:1\nDTSTART:20260701T080000", "UID:2\nDTSTART:20260702T080000"), bounds)
