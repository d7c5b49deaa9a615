"""``classroom-climate report`` as people call it, on a store of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analytics import jobs
from classroom.reading import Reading
from cli.app import app
from cli.site import database, load_site
from store.duckdb_store import DuckDBStore

RUNNER = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site with a school that has October 2025, and one without anything."""
    (tmp_path / "classroom.toml").write_text("[api]\nport = 1\n[site]\nlanguage = 'en'\n", encoding="utf-8")
    texts = {
        "schools": "key,name\nberga,Bergaskolan\ntom,Tomma skolan\n",
        "meters": "school,key,name,carrier\nberga,el,El,electricity\n",
        "devices": "key,school,meter\nm-el,berga,el\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "data").mkdir()
    site = load_site(tmp_path)
    store = DuckDBStore(database(tmp_path))
    first = datetime(2025, 9, 30, 22, tzinfo=UTC)
    days = [first + timedelta(days=n, hours=n >= 26) for n in range(31)]
    store.write_readings([Reading("m-el", "energy_of_day_kwh", day, 10.0) for day in days])
    jobs.run(store, site, datetime(2025, 11, 3, tzinfo=UTC))
    store.close()
    return tmp_path


def call(folder: Path, *arguments: str) -> tuple[int, str]:
    result = RUNNER.invoke(app, ["report", *arguments, "--site", str(folder)])
    return result.exit_code, result.output


@pytest.mark.slow
def test_a_report_is_made_explained_verified_and_its_year_closed(folder: Path) -> None:
    out = folder / "out"
    code, text = call(folder, "berga", "--period", "2025-10", "-f", "pdf,csv", "-l", "sv", "-o", str(out))
    assert (code, "Wrote 3 files" in text) == (0, True), text
    made = ["berga-2025-10-sv.csv", "berga-2025-10-sv.csv-metadata.json", "berga-2025-10-sv.pdf"]
    assert sorted(path.name for path in out.iterdir()) == made
    code, text = call(folder, "explain", "berga:2025-10:energy_kwh:electricity")
    assert code == 0, text
    assert "310 kWh" in text
    assert "31 readings used" in text
    code, text = call(folder, "verify", str(out / "berga-2025-10-sv.pdf"))
    assert (code, text.startswith("same: berga, 2025-10")) == (0, True), text
    table = out / "berga-2025-10-sv.csv"
    code, text = call(folder, "verify", str(table))
    assert (code, text.startswith("same: berga, 2025-10")) == (0, True), text
    table.write_text(table.read_text(encoding="utf-8").replace(",310.0,", ",300.0,"), encoding="utf-8")
    code, text = call(folder, "verify", str(table))
    assert code == 1
    assert "file: berga:2025-10:energy_kwh:electricity: 310 → 300" in text
    (out / "berga-2025-10-sv.csv-metadata.json").unlink()
    code, text = call(folder, "verify", str(table))
    assert (code, "with berga-2025-10-sv.csv-metadata.json beside it" in " ".join(text.split())) == (1, True)
    code, text = call(folder, "close", "2025", "berga", "--yes")
    assert (code, "berga 2025: closed" in text) == (0, True), text
    code, text = call(folder, "accounts", "2025", "berga", "-o", str(out))
    assert (code, "1 of them closed, 0 restatements" in text) == (0, True), text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "-p", "2025"), "There is no school 'nowhere'"),
        (("berga", "-p", "2025-13"), "write a month 2026-10"),
        (("berga", "-p", "2025", "-f", "doc"), "write any of pdf, xlsx, csv, json"),
        (("berga", "-p", "2025", "--decimal", ","), "needs the delimiter ;"),
        (("berga", "-p", "2025", "-l", "de"), "write sv or en"),
        (("close", "2025", "nowhere", "--yes"), "There is no school"),
    ],
)
def test_a_wrong_word_says_what_to_write(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "classroom.toml").write_text("[api]\nport = 1\n", encoding="utf-8")
    (tmp_path / "schools.csv").write_text("key,name\nberga,Bergaskolan\n", encoding="utf-8")
    code, text = call(tmp_path, *arguments)
    assert code == 2
    assert said in " ".join(text.split())
