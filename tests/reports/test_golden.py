"""Reports on a simulated city: PDF, workbook and CSV say the same, and it is the truth."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pdfua
import pytest
from pypdf import PdfReader
from report_files import csv_rows, first_page, pdf_text, sheet, sheet_rows, squeezed

from reported_city import City
from reports.language import Code, language
from reports.make import FORMATS, Shape
from reports.period import parse_period
from reports.service import Reports

MONTH = parse_period("2025-11")
LANGS: tuple[Code, ...] = ("sv", "en")


@pytest.fixture(scope="module")
def made() -> dict[tuple[str, str, str], bytes]:
    return {}


@pytest.fixture
def files(reports: Reports, made: dict[tuple[str, str, str], bytes]) -> Any:
    """Files of a school's month by (school, language, format); each is made once."""

    def get(school: str, lang: Code, kind: str) -> bytes:
        if (school, lang, kind) not in made:
            for file in reports.school(school, MONTH, Shape(FORMATS, lang)):
                made[school, lang, file.format] = file.content
        return made[school, lang, kind]

    return get


@pytest.mark.parametrize("lang", LANGS)
def test_figures_agree_with_each_other(files: Any, lang: Code) -> None:
    rows = csv_rows(files("almbacka", lang, "csv"))
    cells = sheet_rows(files("almbacka", lang, "xlsx"), language(lang, _zone()).text("Figures"))
    listed = {one["id"]: one for one in json.loads(files("almbacka", lang, "json"))["figures"]}
    text = pdf_text(files("almbacka", lang, "pdf"))
    say = language(lang, _zone())
    assert len(rows) > 60
    assert set(rows) == set(cells) == set(listed)
    for key, row in rows.items():
        value = listed[key]["value"]
        assert cells[key]["value"] == ("" if value is None else pytest.approx(value, rel=1e-12))
        assert row["value"] == ("" if value is None else repr(value))
        assert cells[key]["unit"] == row["unit"]
        if row["period"] == MONTH.key:
            assert squeezed(key) in text
            assert squeezed(say.number(value, 3)) in text


@pytest.mark.parametrize("lang", LANGS)
def test_energy_is_the_truth(reported: City, files: Any, lang: Code) -> None:
    rows = csv_rows(files("almbacka", lang, "csv"))
    say = language(lang, _zone())
    front = first_page(files("almbacka", lang, "pdf"))
    for carrier in ("electricity", "district_heat"):
        true = reported.true_kwh("almbacka", carrier, MONTH.first, MONTH.last)
        before = reported.true_kwh("almbacka", carrier, date(2024, 11, 1), date(2024, 11, 30))
        row = rows[f"almbacka:2025-11:energy_known_kwh:{carrier}"]
        assert float(row["value"]) == pytest.approx(true, rel=1e-9)
        assert row["status"] == "ok"
        change = float(rows[f"almbacka:2025-11:energy_change_share:{carrier}"]["value"])
        assert change == pytest.approx(true / before - 1, rel=1e-6)
        assert squeezed(say.energy(true)) in front
        assert squeezed(say.share(true / before - 1, 1, sign=True)) in front


def test_emissions_are_energy_times_the_factor_and_never_summed_across_bases(
    reported: City, files: Any
) -> None:
    rows = csv_rows(files("almbacka", "en", "csv"))
    power = reported.true_kwh("almbacka", "electricity", MONTH.first, MONTH.last)
    heat = reported.true_kwh("almbacka", "district_heat", MONTH.first, MONTH.last)

    def value(key: str) -> float:
        return float(rows[f"almbacka:2025-11:{key}"]["value"])

    assert value("emissions_kgco2e:electricity:location") == pytest.approx(power * 6 / 1000)
    assert value("emissions_kgco2e:electricity:market") == pytest.approx(power * 524.1 / 1000)
    assert value("emissions_kgco2e:district_heat:location") == pytest.approx(heat * 71 / 1000)
    assert value("scope_2_kgco2e:all:location") == pytest.approx((power * 6 + heat * 71) / 1000)
    assert value("scope_2_kgco2e:all:market") == pytest.approx(power * 524.1 / 1000)
    assert "without:district_heat" in rows["almbacka:2025-11:scope_2_kgco2e:all:market"]["reason"]
    assert rows["almbacka:2025-11:scope_2_kgco2e:all:market"]["status"] == "partial"


