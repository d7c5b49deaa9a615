"""The bridge of a year on a simulated school: what weather, the planted measure and the factor really did."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import NamedTuple

import pytest
from heated import days_between, write_energy, write_weather
from pypdf import PdfReader

from classroom.quantity import Carrier
from classroom.sitefiles import parse_site
from reported_city import reports_at, texts_of
from reports.make import Shape
from reports.period import parse_period
from simulators.counterfactual import daily_energy
from simulators.scenario import SCENARIO_FILE, Scenario, parse_scenario
from simulators.school import Town
from store.duckdb_store import DuckDBStore

SCHOOL, SHARE = "almbacka", 0.2
FIRST, TURN, LAST = date(2024, 1, 1), date(2025, 1, 1), date(2025, 12, 31)


class Truth(NamedTuple):
    """What happened between the years: the measure [kWh, negative] and, without it, weather and all else."""

    before_kwh: float
    after_kwh: float
    measure_kwh: float

    @property
    def weather_kwh(self) -> float:
        """The change that the same house without the measure would have shown."""
        return self.after_kwh - self.measure_kwh - self.before_kwh


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_bridge_tells_weather_measure_and_factor_apart(store: DuckDBStore) -> None:
    texts = texts_of(FIRST, [SCHOOL])
    site = parse_site(texts)
    given = parse_scenario(texts[SCENARIO_FILE]).model_dump()
    measure = {"kind": "heat_measure", "school": SCHOOL, "first": TURN, "share": SHARE}
    town = Town(site, Scenario.model_validate({**given, "defects": [measure]}))
    bought = daily_energy([town], FIRST, LAST, counterfactual=False).bought.set_index("day")
    heat, outdoor_c = bought["district_heat_kwh"], bought["outdoor_c"]
    after_kwh = float(heat.loc[TURN:].sum())
    saved_kwh = after_kwh * SHARE / (1 - SHARE)  # its heat, exactly: simulators.defects
    truth = Truth(float(heat.loc[: date(2024, 12, 31)].sum()), after_kwh, -saved_kwh)
    assert truth.measure_kwh < -0.1 * truth.before_kwh
    days = days_between(FIRST, LAST)
    write_weather(store, site, "väder", days, lambda day: float(outdoor_c[day]))
    write_energy(store, site, SCHOOL, Carrier.DISTRICT_HEAT, days, lambda day: float(heat[day]))
    reports = reports_at(store, site, "2026-01-10T12:00:00+00:00")
    files = reports.school(SCHOOL, parse_period("2025"), Shape(("csv", "pdf"), "en"))
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(files[0].content.decode("utf-8-sig")))}

    def part(cause: str, side: str = "value") -> float:
        return float(rows[f"{SCHOOL}:2025:bridge_{cause}_kwh:district_heat"][side])

    assert part("change") == pytest.approx(truth.after_kwh - truth.before_kwh)
    assert part("own_use", "low") < truth.measure_kwh < part("own_use", "high")
    assert part("own_use") == pytest.approx(truth.measure_kwh, abs=0.03 * truth.before_kwh)
    told = part("weather") + part("calendar")
    assert told == pytest.approx(truth.weather_kwh, abs=0.03 * truth.before_kwh)
    stem = f"{SCHOOL}:2025:bridge_direct_factor_kgco2e:district_heat:location"
    mean_kwh = (truth.before_kwh + truth.after_kwh) / 2
    assert float(rows[stem]["value"]) == pytest.approx((71 - 50) / 1000 * mean_kwh)
    saved = rows[f"{SCHOOL}:2025:saved_kwh:district_heat"]
    assert saved["status"] == "ok"
    assert float(saved["low"]) < -truth.measure_kwh < float(saved["high"])
    pages = "".join(page.extract_text() for page in PdfReader(io.BytesIO(files[-1].content)).pages)
    assert f"{part('own_use'):,.0f}".lstrip("-") in pages
