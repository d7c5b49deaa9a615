"""Files as they come: each is imported right, or refused with row, column, value and cure; never half."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.imports.cells import NumberReader
from ingest.imports.mapping import FilePart, shipped_text

Take = Callable[..., Any]
Faults = Callable[..., list[str]]

HOUR = "energy_of_hour_kwh"


def table(*lines: str, end: str = "\n") -> str:
    return end.join(["Tid;kWh", *lines, ""])


def test_bom_crlf_semicolons_decimal_commas_and_thin_spaces(take: Take) -> None:
    text = "\ufeff" + table(
        "2024-01-01 00:00;1,5",
        "2024-01-01 01:00;1\u2009234,25",
        "2024-01-01 02:00;12\u202f000\u00a0000",
        end="\r\n",
    )
    came = take(text)
    assert came.rows[0] == ("m", HOUR, "2023-12-31 23:00", 1.5)
    assert came.values == [1.5, 1234.25, 12_000_000.0]
    assert came.tally.outside_limits == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_are_told_apart(take: Take, encoding: str) -> None:
    mapping = shipped_text("generic-hourly")
    came = take("Mätare;Tid;kWh\nåäö;2024-01-01 00:00;2\n".encode(encoding), mapping)
    assert came.rows == [("åäö", HOUR, "2023-12-31 23:00", 2.0)]


def test_wrong_bytes_are_refused(faults: Faults) -> None:
    mapping = (shipped_text("generic-hourly") or "").replace("[file]", '[file]\nencoding = "utf-8"')
    told = faults("Mätare;Tid;kWh\nå;2024-01-01 00:00;2\n".encode("cp1252"), mapping)
    assert 'write file.encoding = "cp1252"' in told[0]


EON = (
    "\ufeffAnläggnings-id;Tidpunkt för export;Energiprodukt;Starttidpunkt;Sluttidpunkt;Måttenhet\r\n"
    "735999114013307011;2026-07-30 12:57:06;Aktiv energi;2025-10-01 00:00:00;2025-10-01 01:00:00;{unit}\r\n"
    "\r\n"
    "Starttidpunkt;Sluttidpunkt;Energiriktning;Kvalitet;Kvantitet\r\n"
)


def test_two_header_blocks_directions_and_a_sum_row(take: Take) -> None:
    text = EON.format(unit="MWh") + (
        "2025-10-01 00:00:00;2025-10-01 00:15:00;Produktion;Uppmätt;0,100\r\n"
        "2025-10-01 00:00:00;2025-10-01 00:15:00;Förbrukning;Uppmätt;0,200\r\n"
        "2025-10-01 01:00:00;2025-10-01 02:00:00;Förbrukning;Uppmätt;0,300\r\n"
        "Summa;;;;0,6\r\n"
    )
    again = EON.replace("735999114013307011", "735999000000000002")[1:].format(unit="kWh") + (
        "2025-10-01 00:00:00;2025-10-02 00:00:00;Förbrukning;Beräknad;48\r\n"
    )
    came = take(text + again, shipped_text("eon-matvardesexport"))
    first, second = "735999114013307011", "735999000000000002"
    assert set(came.rows) == {
        (first, "export_of_15min_kwh", "2025-09-30 22:00", 100.0),
        (first, "energy_of_15min_kwh", "2025-09-30 22:00", 200.0),
        (first, HOUR, "2025-09-30 23:00", 300.0),
        (second, "energy_of_day_kwh", "2025-09-30 22:00", 48.0),
    }
    assert (came.tally.skipped.sums, came.tally.estimated) == (1, 1)


def test_unknown_words_are_refused_by_name(faults: Faults) -> None:
    text = EON.format(unit="kWh") + "2025-10-01 00:00:00;2025-10-01 00:15:00;Hit;Gissad;0,1\r\n"
    told = faults(text, shipped_text("eon-matvardesexport"))
    assert told[0] == (
        "file.csv, row 5, column 'Kvalitet': 'Gissad': known codes are Uppmätt, Beräknad, Uppskattad, "
        "Estimerad, Saknas; add it to [quality] in the mapping"
    )
    assert "column 'Energiriktning': 'Hit': known words are" in told[1]


def test_a_unit_nobody_knows_is_refused(faults: Faults) -> None:
    text = EON.format(unit="kubik") + "2025-10-01 00:00:00;2025-10-01 00:15:00;Produktion;Uppmätt;0,1\r\n"
    assert "column 'Måttenhet': 'kubik':" in faults(text, shipped_text("eon-matvardesexport"))[0]


# The two odd nights


def local_day(first_utc: datetime, hours: int, step_min: int = 60) -> list[str]:
    """Wall times of Stockholm of so many hours."""
    steps = hours * 60 // step_min
    moments = [first_utc + timedelta(minutes=step_min * n) for n in range(steps)]
    return [f"{m.astimezone(ZoneInfo('Europe/Stockholm')):%Y-%m-%d %H:%M}" for m in moments]


SPRING = datetime.fromisoformat("2024-03-30T23:00+00:00")  # 31 March, 00:00
AUTUMN = datetime.fromisoformat("2024-10-26T22:00+00:00")  # 27 October, 00:00


@pytest.mark.parametrize(("start", "hours"), [(SPRING, 23), (AUTUMN, 25)])
@pytest.mark.parametrize("backwards", [False, True])
def test_days_of_23_and_25_hours_in_local_time(
    take: Take, start: datetime, hours: int, backwards: bool
) -> None:
    lines = [f"{wall};{n}" for n, wall in enumerate(local_day(start, hours))]
    came = take(table(*(reversed(lines) if backwards else lines)), basis="local")
    assert came.values == list(range(hours))
    assert came.times == [f"{start + timedelta(hours=n):%Y-%m-%d %H:%M}" for n in range(hours)]
    (night,) = came.preview.nights
    assert (night.hours, night.right, night.wrong) == (hours, 1, 0)


def test_two_meters_keep_their_repeated_hours_apart(take: Take) -> None:
    walls = local_day(AUTUMN, 25)
    lines = [f"{meter};{wall};{n}" for n, wall in enumerate(walls) for meter in ("a", "b")]
    mapping = (shipped_text("generic-hourly") or "").replace("normaltid", "local")
    came = take("\n".join(["Mätare;Tid;kWh", *lines, ""]), mapping)
    assert [row[3] for row in came.rows if row[0] == "b"] == list(range(25))


@pytest.mark.parametrize(("basis", "offset_h"), [("utc", 0), ("normaltid", 1)])
@pytest.mark.parametrize("start", [SPRING, AUTUMN])
def test_other_clocks_know_no_odd_nights(take: Take, basis: str, offset_h: int, start: datetime) -> None:
    moments = [start + timedelta(hours=n) for n in range(25)]
    lines = [f"{moment + timedelta(hours=offset_h):%Y-%m-%d %H:%M};{n}" for n, moment in enumerate(moments)]
    came = take(table(*lines), basis=basis)
    assert came.times == [f"{moment:%Y-%m-%d %H:%M}" for moment in moments]


def test_the_preview_shows_a_night_that_is_not_whole(take: Take) -> None:
    lines = [f"2024-10-27 {hour:02}:00;1" for hour in range(24)]
    (night,) = take(table(*lines)).preview.nights
    assert (night.hours, night.right, night.wrong) == (25, 0, 1)
    assert night.example == "m has 24 values of 60 min"


def test_an_hour_that_summer_time_left_out_is_refused(faults: Faults) -> None:
    told = faults(table("2024-03-31 01:00;1", "2024-03-31 02:00;1", "2024-03-31 03:00;1"), basis="local")
    assert told == [
        "file.csv, row 3, column 'Tid': '2024-03-31 02:00': this time does not exist in Europe/Stockholm: "
        'clocks went past it; if the file has no summer time write time.basis = "normaltid" in the mapping'
    ]


def test_a_repeated_hour_that_stands_once_is_refused_or_as_the_mapping_says(
    take: Take, faults: Faults, hourly: str
) -> None:
    lines = table("2024-10-27 01:00;1", "2024-10-27 02:00;2", "2024-10-27 03:00;3")
    (told,) = faults(lines, basis="local")
    assert told.startswith(
        "file.csv, row 3, column 'Tid': '2024-10-27 02:00': this hour came twice that night"
    )
    for which, utc in (("first", "00:00"), ("second", "01:00")):
        mapping = hourly.format(basis="local").replace("interval =", f'repeated_hour = "{which}"\ninterval =')
        assert f"2024-10-27 {utc}" in take(lines, mapping).times


def test_an_offset_in_the_time_needs_its_own_basis(take: Take, faults: Faults, hourly: str) -> None:
    form = 'format = ["%Y-%m-%dT%H:%M:%S%z"]\n'
    lines = table("2024-10-27T02:00:00+02:00;1", "2024-10-27T02:00:00+01:00;2")
    mapping = hourly.replace("basis =", form + "basis =")
    assert take(lines, mapping.format(basis="offset")).times == ["2024-10-27 00:00", "2024-10-27 01:00"]
    assert 'write time.basis = "offset"' in faults(lines, mapping.format(basis="local"))[0]


def test_ends_of_intervals_and_midnight_as_24(take: Take, hourly: str) -> None:
    mapping = hourly.format(basis="local").replace('"start"', '"end"')
    came = take(table("2024-03-31 01:00;1", "2024-03-31 03:00;2", "2024-03-31 24:00;3"), mapping)
    assert came.times == ["2024-03-30 23:00", "2024-03-31 00:00", "2024-03-31 21:00"]


def test_a_quarter_over_the_leap_of_the_clock_is_a_quarter(take: Take) -> None:
    rows = [
        ("2026-03-29 01:45:00", "2026-03-29 03:00:00"),
        ("2026-03-29 03:00:00", "2026-03-29 03:15:00"),
        ("2025-10-26 02:45:00", "2025-10-26 02:00:00"),
        ("2025-10-26 02:00:00", "2025-10-26 02:15:00"),
        ("2025-10-26 02:45:00", "2025-10-26 03:00:00"),
        ("2025-10-26 02:00:00", "2025-10-26 02:15:00"),
    ]
    order = [rows[0], rows[1], rows[5], rows[2], rows[3], rows[4]]
    text = EON.format(unit="kWh") + "".join(f"{a};{b};Förbrukning;Uppmätt;1\r\n" for a, b in order)
    came = take(text, shipped_text("eon-matvardesexport"))
    assert {row[1] for row in came.rows} == {"energy_of_15min_kwh"}
    assert "2026-03-29 00:45" in came.times
    assert {"2025-10-26 00:00", "2025-10-26 00:45", "2025-10-26 01:00", "2025-10-26 01:45"} <= set(came.times)


# Rows


def test_duplicates_that_agree_are_one_and_gaps_are_told(take: Take) -> None:
    came = take(table("2024-01-01 00:00;1", "2024-01-01 00:00;1", "2024-01-01 01:00;1", "2024-01-01 05:00;1"))
    assert came.values == [1.0, 1.0, 1.0]
    assert came.tally.repeated == 1
    assert (came.preview.series[0].gaps, came.preview.series[0].absent) == (1, 3)


def test_duplicates_that_disagree_are_refused(faults: Faults) -> None:
    told = faults(table("2024-01-01 00:00;1", "2024-01-01 00:00;2"))
    assert told == [
        "file.csv, row 3, column 'energy_of_hour_kwh': 2: row 2 says 1 for m at 2023-12-31 23:00 UTC; is one "
        "of them wrong? Twice an hour in October means that the file is in local time"
    ]


def test_a_renamed_column_is_refused_with_the_name_it_may_have(faults: Faults) -> None:
    told = faults("Tid;kWh per timme;Kvalitet\n2024-01-01 00:00;1;G\n")
    assert told == [
        "file.csv, row 1, column 'kWh': no such column; the row holds 'Tid', 'kWh per timme', 'Kvalitet': "
        "correct the mapping 'mine.toml'"
    ]


@pytest.mark.parametrize(
    ("cell", "cure"),
    [
        ("1.234", 'no number with the decimal mark ","'),
        ("1,2,3", "no number"),
        ("12 34,5", "no number"),
        ("abc", "no number"),
        ("1e999", "no number"),
        ("#VÄRDEFEL!", "no number"),
        ("nan", "no number"),
        ("0x10", "no number"),
        ("1_000", "no number"),
        ("٣", "no number"),
    ],
)
def test_what_is_no_number_is_refused_with_row_and_value(faults: Faults, cell: str, cure: str) -> None:
    (told,) = faults(table("2024-01-01 00:00;1", f"2024-01-01 01:00;{cell}"))
    assert told.startswith(f"file.csv, row 3, column 'kWh': {cell!r}: {cure}")


def test_all_faults_are_told_at_once_and_the_rest_counted(faults: Faults) -> None:
    told = faults(table(*(f"2024-01-01 {hour:02}:00;x" for hour in range(24))))
    assert len(told) == 20


def test_empty_cells_are_left_out_and_counted(take: Take) -> None:
    came = take(
        table("2024-01-01 00:00;1", "2024-01-01 01:00;", "2024-01-01 02:00;-", ";", "", "2024-01-01 03:00;0")
    )
    assert came.values == [1.0, 0.0]
    assert came.tally.empty == 2


def test_times_to_come_are_refused(faults: Faults) -> None:
    (told,) = faults(table("2024-01-01 00:00;1", "2042-01-01 00:00;1"))
    assert told.startswith("file.csv, row 3, column 'Tid': 2041-12-31 23:00 UTC is still to come")


@pytest.mark.parametrize("day", ["2024-13-01 00:00", "01/02/2024", "", "idag", "2024-02-30 00:00"])
def test_what_is_no_time_is_refused(faults: Faults, day: str) -> None:
    assert "column 'Tid'" in faults(table("2024-01-01 00:00;1", f"{day};1"))[0]


@pytest.mark.parametrize(
    ("content", "cure"),
    [
        (b"", "the file is empty"),
        (b"Tid;kWh\n", "there are no rows of values"),
        (b"\n\n\n", "no such column"),
        (b"PK\x03\x04rubbish", "damaged or protected"),
        (b"\xd0\xcf\x11\xe0old", "old workbook"),
        (b"\x1f\x8b\x08\x00rubbish", "damaged"),
        (b"Tid;kWh\n\x00\x01\x02;5\n", "no text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10, ""),
        (b"x" * 300_000, "more than 100000 characters"),
    ],
)
def test_what_is_no_table_is_refused(faults: Faults, content: bytes, cure: str) -> None:
    assert cure in faults(content)[0]


# Numbers


@given(st.integers(-(10**9), 10**9), st.integers(0, 999))
def test_a_number_is_read_as_it_was_written(whole: int, thousandths: int) -> None:
    value = whole + (thousandths / 1000 if whole >= 0 else -thousandths / 1000)
    for part, mark, sign in (
        (FilePart(decimal=",", thousands="space"), ",", "\u2009"),
        (FilePart(decimal=",", thousands="dot"), ",", "."),
        (FilePart(decimal=".", thousands="comma"), ".", ","),
        (FilePart(decimal=".", thousands="apostrophe"), ".", "’"),
    ):
        grouped = f"{abs(whole):,}".replace(",", sign)
        text = f"{'-' if whole < 0 else ''}{grouped}{mark}{thousandths:03}"
        assert NumberReader(part).read(text) == pytest.approx(value, abs=1e-9)


@given(st.text(max_size=12))
def test_whatever_text_comes_reading_a_number_never_raises(text: str) -> None:
    for decimal in (".", ","):
        for thousands in ("", "space", "dot" if decimal == "," else "comma"):
            found = NumberReader(FilePart(decimal=decimal, thousands=thousands)).read(text)
            assert found is None or isinstance(found, float)
