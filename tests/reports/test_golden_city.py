"""The report of all schools of a simulated city: every format says the same, and it is the truth."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pdfua
import pytest
from report_files import csv_rows, first_page, pdf_text, sheet, sheet_rows, squeezed

from classroom.quantity import Carrier
from reported_city import City
from reports.figures import Mark
from reports.language import Code, language
from reports.make import FORMATS, Shape
from reports.period import parse_period
from reports.service import Reports

MONTH = parse_period("2025-11")
LANGS: tuple[Code, ...] = ("sv", "en")
ZONE = ZoneInfo("Europe/Stockholm")
BOTH = ("almbacka", "bjorkbacka")


@pytest.fixture(scope="module")
def made() -> dict[tuple[str, str], bytes]:
    return {}


@pytest.fixture
def files(reports: Reports, made: dict[tuple[str, str], bytes]) -> Any:
    """Files of the city's month by (language, format); each is made once."""

    def get(lang: Code, kind: str) -> bytes:
        if (lang, kind) not in made:
            for file in reports.city(BOTH, MONTH, Shape(FORMATS, lang))[0]:
                made[lang, file.format] = file.content
        return made[lang, kind]

    return get


@pytest.mark.parametrize("lang", LANGS)
def test_figures_agree_with_each_other(files: Any, lang: Code) -> None:
    say = language(lang, ZONE)
    rows, text = csv_rows(files(lang, "csv")), pdf_text(files(lang, "pdf"))
    cells = sheet_rows(files(lang, "xlsx"), say.text("Figures"))
    listed = {one["id"]: one for one in json.loads(files(lang, "json"))["figures"]}
    assert set(rows) == set(cells) == set(listed)
    assert {key.partition(":")[0] for key in rows} == {"portfolio", *BOTH}
    for key, row in rows.items():
        value = listed[key]["value"]
        assert cells[key]["value"] == ("" if value is None else pytest.approx(value, rel=1e-12))
        assert row["value"] == ("" if value is None else repr(value))
        assert cells[key]["unit"] == row["unit"]
        if key.startswith("portfolio:2025-11:"):
            assert squeezed(key) in text
            assert squeezed(say.number(value, 3)) in text


@pytest.mark.parametrize("lang", LANGS)
def test_sums_are_the_truth(reported: City, files: Any, lang: Code) -> None:
    rows, say = csv_rows(files(lang, "csv")), language(lang, ZONE)
    front = first_page(files(lang, "pdf"))

    def value(key: str) -> float:
        return float(rows[f"portfolio:2025-11:{key}"]["value"])

    heat = sum(reported.true_kwh(one, "district_heat", MONTH.first, MONTH.last) for one in BOTH)
    power = sum(reported.true_kwh(one, "electricity", MONTH.first, MONTH.last) for one in BOTH)
    gap = reported.true_kwh("bjorkbacka", "electricity", date(2025, 11, 10), date(2025, 11, 14))
    assert value("energy_known_kwh:district_heat") == pytest.approx(heat, rel=1e-9)
    assert value("energy_known_kwh:electricity") == pytest.approx(power - gap, rel=1e-9)
    assert value("energy_with_estimate_kwh:electricity") == pytest.approx(power, rel=0.02)
    assert value("emissions_kgco2e:district_heat:location") == pytest.approx(heat * 71 / 1_000)
    area = {row.school: row.atemp_m2 or 0.0 for row in reported.site.attributes}
    per_m2 = value("energy_per_m2_kwh:district_heat")
    assert per_m2 == pytest.approx(heat / sum(area[one] for one in BOTH))
    assert value("co2_above_limit_share") == pytest.approx(0.5)
    assert rows["portfolio:2025-11:co2_above_limit_share"]["method"].endswith("+rooms/1+schools/1")
    assert squeezed(say.energy(heat)) in front
    energy = sheet(files(lang, "xlsx"), say.text("Energy"))
    (row,) = [row for row in energy if row[0] == say.text("district heat")]
    assert row[1] == pytest.approx(heat)
    assert row[6] == pytest.approx(per_m2)


