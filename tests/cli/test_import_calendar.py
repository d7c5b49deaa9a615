"""``import calendar``: the difference first, nothing deleted silently, and the same again changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from classroom.places import DayType
from cli.app import app
from cli.import_calendar import slug
from cli.site import load_site
from running import TABLES

HEAD = "municipality,first,last,day_type,name\n# by hand\nHelsingborg,2026-11-02,2026-11-02,closed,Flytt\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    site.mkdir()
    for name, text in {**TABLES, "classroom.toml": "", "calendar.csv": HEAD}.items():
        (site / name).write_text(text, encoding="utf-8")
    return site


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Callable[..., Result]:
    def go(text: str, *options: str, name: str = "Läsår 2026 (1).csv") -> Result:
        (tmp_path / name).write_text(text, encoding="utf-8")
        arguments = ["import", "calendar", str(tmp_path / name), *options, "--site", str(folder)]
        return CliRunner().invoke(app, arguments)

    return go


CITY = ("--municipality", "Helsingborg")
LOV = "från;till;typ\n2026-10-26;2026-10-30;Höstlov\n2026-11-16;;Studiedag\n2026-11-23;;Friluftsdag\n"


def test_a_calendar_is_taken_in_once(folder: Path, run: Callable[..., Result]) -> None:
    first = run(LOV, *CITY, "--yes")
    assert first.exit_code == 0, first.output
    assert "'Friluftsdag': no word in it is known" in first.output
    text = (folder / "calendar.csv").read_text(encoding="utf-8")
    assert text == (
        "municipality,first,last,day_type,name,source\n# by hand\n"
        "Helsingborg,2026-11-02,2026-11-02,closed,Flytt\n"
        "Helsingborg,2026-10-26,2026-10-30,lov,Höstlov,lasar-2026\n"
        "Helsingborg,2026-11-16,2026-11-16,studiedag,Studiedag,lasar-2026\n"
    )
    assert load_site(folder).timetable("lindhaga").day_type(date(2026, 11, 16)) is DayType.STUDIEDAG
    (backup,) = (folder / "backups").iterdir()
    assert (backup / "calendar.csv").read_text(encoding="utf-8") == HEAD
    assert "No changes." in run(LOV, *CITY, "--yes").output
    assert (folder / "calendar.csv").read_text(encoding="utf-8") == text


def test_what_goes_is_shown_and_the_years_before_stay(folder: Path, run: Callable[..., Result]) -> None:
    run(LOV, *CITY, "--yes")
    moved = run("från;till;typ\n2026-10-26;2026-10-30;Höstlov\n2026-11-17;;Studiedag\n", *CITY, "--yes")
    assert "Go (1):\n  - municipality Helsingborg, first 2026-11-16" in moved.output
    run("från;till;typ\n2027-10-25;2027-10-29;Höstlov\n", *CITY, "--yes")
    days = [row.first for row in load_site(folder).calendar if row.source == "lasar-2026"]
    assert days == [date(2026, 10, 26), date(2026, 11, 17), date(2027, 10, 25)]


def test_check_writes_nothing(folder: Path, run: Callable[..., Result]) -> None:
    assert "+ municipality Helsingborg, first 2026-10-26" in run(LOV, *CITY, "--check").output
    assert (folder / "calendar.csv").read_text(encoding="utf-8") == HEAD
    assert not (folder / "backups").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Say whom it concerns"),
        (("--school", "nowhere"), "No school 'nowhere'"),
        (("--municipality", "Lund"), "no school lies there"),
        ((*CITY, "--all"), "Give one of"),
        ((*CITY, "--as", "fest"), "known are term"),
        ((*CITY, "--source", "Å b"), "--source"),
        ((*CITY, "--from", "2030-01-01", "--to", "2030-02-01"), "nothing within that time"),
    ],
)
def test_what_is_refused(
    folder: Path, run: Callable[..., Result], options: tuple[str, ...], said: str
) -> None:
    result = run(LOV, *options, "--yes")
    assert result.exit_code in (1, 2)
    assert said in result.output
    assert (folder / "calendar.csv").read_text(encoding="utf-8") == HEAD


def test_words_of_the_site(folder: Path, run: Callable[..., Result]) -> None:
    (folder / "calendars.toml").write_text('[words]\nfriluftsdag = "school_day"\n', encoding="utf-8")
    assert "Not understood" not in run(LOV, *CITY, "--yes").output
    assert "school_day" in (folder / "calendar.csv").read_text(encoding="utf-8")


def test_names_of_sources() -> None:
    assert [slug(name) for name in ("Läsår (2)", "HÖST 26", "(1)")] == ["lasar", "host-26", "calendar"]
