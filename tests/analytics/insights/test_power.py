from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.model import Insight, InsightKind
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.tariffs import TariffRow

Make = Callable[..., SchoolData]
EL = Carrier.ELECTRICITY


def priced(site: Site, *rows: tuple[str, float]) -> Site:
    tariffs = tuple(
        TariffRow.model_validate(
            {"carrier": EL, "name": component, "component": component, "price_sek": price}
        )
        for component, price in rows
    )
    object.__setattr__(site, "tariffs", tariffs)
    return site


def told(data: SchoolData, kind: InsightKind) -> list[Insight]:
    return [one for one in find(data) if one.kind is kind]


def test_a_few_hours_make_the_power_charge(make_data: Make, site: Site) -> None:
    """23 kW is usual; in one hour of October and one of November 40 and 45 kW: (17 + 22) · 60 SEK of four
    months, three times that in a year."""
    data = make_data(days=122, site=priced(site, ("power", 60.0), ("energy", 1.0)))
    for day, kw in (("2025-10-07", 40.0), ("2025-11-12", 45.0)):
        data.hours.loc[(data.hours["day"] == day) & (data.hours["hour"] == 9), "electricity_kwh"] = kw
    (found,) = told(data, InsightKind.PEAK_POWER)
    assert found.params == {"peak_kw": 45.0, "usual_kw": 23.0}
    assert found.energy == ()
    assert found.year_sek is not None
    assert found.year_sek.value == pytest.approx((17 + 22) * 60 * 12 / 4)
    assert found.evidence.rows == (("2025-10-07", "09:00", 40.0), ("2025-11-12", "09:00", 45.0))


def test_peaks_without_a_power_charge_have_no_price(make_data: Make, site: Site) -> None:
    data = make_data(days=122, site=priced(site, ("energy", 1.0)))
    data.hours.loc[(data.hours["day"] == "2025-10-07") & (data.hours["hour"] == 9), "electricity_kwh"] = 40.0
    (found,) = told(data, InsightKind.PEAK_POWER)
    assert (found.year_sek, found.no_sek) == (None, "no_tariff")


def test_even_days_have_no_peaks(make_data: Make) -> None:
    assert told(make_data(days=122), InsightKind.PEAK_POWER) == []


def sunny(data: SchoolData, made_kw: float, out_kw: float) -> SchoolData:
    noon = data.hours["hour"].between(9, 16)
    data.hours["produced_kwh"] = np.where(noon, made_kw, 0.0)
    data.hours["exported_kwh"] = np.where(noon, out_kw, 0.0)
    return data


def test_solar_electricity_that_leaves(make_data: Make, site: Site) -> None:
    """Half of 20 kW in 8 hours of 100 days: 8 000 kWh, a third of it usable; bought for 1.50, paid 0.40."""
    data = sunny(
        make_data(days=100, site=priced(site, ("energy", 1.0), ("tax", 0.5), ("export", 0.4))), 20.0, 10.0
    )
    (found,) = told(data, InsightKind.SOLAR_UNUSED)
    assert (found.params["share"], found.params["kwh"]) == (0.5, 8_000)
    assert found.year_kwh is not None
    assert found.year_kwh.value == pytest.approx(0.3 * 8_000)
    assert found.year_sek is not None
    assert found.year_sek.value == pytest.approx(0.3 * 8_000 * 1.1)
    assert found.first == date(2025, 9, 1)


@pytest.mark.parametrize(("made_kw", "out_kw"), [(20.0, 5.0), (2.0, 1.5)])
def test_little_that_leaves_is_silent(make_data: Make, made_kw: float, out_kw: float) -> None:
    assert told(sunny(make_data(days=100), made_kw, out_kw), InsightKind.SOLAR_UNUSED) == []