@pytest.mark.parametrize("lang", LANGS)
def test_a_saving_and_the_causes_of_a_change_say_whom_they_lack(
    reported: City, files: Any, lang: Code
) -> None:
    rows, say = csv_rows(files(lang, "csv")), language(lang, ZONE)
    saved = rows["portfolio:2025-11:saved_kwh:district_heat"]
    assert saved["status"] == "ok"
    assert saved["reason"] == "schools_without_a_figure:1"  # bjorkbacka's year before is too short
    assert float(saved["low"]) < reported.saved_kwh < float(saved["high"])
    causes = ("weather", "calendar", "area", "own_use")
    parts = [float(rows[f"portfolio:2025-11:bridge_{one}_kwh:district_heat"]["value"]) for one in causes]
    change = rows["portfolio:2025-11:bridge_change_kwh:district_heat"]
    assert sum(parts) == pytest.approx(float(change["value"]))
    assert change["value"] == rows["almbacka:2025-11:bridge_change_kwh:district_heat"]["value"]
    assert change["status"] == "partial"
    one_lacks = {"sv": "1 skola utan siffra", "en": "1 school without a figure"}[lang]
    assert squeezed(one_lacks) in pdf_text(files(lang, "pdf"))
    savings = sheet(files(lang, "xlsx"), say.text("Comparison and causes"))
    by_school = [row for row in savings if row[0] == "Björkbackaskolan" and row[2] == ""]
    assert by_school
    assert all(str(row[5]).startswith(say.text("no claim: {why}", why="")) for row in by_school)


@pytest.mark.parametrize(("lang", "word"), [("sv", "Vad som saknas"), ("en", "What is missing")])
def test_gaps_and_failures_are_told_on_the_first_page(
    reports: Reports, files: Any, lang: Code, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = first_page(files(lang, "pdf"))
    assert squeezed(word) in front
    assert "Björkbackaskolan:5" in front
    read = reports._store.read_hours

    def fails(devices: Any, *rest: Any, **named: Any) -> Any:
        if any(one.startswith("bjorkbacka") for one in devices):
            raise ValueError("a register that nobody can read")
        return read(devices, *rest, **named)

    monkeypatch.setattr(reports._store, "read_hours", fails)
    (file,), _ = reports.city(BOTH, MONTH, Shape(("pdf",), lang))
    front, text = first_page(file.content), pdf_text(file.content)
    assert "Björkbackaskolan" in front
    assert squeezed("a register that nobody can read") in text


def test_one_school_is_one(reports: Reports) -> None:
    (english,), _ = reports.city(["almbacka"], MONTH, Shape(("pdf",), "en"))
    (swedish,), _ = reports.city(["almbacka"], MONTH, Shape(("pdf",), "sv"))
    assert "1schoolbought" in first_page(english.content)
    assert "Allofthemaremeasuredcompletely" in first_page(english.content)
    assert "1skolaköpte" in first_page(swedish.content)


@pytest.mark.parametrize("lang", LANGS)
def test_the_pdf_passes_pdfua(files: Any, lang: Code, tmp_path: Any) -> None:
    path = tmp_path / "city.pdf"
    path.write_bytes(files(lang, "pdf"))
    assert [finding.message for finding in pdfua.validate(str(path)).findings] == []


def test_a_quarter_has_its_months_and_charts(reported: City, reports: Reports) -> None:
    period = parse_period("2025-Q4")
    files, found = reports.city(BOTH, period, Shape(("pdf", "csv"), "en"))
    assert found.marks[Carrier.ELECTRICITY, "2025-11"] is Mark.PARTLY_ESTIMATED
    heat = csv_rows(files[1].content)["portfolio:2025-11:energy_known_kwh:district_heat"]
    true = sum(reported.true_kwh(one, "district_heat", MONTH.first, MONTH.last) for one in BOTH)
    assert float(heat["value"]) == pytest.approx(true)
    assert "almbacka:2025-11:energy_known_kwh:district_heat" not in csv_rows(files[1].content)
    text = pdf_text(files[0].content)
    assert "Electricitybymonth" in text
    assert "partlyestimated" in text
