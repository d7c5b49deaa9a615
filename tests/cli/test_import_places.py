"""``export`` and ``import places``: out and in again, edited in between, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from classroom.places import Device, Room
from classroom.sitefiles import TABLES
from classroom.tabletext import read_lines
from cli.app import app
from cli.site import load_site, read_texts
from ingest.tables.column_help import HELP

SITE = {
    "classroom.toml": "",
    "schools.csv": "key,name,municipality,latitude\n# ours\nnorra,Norra skolan,Helsingborg,56.05\n",
    "school_attributes.csv": "school,valid_from,atemp_m2,pupils\nnorra,2020-01-01,4200,310\n",
    "buildings.csv": "school,key,name\nnorra,hus-a,Hus A\n",
    "rooms.csv": (
        "school,key,name,building,area_m2,age_group,openable_windows,ovk_flow_l_s\n"
        "norra,0101,=SUMMA(A1),hus-a,60.5,6-10,yes,205\nnorra,a2,-Sal,,58,,no,\n"
    ),
    "meters.csv": "school,key,name,carrier,role,valid_from\nnorra,el,El,electricity,main,2020-01-01\n",
    "devices.csv": (
        "key,school,room,meter,interval_s,valid_from\n"
        "70b3d57ed0051234,norra,0101,,300,2026-01-01\n0004000000123456,norra,,el,900,2026-10-25T01:30:00Z\n"
    ),
    "calendar.csv": "municipality,first,last,day_type,hours\nHelsingborg,2026-10-26,2026-10-30,lov,\n",
    "lessons.csv": "school,room,weekday,start,end\nnorra,0101,1,08:10,09:10\nnorra,0101,1,08:10,09:10\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    site.mkdir()
    for name, text in SITE.items():
        (site / name).write_text(text, encoding="utf-8")
    return site


def command(folder: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments), "--site", str(folder)])


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """Writes sheets, each a list of rows, as a workbook."""

    def write(**sheets: list[list[Any]]) -> Path:
        path = tmp_path / "edited.xlsx"
        options = {"default_date_format": "yyyy-mm-dd", "strings_to_formulas": False}
        with xlsxwriter.Workbook(path, options) as made:
            for title, rows in sheets.items():
                sheet = made.add_worksheet(title)
                for line, row in enumerate(rows):
                    sheet.write_row(line, 0, row)
        return path

    return write


ROOMS = ["school", "key", "name", "area_m2"]
AGES = ["school", "key", "name", "age_group"]
PLACED = ["key", "school", "room"]


def test_out_and_in_again_is_no_change(folder: Path, tmp_path: Path) -> None:
    for target in ("places.xlsx", "tables"):
        assert command(folder, "export", tmp_path / target).exit_code == 0
        result = command(folder, "import", "places", tmp_path / target, "--yes")
        assert result.output == "No changes.\n", result.output
    assert {name: (folder / name).read_text(encoding="utf-8") for name in SITE} == SITE


def test_a_workbook_holds_real_types_and_no_formula(folder: Path, tmp_path: Path) -> None:
    command(folder, "export", tmp_path / "places.xlsx")
    made = python_calamine.CalamineWorkbook.from_path(tmp_path / "places.xlsx")
    assert made.sheet_names == ["help", *(name.removesuffix(".csv") for name in TABLES)]
    rooms = made.get_sheet_by_name("rooms").to_python()
    assert rooms[1][:5] == ["norra", "0101", "=SUMMA(A1)", "hus-a", 60.5]
    assert rooms[1][9] is True
    devices = made.get_sheet_by_name("devices").to_python()
    assert devices[2][0] == "0004000000123456"
    assert devices[1][5] == date(2026, 1, 1)
    assert devices[2][5] == "2026-10-25T01:30:00+00:00"  # that hour comes twice: only text can say which
    told = made.get_sheet_by_name("help").to_python()
    assert ["rooms", "ovk_flow_l_s", "", "supply air as measured in the last OVK [l/s]"] in told


def test_csv_for_swedish_excel_defuses_formulas(folder: Path, tmp_path: Path) -> None:
    command(folder, "export", tmp_path / "tables")
    text = (tmp_path / "tables" / "rooms.csv").read_bytes().decode()
    assert text.startswith("\ufeffschool;key;name;")
    assert "norra;0101;'=SUMMA(A1);hus-a;60,5;" in text
    assert "norra;a2;'-Sal;" in text


def test_every_column_has_its_help() -> None:
    assert {name.removesuffix(".csv") for name in TABLES} <= HELP.keys()
    for file, model in TABLES.items():
        assert HELP[file.removesuffix(".csv")].keys() == model.model_fields.keys()


def test_export_overwrites_nothing_unasked(folder: Path, tmp_path: Path) -> None:
    command(folder, "export", tmp_path / "places.xlsx")
    assert command(folder, "export", tmp_path / "places.xlsx").exit_code == 2
    assert command(folder, "export", tmp_path / "places.xlsx", "--force").exit_code == 0
    assert "would be overwritten" in command(folder, "export", folder).output
    assert command(folder, "export", tmp_path / "places.pdf").exit_code == 2


def test_a_difference_is_shown_and_only_given_columns_change(folder: Path, book: Callable[..., Path]) -> None:
    path = book(
        rooms=[[*ROOMS], ["norra", "0101", "Sal 101", "61,25"], ["norra", "b1", " Ny sal\u00a0", 70]],
    )
    shown = command(folder, "import", "places", path, "--check")
    assert "rooms: new (1):\n  + school norra, key b1, name Ny sal, area_m2 70" in shown.output
    assert "  ~ norra 0101: name: =SUMMA(A1) → Sal 101, area_m2: 60.5 → 61.25" in shown.output
    assert "rooms: not in the file, stay as they are (1):\n  = school norra, key a2" in shown.output
    assert (folder / "rooms.csv").read_text(encoding="utf-8") == SITE["rooms.csv"]
    assert command(folder, "import", "places", path, "--yes").exit_code == 0
    assert (folder / "rooms.csv").read_text(encoding="utf-8") == (
        "school,key,name,building,area_m2,age_group,openable_windows,ovk_flow_l_s\n"
        "norra,0101,Sal 101,hus-a,61.25,6-10,yes,205\nnorra,a2,-Sal,,58,,no,\nnorra,b1,Ny sal,,70,,,\n"
    )
    assert command(folder, "import", "places", path, "--yes").output.endswith("No changes.\n")


def test_an_emptied_cell_empties_the_value(folder: Path, book: Callable[..., Path]) -> None:
    path = book(rooms=[[*ROOMS], ["norra", "a2", "Sal", None]])
    assert "area_m2: 58 → (empty)" in command(folder, "import", "places", path, "--yes").output
    assert load_site(folder).room_by_key["norra", "a2"].area_m2 is None


def test_rows_go_only_when_that_is_said(folder: Path, book: Callable[..., Path]) -> None:
    path = book(rooms=[[*ROOMS], ["norra", "0101", "=SUMMA(A1)", 60.5]])
    assert command(folder, "import", "places", path, "--yes").output.endswith("No changes.\n")
    result = command(folder, "import", "places", path, "--yes", "--delete-missing")
    assert "rooms: deleted (1):\n  - school norra, key a2" in result.output
    assert [room.key for room in load_site(folder).rooms] == ["0101"]
    again = command(folder, "import", "places", book(rooms=[[*ROOMS]]), "--yes", "--delete-missing")
    assert again.exit_code == 1
    assert "no such room" in again.output  # a device still hangs there
    assert [room.key for room in load_site(folder).rooms] == ["0101"]


def test_a_new_row_with_a_date_ends_the_one_before(folder: Path, book: Callable[..., Path]) -> None:
    head = ["key", "school", "room", "valid_from"]
    path = book(devices=[head, ["70B3D57ED0051234", "norra", "a2", date(2026, 11, 2)]])
    result = command(folder, "import", "places", path, "--yes")
    assert (
        "devices: ended (1):\n  | 70b3d57ed0051234 2026-01-01: valid_to: (empty) → 2026-11-02"
        in result.output
    )
    moved = load_site(folder).placements["70b3d57ed0051234"]
    at = datetime(2026, 11, 1, 23, tzinfo=UTC)
    assert [(one.room, one.valid_to) for one in moved] == [("0101", at), ("a2", None)]
    assert moved[1].valid_from == at


def test_changes_from_a_date_on(folder: Path, book: Callable[..., Path]) -> None:
    path = book(
        school_attributes=[["school", "valid_from", "atemp_m2"], ["norra", date(2020, 1, 1), 5000]],
        meters=[["school", "key", "name", "carrier", "share"], ["norra", "el", "El", "electricity", 0.5]],
    )
    assert command(folder, "import", "places", path, "--yes", "--from", "2026-07-01").exit_code == 0
    site = load_site(folder)
    assert [(row.valid_from, row.atemp_m2, row.pupils) for row in site.attributes] == [
        (date(2020, 1, 1), 4200, 310),
        (date(2026, 7, 1), 5000, 310),
    ]
    at = datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert [(row.share, row.valid_from, row.valid_to) for row in site.meters] == [
        (1.0, datetime(2019, 12, 31, 23, tzinfo=UTC), at),
        (0.5, at, None),
    ]


@pytest.mark.parametrize(
    ("sheet", "rows", "said"),
    [
        ("rooms", [ROOMS, ["norra", 101, "x", 1]], "row 2, column 'key': '101.0': the spreadsheet made"),
        ("rooms", [ROOMS, ["norra", "c", "x", "6O"]], "row 2, column 'area_m2': '6O'"),
        ("rooms", [ROOMS, ["norra", "c", "x", date(2026, 5, 1)]], "made a date of it"),
        ("rooms", [AGES, ["norra", "c", "x", date(2026, 10, 6)]], "made a date of it"),
        ("rooms", [ROOMS, ["norra", None, "x", 1]], "column 'key': missing: add it"),
        ("rooms", [[*ROOMS, "colour"], ["norra", "c", "x", 1, "red"]], "column 'colour': no such column"),
        ("rooms", [[*ROOMS, "name"], ["norra", "c", "x", 1, "y"]], "the column stands twice"),
        ("rooms", [ROOMS, ["norra", "c", "x", 1, "y"]], "under no column"),
        ("rooms", [["name"], ["x"]], "the columns school, key say which row"),
        ("devices", [PLACED, [1.2e15, "norra", "a2"]], "zeros or last digits may be lost"),
        ("devices", [PLACED, ["1,2E+15", "norra", "a2"]], "rounded a long number"),
        ("devices", [PLACED, [4000000123456, "norra", "a2"]], "a number of '0004000000123456'"),
        ("devices", [[*PLACED, "valid_from"], ["x", "norra", "a2", "1/9 2026"]], "write a date as"),
        ("devices", [PLACED, ["x", "norra", "a9"]], "sheet devices, row 2: x.room = 'a9'"),
        ("meters", [["school", "key", "name", "carrier"], ["norra", "v", "V", "steam"]], "write one of"),
        ("lov", [["a"], ["b"]], "no such table"),
    ],
)  # fmt: skip
def test_faults_name_sheet_row_column_value_and_cure(
    folder: Path, book: Callable[..., Path], sheet: str, rows: list[list[Any]], said: str
) -> None:
    good = [["school", "key", "name"], ["norra", "hus-b", "Hus B"]]
    result = command(folder, "import", "places", book(buildings=good, **{sheet: rows}), "--yes")
    assert result.exit_code == 1
    assert said in " ".join(result.output.split()), result.output
    assert read_texts(folder) == SITE  # nothing of the good sheet either


def test_cells_that_hold_no_value_are_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "edited.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet("rooms")
        for line, row in enumerate([ROOMS, ["norra", "c", "x"], ["norra", "d", "y"], ["norra", "e", "z"]]):
            sheet.write_row(line, 0, row)
        sheet.write_formula("D2", "=1/0", None, "#DIV/0!")
        sheet.write_formula("D3", "=1+1", None, 2)
        sheet.merge_range("A6:A7", "norra")
    output = " ".join(command(folder, "import", "places", path, "--yes").output.split())
    assert "sheet rooms, row 2, column 'D': #DIV/0!: the cell shows an error" in output
    assert "row 6, column 'A': A6:A7: merged cells" in output
    assert "row 3" not in output  # its value is in the file


def test_several_rows_of_a_device_need_their_dates(folder: Path, book: Callable[..., Path]) -> None:
    rows = "d,norra,a2,,2026-11-01\nd,norra,0101,2026-11-01,\n"
    (folder / "devices.csv").write_text(f"key,school,room,valid_from,valid_to\n{rows}", encoding="utf-8")
    path = book(devices=[PLACED, ["d", "norra", "a2"]])
    result = command(folder, "import", "places", path, "--yes")
    assert "several rows are called so; add the column valid_from" in result.output


def test_no_is_no(folder: Path, book: Callable[..., Path]) -> None:
    path = book(rooms=[[*ROOMS], ["norra", "b1", "Ny", 70]])
    arguments = ["import", "places", str(path), "--site", str(folder)]
    assert "Nothing was changed" in CliRunner().invoke(app, arguments, input="n\n").output
    assert read_texts(folder) == SITE
    assert not (folder / "backups").exists()


WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(WORDS, min_size=1, max_size=4),
    area=st.none() | st.floats(0.001, 9_999),
    at=st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_anything_survives_the_round_trip(
    folder: Path, tmp_path: Path, names: list[str], area: float | None, at: datetime
) -> None:
    zone = load_site(folder).zone
    rooms = [
        Room.model_validate({"school": "norra", "key": f"0{n}", "name": name, "area_m2": area})
        for n, name in enumerate(names)
    ]
    devices = [
        Device(key=f"=d{n}", school="norra", room=room.key, valid_from=at + timedelta(n))
        for n, room in enumerate(rooms)
    ]
    (folder / "lessons.csv").write_text("", encoding="utf-8")
    (folder / "rooms.csv").write_text(read_lines("", Room, zone).edited(zone, {}, rooms), encoding="utf-8")
    (folder / "devices.csv").write_text(
        read_lines("", Device, zone).edited(zone, {}, devices), encoding="utf-8"
    )
    before = read_texts(folder)
    for target in ("places.xlsx", "tables"):
        assert command(folder, "export", tmp_path / target, "--force").exit_code == 0
        result = command(folder, "import", "places", tmp_path / target, "--yes")
        assert result.output == "No changes.\n", result.output
    assert read_texts(folder) == before
