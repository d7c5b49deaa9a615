"""By hand: every price in round figures."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analytics.costs import peak_kw, power_sek, price_sek_kwh, saving_sek
from classroom.quantity import Carrier
from classroom.tariffs import Component, TariffRow

ZONE = ZoneInfo("Europe/Stockholm")
EL = Carrier.ELECTRICITY


def row(name: str, component: Component, price: float, **more: object) -> TariffRow:
    return TariffRow.model_validate(
        {"carrier": EL, "name": name, "component": component, "price_sek": price, **more}
    )


ENERGY = row("Elhandel", Component.ENERGY, 0.50)
HIGH = row("Höglast", Component.ENERGY, 0.30, months="11-3", weekdays="1-5", hours="06:00-22:00")
TAX = row("Energiskatt", Component.TAX, 0.44)
POWER = row("Effekt", Component.POWER, 60.0)


def hours(first: str, last: str) -> pd.DatetimeIndex:
    """UTC hours of the local days."""
    return pd.date_range(
        first, pd.Timestamp(last) + pd.Timedelta(days=1), freq="h", inclusive="left", tz=ZONE
    ).tz_convert("UTC")


def test_season_weekday_and_hour() -> None:
    times = pd.DatetimeIndex(
        [pd.Timestamp(text, tz=ZONE) for text in (
            "2026-01-14 05:00", "2026-01-14 06:00", "2026-01-14 21:00", "2026-01-14 22:00",
            "2026-01-17 12:00", "2026-07-15 12:00",
        )]
    )  # fmt: skip
    assert price_sek_kwh([ENERGY, HIGH, TAX], times, ZONE).round(2).tolist() == [
        0.94,
        1.24,
        1.24,
        0.94,
        0.94,
        0.94,
    ]


def test_the_newest_of_a_name_holds_and_nothing_before_the_first() -> None:
    rows = [
        row("Elhandel", Component.ENERGY, 0.5, valid_from=date(2025, 1, 1)),
        row("Elhandel", Component.ENERGY, 0.7, valid_from=date(2026, 1, 1), valid_to=date(2026, 6, 30)),
    ]
    times = pd.DatetimeIndex(
        [
            pd.Timestamp(text, tz=ZONE)
            for text in ("2024-12-31", "2025-12-31 23:00", "2026-01-01", "2026-07-01")
        ]
    )
    price = price_sek_kwh(rows, times, ZONE)
    assert np.isnan(price[0])
    assert price[1:].tolist() == [0.5, 0.7, 0.5]


def test_power_is_the_months_highest_hour() -> None:
    """January 40 kW, February 30 kW at most: (40 + 30) · 60 SEK."""
    index = hours("2026-01-01", "2026-02-28")
    kwh = pd.Series(10.0, index=index)
    kwh[pd.Timestamp("2026-01-20 07:00", tz="UTC")] = 40.0
    kwh[pd.Timestamp("2026-02-03 07:00", tz="UTC")] = 30.0
    assert power_sek([POWER, ENERGY], kwh, ZONE) == {"2026-01": 2400.0, "2026-02": 1800.0}


def test_means_of_several_peaks_a_day_each() -> None:
    index = hours("2026-01-01", "2026-01-31")
    kwh = pd.Series(10.0, index=index)
    for text, kw in (
        ("01-12 08:00", 40.0),
        ("01-12 09:00", 39.0),
        ("01-13 08:00", 30.0),
        ("01-18 12:00", 50.0),
    ):
        kwh[pd.Timestamp(f"2026-{text}", tz="UTC")] = kw
    three = row("Effekt", Component.POWER, 60.0, peaks=3)
    assert peak_kw(three, kwh, ZONE) == pytest.approx((50 + 40 + 30) / 3)
    weekdays = row("Effekt", Component.POWER, 60.0, peaks=2, weekdays="1-5")
    assert peak_kw(weekdays, kwh, ZONE) == pytest.approx((40 + 30) / 2)  # the 18th is a Sunday
    by_day = row("Effekt", Component.POWER, 60.0, peak_of="day")
    assert peak_kw(by_day, kwh, ZONE) == pytest.approx(10 + (30 + 29) / 24)  # the 12th


def test_what_a_saving_is_worth() -> None:
    """2 kW less in all 744 hours of January: 744·2·0.94 energy and tax, and 2·60 of the power charge."""
    index = hours("2026-01-01", "2026-01-31")
    used, saved = pd.Series(10.0, index=index), pd.Series(2.0, index=index)
    assert saving_sek([ENERGY, TAX], used, saved, ZONE) == pytest.approx(744 * 2 * 0.94)
    assert saving_sek([ENERGY, TAX, POWER], used, saved, ZONE) == pytest.approx(744 * 2 * 0.94 + 120)


def test_water_goes_with_its_heat() -> None:
    """A quarter of the heat of 744 hours with 2 m³ each at 4 SEK/m³, beside 0.50 SEK/kWh."""
    index = hours("2026-01-01", "2026-01-31")
    used, saved, water = (pd.Series(value, index=index) for value in (40.0, 10.0, 2.0))
    rows = [row("Energi", Component.ENERGY, 0.5), row("Flöde", Component.FLOW, 4.0, months="10-4")]
    assert saving_sek(rows, used, saved, ZONE, water) == pytest.approx(744 * (10 * 0.5 + 0.25 * 2 * 4))
    assert saving_sek(rows, used, saved, ZONE, water * np.nan) == pytest.approx(744 * 10 * 0.5)


def test_no_tariff_no_money() -> None:
    index = hours("2026-01-01", "2026-01-31")
    used, saved = pd.Series(10.0, index=index), pd.Series(2.0, index=index)
    assert saving_sek([], used, saved, ZONE) is None
    later = row("Elhandel", Component.ENERGY, 0.5, valid_from=date(2026, 1, 15))
    assert saving_sek([later], used, saved, ZONE) is None
    assert saving_sek([POWER], used, saved, ZONE) is None