def test_the_saving_holds_what_the_measure_saves_and_the_bridge_names_the_factor(
    reported: City, files: Any
) -> None:
    rows = csv_rows(files("almbacka", "sv", "csv"))
    saved = rows["almbacka:2025-11:saved_kwh:district_heat"]
    assert reported.saved_kwh > 0
    assert float(saved["low"]) < reported.saved_kwh < float(saved["high"])
    assert saved["status"] == "ok"
    stem = "almbacka:2025-11:bridge_direct_{}_kgco2e:district_heat:location"
    parts = {
        cause: float(rows[stem.format(cause)]["value"])
        for cause in ("weather", "calendar", "area", "own_use", "factor", "change")
    }
    now = reported.true_kwh("almbacka", "district_heat", MONTH.first, MONTH.last)
    before = reported.true_kwh("almbacka", "district_heat", date(2024, 11, 1), date(2024, 11, 30))
    assert parts["factor"] == pytest.approx((71 - 50) / 1000 * (now + before) / 2)
    assert parts.pop("change") == pytest.approx((now * 71 - before * 50) / 1000)
    assert sum(parts.values()) == pytest.approx((now * 71 - before * 50) / 1000)


def test_air_is_the_truth(files: Any) -> None:
    rows = csv_rows(files("almbacka", "sv", "csv"))
    assert float(rows["almbacka/k01:2025-11:co2_above_limit_share"]["value"]) == pytest.approx(0.5)
    assert float(rows["almbacka:2025-11:comfort_share"]["value"]) == pytest.approx(0.5)
    assert float(rows["almbacka/k01:2025-11:co2_above_limit_share"]["coverage"]) == pytest.approx(1)


@pytest.mark.parametrize(("lang", "word"), [("sv", "Vad som saknas"), ("en", "What is missing")])
def test_a_report_over_gaps_says_so_on_its_first_page(
    reported: City, files: Any, lang: Code, word: str
) -> None:
    front = first_page(files("bjorkbacka", lang, "pdf"))
    assert squeezed(word) in front
    assert "2025-11-10" in front
    assert "2025-11-14" in front
    rows = csv_rows(files("bjorkbacka", lang, "csv"))
    known = rows["bjorkbacka:2025-11:energy_known_kwh:electricity"]
    estimate = rows["bjorkbacka:2025-11:energy_estimated_kwh:electricity"]
    both = rows["bjorkbacka:2025-11:energy_with_estimate_kwh:electricity"]
    true = reported.true_kwh("bjorkbacka", "electricity", MONTH.first, MONTH.last)
    gap = reported.true_kwh("bjorkbacka", "electricity", date(2025, 11, 10), date(2025, 11, 14))
    assert float(known["value"]) == pytest.approx(true - gap, rel=1e-9)
    assert float(known["coverage"]) == pytest.approx(25 / 30)
    assert float(estimate["low"]) < gap < float(estimate["high"])
    assert float(both["value"]) == pytest.approx(float(known["value"]) + float(estimate["value"]))
    whole = first_page(files("almbacka", lang, "pdf"))
    assert squeezed(word) not in whole


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("sv", "Ingen summa kan ges av det som Björkbackaskolan köpte under 2025: el och fjärrvärme."),
        (
            "en",
            "Of what Björkbackaskolan bought in 2025 no total can be given: electricity and district heat.",
        ),
    ],
)
def test_a_year_without_a_total_says_so_in_a_sentence(reports: Reports, lang: Code, said: str) -> None:
    (file,) = reports.school("bjorkbacka", parse_period("2025"), Shape(("xlsx",), lang))
    front = sheet(file.content, {"sv": "Sammanfattning", "en": "Summary"}[lang])
    assert said in [row[0] for row in front]


@pytest.mark.parametrize("school", ["almbacka", "bjorkbacka"])
@pytest.mark.parametrize("lang", LANGS)
def test_each_pdf_passes_pdfua(files: Any, school: str, lang: Code, tmp_path: Any) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(files(school, lang, "pdf"))
    found = pdfua.validate(str(path))
    assert [finding.message for finding in found.findings] == []
    reader = PdfReader(path)
    assert reader.trailer["/Root"]["/Lang"].startswith(lang)
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_the_workbook_holds_numbers_dates_and_charts_with_words(reports: Reports) -> None:
    (file,) = reports.school("almbacka", parse_period("2025-Q4"), Shape(("xlsx",), "en"))
    rows = sheet_rows(file.content, "Figures")
    first = rows["almbacka:2025-Q4:energy_known_kwh:district_heat"]
    assert isinstance(first["value"], float)
    assert first["first_day"] == date(2025, 10, 1)
    with zipfile.ZipFile(io.BytesIO(file.content)) as parts:
        drawings = [parts.read(name).decode() for name in parts.namelist() if "drawings/drawing" in name]
        sheets = [parts.read(name).decode() for name in parts.namelist() if "worksheets/sheet" in name]
    assert 'descr="Bars: ' in "".join(drawings)
    assert sum("<pane " in sheet for sheet in sheets) > 4
    assert not any("<f>" in sheet for sheet in sheets)


def _zone() -> ZoneInfo:
    return ZoneInfo("Europe/Stockholm")
