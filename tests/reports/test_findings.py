"""A real finding as every format prints it: energy, gases, cost, evidence and what to do, as it is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from report_files import csv_rows, pdf_text, sheet, sheet_rows, squeezed

from analytics.insights.job import read_insights, update
from analytics.insights.model import Insight, InsightKind
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.sitefiles import parse_site
from reported_city import NOW, City, reports_over
from reports.figures import FigureIdError
from reports.fits import here
from reports.insight_texts import insight_text
from reports.language import Code, language
from reports.make import FORMATS, Shape
from reports.manifest import find_manifest
from reports.period import parse_period
from reports.service import Reports
from reports.verify import Cause
from store.duckdb_store import DuckDBStore

MONTH = parse_period("2025-11")
LANGS: tuple[Code, ...] = ("sv", "en")
RISEN = datetime(2025, 11, 10, 23, tzinfo=UTC)
ADDED_KW, PRICE_SEK = 3.0, 1.5
TRUE_YEAR_KWH = ADDED_KW * 8_760
SHEETS = {"sv": ("Iakttagelser", "Siffror"), "en": ("Insights", "Figures")}


def hours() -> Iterator[Metric]:
    """Electricity by the hour: 10 kW day and night, from 11 November on 3 kW more."""
    last = datetime(2025, 12, 2, 23, tzinfo=UTC)
    for n in range(24 * 120):
        start = last - timedelta(hours=n + 1)
        kw = 10.0 + (ADDED_KW if start >= RISEN else 0.0)
        yield Metric(
            *(start, start + timedelta(hours=1), Interval.HOUR, "almbacka", Scope.SCHOOL, "almbacka"),
            *("energy_kwh", Carrier.ELECTRICITY, None, kw, None, None, "kWh", 1.0, Status.OK, None),
            *("energy.registers/1", (), "f"),
        )


@pytest.fixture
def priced(reported: City) -> Site:
    tariffs = f"carrier,component,name,price_sek\nelectricity,energy,El,{PRICE_SEK}\n"
    return parse_site({**reported.texts, "tariffs.csv": tariffs})


@pytest.fixture
def finding(its_store: DuckDBStore, priced: Site) -> Insight:
    """The one that the analysis makes of :func:`hours`."""
    its_store.write_metrics(list(hours()))
    update(its_store, priced, ["almbacka"], {"almbacka"}, NOW, here)
    (found,) = [one for one in read_insights(its_store, "almbacka") if one.kind is InsightKind.BASE_LOAD_UP]
    return found


@pytest.fixture
def told(its_store: DuckDBStore, priced: Site, finding: Insight) -> Reports:
    return reports_over(its_store, priced)


def test_the_finding_is_the_truth(finding: Insight) -> None:
    assert finding.first == date(2025, 11, 11)
    assert finding.year_kwh is not None
    assert finding.year_kwh.value == pytest.approx(TRUE_YEAR_KWH, rel=0.01)
    assert finding.year_kgco2e is not None
    assert finding.year_kgco2e.value == pytest.approx(finding.year_kwh.value * 6 / 1_000, rel=0.01)
    assert finding.year_sek is not None
    assert finding.year_sek.value == pytest.approx(finding.year_kwh.value * PRICE_SEK, rel=0.01)


@pytest.mark.parametrize("lang", LANGS)
def test_every_format_prints_it_as_it_is_stored(
    told: Reports, priced: Site, finding: Insight, lang: Code
) -> None:
    files = {file.format: file.content for file in told.school("almbacka", MONTH, Shape(FORMATS, lang))}
    say, words = language(lang, priced.zone), insight_text(finding, priced, lang)
    assert finding.year_kwh
    assert finding.year_kgco2e
    assert finding.year_sek
    amounts = (finding.year_kwh, finding.year_kgco2e, finding.year_sek)
    (seen,) = finding.energy
    text = pdf_text(files["pdf"])
    for part in (words.title, words.meaning, words.todo, words.when, finding.method, finding.key):
        assert squeezed(part) in text
    for number in (*(amount.value for amount in amounts), finding.year_kwh.low, finding.year_kwh.high):
        assert squeezed(say.number(number)) in text
    assert squeezed(say.energy(seen.seen_kwh.value)) in text  # what shows it
    assert str(finding.first) in text

    cells = sheet(files["xlsx"], SHEETS[lang][0])
    row, _words = [row for row in cells if str(row[0]).endswith(words.title)]
    year = finding.year_kwh
    assert row[1:7] == [
        words.when,
        *(year.value, year.low, year.high, finding.year_kgco2e.value, finding.year_sek.value),
    ]
    (told_of,) = [row for row in cells if words.todo in row]
    assert told_of[1] == words.meaning
    assert finding.method in told_of[3]

    stem = f"almbacka:2025-11:{finding.key}"
    rows, listed = csv_rows(files["csv"]), sheet_rows(files["xlsx"], SHEETS[lang][1])
    entries = {one["id"]: one for one in json.loads(files["json"])["figures"]}
    for what, unit, amount in zip(
        ("year_kwh", "year_kgco2e:all:location", "year_sek"), ("kWh", "kgCO2e", "SEK"), amounts, strict=True
    ):
        id_ = f"{stem}.{what}"
        assert [float(rows[id_][side]) for side in ("value", "low", "high")] == list(
            amount.model_dump().values()
        )
        assert rows[id_]["unit"] == listed[id_]["unit"] == entries[id_]["unit"] == unit
        assert listed[id_]["value"] == entries[id_]["value"] == amount.value
        assert rows[id_]["method"] == finding.method
        assert squeezed(id_) in text
    assert rows[f"{stem}.seen_days"]["value"] == repr(float((finding.last - finding.first).days + 1))


@pytest.mark.parametrize("lang", LANGS)
def test_the_city_prints_it_with_the_name_of_its_school(
    told: Reports, priced: Site, finding: Insight, lang: Code
) -> None:
    files, _ = told.city(["bjorkbacka", "almbacka"], MONTH, Shape(("pdf", "xlsx"), lang))
    words = insight_text(finding, priced, lang)
    title = f"Almbackaskolan: {words.title}"
    text = pdf_text(files[0].content)
    assert squeezed(f"1. {title}") in text  # it is the one that costs energy
    assert squeezed(words.todo) in text
    assert finding.year_sek
    assert squeezed(language(lang, priced.zone).number(finding.year_sek.value)) in text
    row, _words = [row for row in sheet(files[1].content, SHEETS[lang][0]) if row[0] == f"1. {title}"]
    assert row[6] == finding.year_sek.value


def test_its_figure_is_walked_to_what_was_measured(told: Reports, finding: Insight) -> None:
    node = told.explain(f"almbacka:2025-11:{finding.key}.year_kwh")
    assert finding.year_kwh
    assert node.value.startswith(f"{finding.year_kwh.value:.10g} kWh (")
    labels: dict[str, Any] = {part.label: part for part in node.parts}
    assert labels["seen"].value.startswith("2025-11-11 to ")
    assert {part.label: part.value for part in labels["seen"].parts}["added_kw"] == "3"
    assert labels["electricity, direct"].parts[0].label == "factor se-el-eea-2024"
    with pytest.raises(FigureIdError):
        told.explain("almbacka:2025-11:base_load_up.2020-01-01.year_kwh")


def test_a_finding_that_is_judged_anew_is_told_and_makes_no_difference(
    told: Reports, its_store: DuckDBStore, priced: Site, finding: Insight
) -> None:
    then = find_manifest(told.school("almbacka", MONTH, Shape(("pdf",), "sv"))[0].content)
    assert told.verify(then).differences == ()
    its_store.write_metrics([one._replace(value=10.0) for one in hours()])
    update(its_store, priced, ["almbacka"], {"almbacka"}, NOW + timedelta(hours=2), here)
    found = told.verify(then)
    assert found.same
    assert {one.cause for one in found.differences} == {Cause.FINDING}
    assert f"almbacka:2025-11:{finding.key}.year_kwh" in {one.what for one in found.differences}
