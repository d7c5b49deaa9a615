"""``import timetable``: no name, personal number or signature of anybody reaches disk, log or terminal."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlsxwriter
from typer.testing import CliRunner, Result

from cli.app import app
from cli.site import load_site
from running import TABLES

NAME, NUMBER, SIGNATURE = "Anna Svensson", "20110203-4567", "AnSv"
PERSON = f"{NAME} {NUMBER} {SIGNATURE}"
SECRETS = [*NAME.split(), NUMBER, NUMBER[2:], NUMBER.replace("-", ""), SIGNATURE, "20110203"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    site.mkdir()
    for name, text in {**TABLES, "classroom.toml": ""}.items():
        (site / name).write_text(text, encoding="utf-8")
    return site


@pytest.fixture
def run(folder: Path) -> Callable[..., Result]:
    def go(*paths: Path, answer: str = "", **options: str) -> Result:
        extra = [part for key, value in options.items() for part in (f"--{key}", value)]
        arguments = ["import", "timetable", *map(str, paths), "--school", "lindhaga", *extra]
        yes = [] if answer else ["--yes"]
        return CliRunner().invoke(app, [*arguments, *yes, "--site", str(folder)], input=answer)

    return go


@pytest.fixture
def nobody(folder: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[Result], None]]:
    """Checks that nobody is named in what was printed, logged, raised, or written to a file of the site."""
    caplog.set_level(logging.DEBUG)

    def check(result: Result) -> None:
        places = {"the output": result.output, "the log": caplog.text, "the error": repr(result.exception)}
        for path in folder.rglob("*"):
            if path.is_file():
                places[str(path)] = path.read_text(encoding="utf-8", errors="replace")
        for place, text in places.items():
            found = [secret for secret in SECRETS if secret.casefold() in text.casefold()]
            assert not found, f"{place} holds {found}"

    return check


ICAL_FIELDS = (
    *("SUMMARY", "DESCRIPTION", "COMMENT", "CONTACT", "CATEGORIES", "RESOURCES", "URL", "UID"),
    *("X-TEACHER", "CLASS", "RELATED-TO", 'LOCATION;ALTREP="x"'),
)


def ical(**fields: str) -> str:
    told = "".join(f"{key}:{value}\n" for key, value in fields.items())
    return (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:{PERSON}\nX-WR-CALNAME:{PERSON}\nX-WR-CALDESC:{PERSON}\n"
        f"BEGIN:VEVENT\nDTSTART;TZID=Europe/Stockholm:20260901T081000\nDURATION:PT1H\nLOCATION:101\n"
        f'ORGANIZER;CN="{PERSON}":mailto:ansv@skola.se\nATTENDEE;CN="{PERSON}":mailto:x@skola.se\n{told}'
        "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\n"
        f"DESCRIPTION:{PERSON}\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n"
    )


@pytest.mark.parametrize("field", ICAL_FIELDS)
def test_no_field_of_ical_names_anybody(
    field: str, tmp_path: Path, folder: Path, run: Callable[..., Result], nobody: Callable[[Result], None]
) -> None:
    path = tmp_path / "schema.ics"
    path.write_text(ical(**{field: PERSON}), encoding="utf-8")
    result = run(path)
    nobody(result)
    assert len(load_site(folder).lessons) == 1, result.output


@pytest.mark.parametrize(
    "line",
    [
        f"DTSTART:{PERSON}",
        f"DTSTART;TZID={NAME}:20260902T081000",
        f"DTSTART;TZID=/{NAME}/Europe/Stockholm:20260902T081000",
        f"DTSTART:20260902T081000\nDTEND:{PERSON}",
        f"DTSTART:20260902T081000\nDURATION:{PERSON}",
        f"DTSTART:20260902T081000\nRRULE:FREQ=WEEKLY;UNTIL={PERSON}",
        f"DTSTART:20260902T081000\nRRULE:{PERSON}",
        f"DTSTART:20260902T081000\nEXDATE:{PERSON}",
        f"DTSTART:20260902T081000\nRECURRENCE-ID:{PERSON}",
        f"DTSTART:20260902T081000\nSTATUS:{PERSON}",
        f"DTSTART:20260902T081000\n{PERSON}",
        f"DTSTART:20260902T081000\nLOCATION;{PERSON}:x",
        f"DTSTART:20260902T081000\nLOCATION:Sal {PERSON}",
    ],
)
def test_no_broken_property_of_ical_names_anybody(
    line: str, tmp_path: Path, run: Callable[..., Result], nobody: Callable[[Result], None]
) -> None:
    path = tmp_path / "schema.ics"
    path.write_text(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{line}\nEND:VEVENT\nEND:VCALENDAR\n", encoding="utf-8")
    nobody(run(path))


COLUMNS = {
    "sal": "101",
    "dag": "1",
    "start": "08:10",
    "slut": "09:10",
    "antal": "27",
    "veckor": "alla",
    "klass": "8A",
    "giltig från": "2026-08-18",
    "giltig till": "2026-12-18",
    "lärare": "x",
    "ämne": "Ma",
}


def _sheet(path: Path, header: list[str], row: list[str]) -> Path:
    if path.suffix == ".csv":
        path.write_text(f"{';'.join(header)}\n{';'.join(row)}\n", encoding="utf-8")
        return path
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet(SIGNATURE)
        for line, cells in enumerate((header, row)):
            sheet.write_row(line, 0, cells)
        sheet.write_comment(0, 0, PERSON)
    return path


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("column", [*COLUMNS, "header"])
def test_no_column_of_a_sheet_names_anybody(
    column: str, kind: str, tmp_path: Path, run: Callable[..., Result], nobody: Callable[[Result], None]
) -> None:
    row = {**COLUMNS, column: PERSON} if column != "header" else {**COLUMNS, PERSON: PERSON}
    result = run(_sheet(tmp_path / f"schema.{kind}", list(row), list(row.values())))
    nobody(result)
    spoilt = {"dag", "start", "slut", "antal", "veckor", "giltig från", "giltig till", "sal"}
    assert (result.exit_code == 0) == (column not in spoilt), result.output


STANDARD = {
    "calendarEvents": [
        {
            "id": "e1",
            "activity": {"id": "a1", "displayName": "Ma"},
            "comment": "c",
            "cancelled": False,
            "startTime": "2026-09-01T08:10:00+02:00",
            "endTime": "2026-09-01T09:10:00+02:00",
            "rooms": [{"id": "r1", "displayName": "101"}],
            "resources": [{"id": "x", "displayName": "y"}],
            "studentExceptions": [{"student": {"id": "p3", "displayName": "z"}, "participates": True}],
            "teacherExceptions": [{"duty": {"id": "d", "displayName": "t"}, "participates": False}],
        }
    ],
    "activities": [
        {
            "id": "a1",
            "displayName": "Ma",
            "comment": "c",
            "calendarEventsRequired": True,
            "groups": [{"id": "g1", "displayName": "8A"}],
            "teachers": [{"duty": {"id": "d", "displayName": "t"}}],
        }
    ],
    "groups": [
        {
            "id": "g1",
            "displayName": "8A",
            "groupType": "Undervisning",
            "groupMemberships": [{"person": {"id": "p1", "displayName": "n"}, "startDate": "2026-08-18"}],
        }
    ],
    "rooms": [{"id": "r1", "displayName": "101", "owner": {"id": "o", "displayName": "skola"}}],
    "persons": [{"id": "p1", "givenName": "n", "familyName": "n", "civicNo": {"value": "1"}}],
    "duties": [{"id": "d", "signature": "s", "person": {"id": "t", "displayName": "n"}}],
    "pageToken": "",
}


def _paths(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Every leaf of a JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _paths(inner, (*path, at))
    else:
        yield path


LEAVES = list(_paths(STANDARD))


@pytest.mark.parametrize("leaf", LEAVES, ids=[".".join(map(str, leaf)) for leaf in LEAVES])
def test_no_field_of_ss12000_names_anybody(
    leaf: tuple[object, ...],
    tmp_path: Path,
    run: Callable[..., Result],
    nobody: Callable[[Result], None],
) -> None:
    content = json.loads(json.dumps(STANDARD))
    place = content
    for key in leaf[:-1]:
        place = place[key]
    place[leaf[-1]] = PERSON
    path = tmp_path / "export.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    nobody(run(path))


def test_everything_spoilt_at_once(
    tmp_path: Path, folder: Path, run: Callable[..., Result], nobody: Callable[[Result], None]
) -> None:
    """The check itself sees what is there: the same scan over the source file finds all of it."""
    path = tmp_path / "schema.ics"
    path.write_text(ical(DESCRIPTION=PERSON), encoding="utf-8")
    result = run(path)
    nobody(result)
    (folder / "leak.txt").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"leak\.txt holds"):
        nobody(result)


def test_a_second_time_changes_nothing_and_the_answer_no_neither(
    tmp_path: Path, folder: Path, run: Callable[..., Result]
) -> None:
    path = _sheet(tmp_path / "schema.csv", list(COLUMNS), list(COLUMNS.values()))
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    refused = run(path, answer="n\n")
    assert refused.exit_code == 1
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert "Written" in run(path, answer="y\n").output
    written = (folder / "lessons.csv").read_text(encoding="utf-8")
    assert "lindhaga,101,1,08:10,09:10,27,all,2026-08-18,2026-12-18,timetable" in written
    again = run(path)
    assert "No changes." in again.output
    assert (folder / "lessons.csv").read_text(encoding="utf-8") == written


def test_unknown_schools_and_rooms_of_the_mapping_are_refused(
    tmp_path: Path, folder: Path, run: Callable[..., Result]
) -> None:
    path = _sheet(tmp_path / "schema.csv", list(COLUMNS), list(COLUMNS.values()))
    (folder / "calendars.toml").write_text('[rooms.lindhaga]\n"Gympan" = "999"\n', encoding="utf-8")
    result = run(path)
    assert result.exit_code == 2
    assert "999" in result.output
    (folder / "calendars.toml").write_text('[words]\n"x" = "fest"\n', encoding="utf-8")
    assert run(path).exit_code == 2
