"""The import folder: what is dropped is stored whole or not at all, reported, and completed after a crash."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from classroom.faults import ConfigurationError
from classroom.reading import Reading
from ingest.imports.folder import BadNameError, ImportFolder
from ingest.imports.job import Hands
from ingest.imports.mapping import parse_mapping, shipped, shipped_text
from ingest.imports.watcher import ImportWatcher
from ingest.imports.writing import BATCH, Submit, directly
from ingest.letters import Letters
from store.base import ReadingsRefused, StoreError, Written
from store.duckdb_store import DuckDBStore

ZONE = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))

Watch = Callable[..., ImportWatcher]


@pytest.fixture
def letters(tmp_path: Path) -> Letters:
    return Letters(tmp_path / "letters.sqlite")


@pytest.fixture
def watch(tmp_path: Path, store: DuckDBStore, letters: Letters) -> Watch:
    """A watcher over ``imports/``; ``submit`` may stand for a store with troubles."""

    def make(submit: Submit | None = None) -> ImportWatcher:
        hands = Hands(store, submit or directly(store), letters, lambda device: device == "known")
        folder = ImportFolder(tmp_path / "imports", lambda: NOW)
        return ImportWatcher(folder, hands, ZONE, lambda: NOW, 600, tmp_path / "work", lambda: None)

    return make


def give(watcher: ImportWatcher, source: str, name: str, content: str) -> str:
    upload = watcher.folder.receive(source, name)
    upload.write(content.encode())
    return upload.finish()


def hours(meter: str, count: int, kwh: float = 1.0, first: str = "2024-01-01 00:00") -> str:
    start = datetime.fromisoformat(first)
    lines = [f"{meter};{start + timedelta(hours=n):%Y-%m-%d %H:%M};{kwh:g}" for n in range(count)]
    return "\n".join(["Mätare;Tid;kWh", *lines, ""])


def test_a_file_goes_to_processed_with_a_report(watch: Watch, store: DuckDBStore, tmp_path: Path) -> None:
    watcher = watch()
    id_ = give(watcher, "generic-hourly", "jan.csv", hours("m", 48))
    waiting = watcher.report(id_)
    assert waiting is not None
    assert waiting["state"] == "waiting"
    (report,) = watcher.work_off()
    assert (report.state, report.stored, report.corrected, report.unchanged) == ("stored", 48, 0, 0)
    assert report.without_place == ["m"]
    assert len(store.read_readings(["m"], None, *ALWAYS)) == 48
    assert [path.name for path in (tmp_path / "imports" / "processed").iterdir()] == [id_]
    assert "devices assign m" in (tmp_path / "imports" / "reports" / f"{id_}.txt").read_text()
    assert watcher.report(id_) == watcher.folder.reports(5)[0] == report.as_dict()
    assert watcher.work_off() == []
    assert list((tmp_path / "work").iterdir()) == []


def test_the_same_again_changes_nothing_and_a_correction_its_hours(watch: Watch, store: DuckDBStore) -> None:
    watcher = watch()
    give(watcher, "generic-hourly", "a.csv", hours("m", 48))
    give(watcher, "generic-hourly", "b.csv", hours("m", 48))
    give(watcher, "generic-hourly", "c.csv", hours("m", 2, 7.0, "2024-01-01 10:00"))
    found = [(one.stored, one.corrected, one.unchanged) for one in watcher.work_off()]
    assert found == [(48, 0, 0), (0, 0, 48), (0, 2, 0)]
    assert store.read_readings(["m"], None, *ALWAYS)["value"].sum() == 46 + 14
    assert list(store.superseded("m")["value"]) == [1.0, 1.0]
    assert len(store.changed("test").hours) == 48


def test_a_faulty_row_at_the_end_keeps_everything_out(
    watch: Watch, store: DuckDBStore, tmp_path: Path
) -> None:
    watcher = watch()
    text = hours("m", 30_000, first="2020-01-01 00:00") + "m;2024-01-01 00:00;elva\n"
    id_ = give(watcher, "generic-hourly", "long.csv", text)
    (report,) = watcher.work_off()
    assert report.state == "refused"
    assert report.faults[0].startswith("long.csv, row 30002, column 'kWh': 'elva': no number")
    assert store.read_readings(["m"], None, *ALWAYS).empty
    assert [path.name for path in (tmp_path / "imports" / "failed").iterdir()] == [id_]


class Dies:
    """A writer that stops after some batches, as a killed process or a store that is away does."""

    def __init__(self, store: DuckDBStore, after: int) -> None:
        self._write, self._left = directly(store), after

    def __call__(self, readings: Sequence[Reading]) -> Future[Written]:
        if not self._left:
            raise StoreError("away")
        self._left -= 1
        return self._write(readings)


def test_what_was_cut_short_is_completed_at_the_next_start(watch: Watch, store: DuckDBStore) -> None:
    count = 3 * BATCH
    give(watch(), "generic-hourly", "long.csv", hours("m", count, first="2020-01-01 00:00"))
    with pytest.raises(StoreError):
        watch(Dies(store, 2)).work_off()
    assert len(store.read_readings(["m"], None, *ALWAYS)) == 2 * BATCH
    (report,) = watch().work_off()
    assert (report.state, report.stored, report.unchanged) == ("stored", BATCH, 2 * BATCH)


def test_what_the_store_refuses_is_a_dead_letter(watch: Watch, store: DuckDBStore, letters: Letters) -> None:
    def refuses(readings: Sequence[Reading]) -> Future[Written]:
        done: Future[Written] = Future()
        written = store.write_readings(readings[1:])
        done.set_exception(ReadingsRefused(readings[:1], "field type conflict", written))
        return done

    watcher = watch(refuses)
    give(watcher, "generic-hourly", "a.csv", hours("m", 5))
    (report,) = watcher.work_off()
    assert (report.state, report.stored) == ("stored", 4)
    (letter,) = letters.list()
    assert (letter.reason, letter.device, letter.message.topic) == (
        "store_refused",
        "m",
        "import/generic-hourly/a.csv",
    )
    assert json.loads(letter.message.payload) == {
        "energy_of_hour_kwh": 1.0,
        "time": "2023-12-31T23:00:00+00:00",
    }


def test_devices_of_a_file_are_heard_of(watch: Watch, letters: Letters) -> None:
    watcher = watch()
    give(watcher, "generic-hourly", "a.csv", hours("m", 5) + "known;2024-01-01 00:00;1\n")
    (report,) = watcher.work_off()
    assert [(seen.device, seen.family) for seen in letters.sightings()] == [
        ("known", "import"),
        ("m", "import"),
    ]
    assert report.without_place == ["m"]


def test_a_file_that_grows_is_left_alone_until_it_is_whole(watch: Watch, tmp_path: Path) -> None:
    watcher = watch()
    source = tmp_path / "imports" / "generic-hourly"
    source.mkdir(parents=True)
    file = source / "nightly.csv"
    file.write_text(hours("m", 5))
    assert watcher.folder.waiting(100.0) == []
    assert watcher.folder.waiting(101.0) == []
    file.write_text(hours("m", 6))
    assert watcher.folder.waiting(102.5) == []
    assert [one.path.name for one in watcher.folder.waiting(104.6)] == ["nightly.csv"]
    (source / "later.csv.part").write_text("x")
    (source / ".hidden").write_text("x")
    assert [one.path.name for one in watcher.folder.waiting(110.0)] == ["nightly.csv"]


def test_a_source_without_a_mapping_is_refused_with_what_to_do(watch: Watch, tmp_path: Path) -> None:
    watcher = watch()
    source = tmp_path / "imports" / "okant"
    source.mkdir(parents=True)
    (source / "20240101T000000000000-a.csv").write_text("a,b\n1,2\n")
    (report,) = watcher.work_off()
    assert (report.state, report.name) == ("refused", "a.csv")
    assert "give it a mapping.toml, or use one of eon-matvardesexport" in report.faults[0]
    with pytest.raises(ConfigurationError):
        watcher.folder.receive("okant", "b.csv")


@pytest.mark.parametrize("source", ["../x", "processed", "Å", "", ".x", "a/b", "x" * 65])
def test_names_that_could_leave_the_folder_are_refused(watch: Watch, source: str) -> None:
    with pytest.raises(BadNameError):
        watch().folder.receive(source, "a.csv")
    with pytest.raises(BadNameError):
        watch().folder.set_mapping(source, "")


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "", "x\0y", "mapping.toml", "a.part", "x" * 121])
def test_so_are_names_of_files(watch: Watch, name: str) -> None:
    with pytest.raises(BadNameError):
        watch().folder.receive("generic-hourly", name)


def test_ids_never_come_twice(watch: Watch) -> None:
    folder = watch().folder
    ids = [folder.new_id("a.csv") for _ in range(100)]
    assert len(set(ids)) == 100
    assert ids == sorted(ids)


# Shipped mappings


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_mapping_is_good_and_says_what_it_is(name: str) -> None:
    assert parse_mapping(shipped_text(name) or "", name).title


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('basis = "normaltid"', "time.basis"),
        ('stands_for = "start"', "time.stands_for"),
        ('unit = "kWh"', "name the unit"),
        ('interval = "hour"', "energy of intervals needs time.interval"),
    ],
)
def test_a_mapping_must_name_clock_meaning_and_unit(change: str, words: str) -> None:
    text = (shipped_text("generic-hourly") or "").replace(change, "")
    with pytest.raises(ConfigurationError) as error:
        parse_mapping(text, "mine")
    assert words in str(error.value)


def test_monthly_bills(watch: Watch, store: DuckDBStore) -> None:
    watcher = watch()
    give(watcher, "generic-monthly", "b.csv", "Mätare;Månad;kWh;Status\nm;2024-03;42 300,5;Beräknad\n")
    give(watcher, "generic-monthly", "b2.csv", "Mätare;Månad;kWh;Status\nm;2024-03;42 100;Slutlig\n")
    first, second = watcher.work_off()
    assert (first.stored, second.corrected, second.unchanged) == (3, 2, 1)
    frame = store.read_readings(["m"], None, *ALWAYS)
    assert dict(zip(frame["quantity"], frame["value"], strict=True)) == {
        "billed_kwh": 42_100.0,
        "billed_h": 31 * 24 - 1,
        "billed_final": 1.0,
    }
    assert set(frame["time"]) == {datetime(2024, 2, 29, 23, tzinfo=UTC)}


SMHI = (
    "Stationsnamn;Stationsnummer;Stationsnät;Mäthöjd (meter över marken)\r\n"
    "Helsingborg A;62040;SMHIs stationsnät;2.0\r\n\r\n"
    "Parameternamn;Beskrivning;Enhet\r\nLufttemperatur;momentanvärde, 1 gång/tim;celsius\r\n\r\n"
    "Tidsperiod (fr.o.m);Tidsperiod (t.o.m);Höjd (meter över havet);Latitud (decimalgrader);Longitud\r\n"
    "1995-08-01 00:00:00;2026-10-01 06:00:00;43.1;56.0304;12.7653\r\n\r\n"
    "Datum;Tid (UTC);Lufttemperatur;Kvalitet;;Tidsutsnitt:\r\n"
)


def test_smhis_archive_and_latest_months_become_one_series(watch: Watch, store: DuckDBStore) -> None:
    archive = SMHI + "2024-01-01;00:00:00;1.5;G;;Kvalitetskontrollerade\r\n2024-01-01;01:00:00;-2.0;G\r\n"
    latest = (
        SMHI + "2024-01-01;01:00:00;-9.9;Y;;x\r\n2024-01-01;02:00:00;-3.0;Y\r\n2024-01-01;03:00:00;;Y\r\n"
    )
    expected = [1.5, -2.0, -3.0]
    for order in (("smhi-metobs", "smhi-metobs-latest"), ("smhi-metobs-latest", "smhi-metobs")):
        watcher = watch()
        for source in order:
            text = archive if source == "smhi-metobs" else latest
            give(watcher, source, "smhi.csv", text.replace("62040", f"6{len(order[0])}"))
            watcher.work_off()
        frame = store.read_readings([f"smhi/6{len(order[0])}"], ["outdoor_temperature_c"], *ALWAYS)
        assert list(frame["value"]) == expected
        assert frame["time"].iloc[0] == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_zipped_file_is_read_as_it_is(watch: Watch, store: DuckDBStore) -> None:
    watcher = watch()
    upload = watcher.folder.receive("generic-hourly", "a.csv.gz")
    upload.write(gzip.compress(hours("m", 24).encode()))
    upload.finish()
    assert watcher.work_off()[0].stored == 24


QUALITY = """
[device]
column = "Mätare"
[time]
column = "Tid"
format = ["%Y-%m-%d %H:%M"]
basis = "normaltid"
stands_for = "start"
interval = "hour"
[[value]]
column = "kWh"
quantity = "consumption"
unit = "kWh"
[quality]
column = "Kvalitet"
good = ["Uppmätt"]
estimated = ["Beräknad"]
"""


def test_estimated_values_are_marked_until_they_are_measured(
    watch: Watch, store: DuckDBStore, tmp_path: Path
) -> None:
    watcher = watch()
    mine = tmp_path / "imports" / "ours"
    mine.mkdir(parents=True)
    (mine / "mapping.toml").write_text(QUALITY)
    head = "Mätare;Tid;kWh;Kvalitet\n"
    rows = [f"m;2024-01-01 0{hour}:00;2;Uppmätt\n" for hour in range(4)]
    guessed = [row.replace("Uppmätt", "Beräknad") for row in rows[1:3]]
    measured = guessed[0].replace("2;Beräknad", "3;Uppmätt")  # another value
    for name, lines in (
        ("a.csv", [rows[0], *guessed, rows[3]]),
        ("b.csv", [rows[0], *guessed, rows[3]]),
        ("c.csv", [rows[0], measured, *guessed[1:], rows[3]]),
        ("d.csv", rows[2:3]),  # and at last the same value
    ):
        give(watcher, "ours", name, head + "".join(lines))
    found = [(one.stored, one.corrected, one.unchanged) for one in watcher.work_off()]
    assert found == [(4, 0, 0), (0, 0, 4), (0, 1, 3), (0, 0, 1)]  # marks are not counted
    marks = store.read_readings(["m"], ["energy_of_hour_estimated"], *ALWAYS)
    assert [(f"{time:%H:%M}", value) for time, value in zip(marks["time"], marks["value"], strict=True)] == [
        ("00:00", 0.0),
        ("01:00", 0.0),
    ]
    assert store.superseded("m")["value"].tolist().count(1.0) == 2
