"""kgCO2e by hand: 144 kWh × g/kWh ÷ 1000."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analytics.emissions import emissions
from classroom.factors import FACTORS, Factor
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier

START = datetime(2023, 3, 2, 23, tzinfo=UTC)
BOTH = ("se-el-ivl-nordic-2023", "se-el-ei-residual-2023")


def energy(
    value: float | None,
    status: Status = Status.OK,
    reason: str | None = None,
    carrier: Carrier = Carrier.ELECTRICITY,
) -> Metric:
    return Metric(
        time=START,
        period_end=START + timedelta(days=1),
        interval=Interval.DAY,
        school="berga",
        scope=Scope.SCHOOL,
        id="berga",
        metric="energy_kwh",
        carrier=carrier,
        basis=None,
        value=value,
        low=None if value is None else value - 4,
        high=None,
        unit="kWh",
        coverage=0.75,
        status=status,
        reason=reason,
        method="energy.registers/1",
        factors=(),
        fingerprint="e",
    )


def test_location_and_market_side_by_side_with_their_factors() -> None:
    location, market = emissions(energy(144.0), 2023, FACTORS, BOTH)
    assert (location.basis, location.value, location.factors) == ("location", pytest.approx(8.496), BOTH[:1])
    assert (market.basis, market.value, market.factors) == ("market", pytest.approx(75.4704), BOTH[1:])
    assert location.low == pytest.approx(140 * 59 / 1000)
    assert (location.unit, location.metric, location.coverage) == ("kgCO2e", "emissions_kgco2e", 0.75)
    assert (location.status, location.reason) == (Status.OK, None)


def test_no_factor_is_null_with_the_reason() -> None:
    heat = energy(144.0, carrier=Carrier.DISTRICT_HEAT)
    for metric in emissions(heat, 2023, FACTORS, BOTH):
        assert (metric.value, metric.status, metric.reason) == (None, Status.INSUFFICIENT, "no_factor")
    location, market = emissions(heat, 2023, FACTORS, (*BOTH, "helsingborg-heat-vmk-2020"))
    assert location.value == pytest.approx(144 * 0.071)
    assert (location.status, location.reason) == (Status.PRELIMINARY, "factor_of_2020")
    assert market.reason == "no_factor"


def test_an_earlier_factor_is_preliminary_until_the_year_has_its_own() -> None:
    location, _ = emissions(energy(144.0), 2026, FACTORS, BOTH)
    assert (location.status, location.reason) == (Status.PRELIMINARY, "factor_of_2023")
    own = Factor(
        id="own-2026",
        carrier=Carrier.ELECTRICITY,
        year=2026,
        g_per_kwh=20,
        basis="location",
        covers="lifecycle",
        area="x",
        source="x",
    )
    restated, _ = emissions(energy(144.0), 2026, [*FACTORS, own], (*BOTH, "own-2026"))
    assert (restated.value, restated.status, restated.reason) == (pytest.approx(2.88), Status.OK, None)
    assert restated.fingerprint != location.fingerprint


def test_a_later_factor_is_an_estimate() -> None:
    location, _ = emissions(energy(144.0), 2020, FACTORS, BOTH)
    assert (location.status, location.reason) == (Status.ESTIMATED, "factor_of_2023")


def test_energy_that_is_worth_less_stays_so() -> None:
    partial, _ = emissions(energy(144.0, Status.PARTIAL, "gap"), 2026, FACTORS, BOTH)
    assert (partial.status, partial.reason) == (Status.PARTIAL, "gap; factor_of_2023")
    silent, _ = emissions(energy(None, Status.NO_DATA, "no_readings"), 2026, FACTORS, BOTH)
    assert (silent.value, silent.status, silent.reason) == (None, Status.NO_DATA, "no_readings")
