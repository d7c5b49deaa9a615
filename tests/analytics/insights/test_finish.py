"""What a finding costs in kWh, kgCO2e and SEK, by hand, and in which order findings are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest

from analytics.insights.data import SchoolData
from analytics.insights.finish import Found, Waste, finish, spread
from analytics.insights.model import InsightKind, Range
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.tariffs import TariffRow

Make = Callable[..., SchoolData]
EL, HEAT = Carrier.ELECTRICITY, Carrier.DISTRICT_HEAT


def with_tables(site: Site, tariffs: list[dict[str, Any]], factors: tuple[str, ...] = ()) -> Site:
    object.__setattr__(site, "tariffs", tuple(TariffRow.model_validate(row) for row in tariffs))
    chosen = site.settings.factors.model_copy(update={"chosen": factors})
    object.__setattr__(site, "settings", site.settings.model_copy(update={"factors": chosen}))
    return site


def found(data: SchoolData, kind: InsightKind, kwh: dict[Carrier, float], **more: Any) -> Found:
    """A finding of so much energy, evenly over all hours; a year costs twice what was seen."""
    hours = data.hours.index
    waste = {
        carrier: Waste(pd.Series(value / len(hours), index=hours), spread(value, 0.1), spread(2 * value, 0.1))
        for carrier, value in kwh.items()
    }
    usual: dict[str, Any] = {"first": data.first, "last": data.last, "ongoing": True, "method": "test/1"}
    return Found(kind=kind, waste=waste, **(usual | more))


ENERGY = {"carrier": EL, "name": "Elhandel", "component": "energy", "price_sek": 1.0}
HEATING = {"carrier": HEAT, "name": "Fjärrvärme", "component": "energy", "price_sek": 0.5}


def test_energy_emissions_and_money_of_a_year(make_data: Make, site: Site) -> None:
    """1 000 kWh of electricity and 4 000 of heat seen; 6 and 71 g/kWh; 1.00 and 0.50 SEK/kWh; a year is
    twice that."""
    factors = ("se-el-eea-2024", "se-el-ei-residual-2023", "helsingborg-heat-vmk-2020")
    data = make_data(site=with_tables(site, [ENERGY, HEATING], factors))
    (one,) = finish(data, [found(data, InsightKind.VENTILATION_AT_NIGHT, {EL: 1_000.0, HEAT: 4_000.0})])
    assert one.year_kwh == Range(value=10_000, low=9_000, high=11_000)
    assert one.year_sek == Range(value=6_000, low=5_400, high=6_600)
    assert one.no_sek is None
    told = {(part.carrier, part.basis, part.covers): part.year_kgco2e.value for part in one.emissions}
    assert told == {
        (EL, "location", "direct"): 12.0,
        (EL, "market", "direct"): pytest.approx(2 * 524.1),
        (HEAT, "location", "lifecycle"): pytest.approx(8_000 * 0.071),
    }
    assert one.year_kgco2e is None  # a direct and a lifecycle line are not added


def test_like_factors_are_added(make_data: Make, site: Site) -> None:
    data = make_data(site=with_tables(site, [], ("se-el-ivl-nordic-2023", "helsingborg-heat-vmk-2020")))
    (one,) = finish(data, [found(data, InsightKind.VENTILATION_AT_NIGHT, {EL: 1_000.0, HEAT: 4_000.0})])
    assert one.year_kgco2e is not None
    assert one.year_kgco2e.value == pytest.approx(2 * 59 + 8_000 * 0.071)


@pytest.mark.parametrize("tariffs", [[], [ENERGY], [ENERGY, HEATING | {"valid_from": date(2025, 10, 1)}]])
def test_no_tariff_for_all_of_it_no_money(make_data: Make, site: Site, tariffs: list[dict[str, Any]]) -> None:
    data = make_data(site=with_tables(site, tariffs))
    (one,) = finish(data, [found(data, InsightKind.VENTILATION_AT_NIGHT, {EL: 1_000.0, HEAT: 4_000.0})])
    assert (one.year_sek, one.no_sek) == (None, "no_tariff")
    assert (one.year_kgco2e, one.emissions) == (None, ())


def test_what_goes_on_first_then_air_then_energy_by_weight(make_data: Make, site: Site) -> None:
    """Without tariffs electricity weighs 1.8 and heat 0.7 (BBR 29)."""
    data = make_data(site=with_tables(site, []))
    told = finish(
        data,
        [
            found(data, InsightKind.SENSOR_SILENT, {}, device="d"),
            found(data, InsightKind.SETPOINT_HIGH, {HEAT: 2_000.0}),
            found(data, InsightKind.BASE_LOAD_UP, {EL: 1_000.0}),
            found(data, InsightKind.VENTILATION_AT_NIGHT, {EL: 90_000.0}, ongoing=False),
            found(data, InsightKind.UNDERVENTILATED_ROOM, {}, room="a1", severity=1_300.0),
            found(data, InsightKind.UNDERVENTILATED_ROOM, {}, room="a2", severity=1_500.0),
            found(data, InsightKind.OVERHEATED_ROOM, {}, room="a1"),
        ],
    )
    assert [(one.rank, one.kind.value, one.room) for one in told] == [
        (1, "underventilated_room", "a2"),
        (2, "underventilated_room", "a1"),
        (3, "base_load_up", None),
        (4, "setpoint_high", None),
        (5, "overheated_room", "a1"),
        (6, "sensor_silent", None),
        (7, "ventilation_at_night", None),
    ]


def test_with_tariffs_money_decides(make_data: Make, site: Site) -> None:
    dear = HEATING | {"price_sek": 3.0}
    data = make_data(site=with_tables(site, [ENERGY, dear]))
    told = finish(
        data,
        [
            found(data, InsightKind.BASE_LOAD_UP, {EL: 1_000.0}),
            found(data, InsightKind.SETPOINT_HIGH, {HEAT: 1_000.0}),
        ],
    )
    assert [one.kind for one in told] == [InsightKind.SETPOINT_HIGH, InsightKind.BASE_LOAD_UP]


def test_trifles_are_not_told(make_data: Make) -> None:
    data = make_data()
    assert finish(data, [found(data, InsightKind.BASE_LOAD_UP, {EL: 40.0})]) == []
