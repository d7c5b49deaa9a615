"""kgCO2e by hand: 144 kWh × g/kWh ÷ 1000; the lines of the GHG Protocol never mix."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analytics.emissions import avoided_kgco2e, emissions
from classroom.factor_pack import FACTORS
from classroom.factors import Cover, Factor
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier

START = datetime(2023, 3, 2, 23, tzinfo=UTC)
BOTH = ("se-el-eea-2024", "se-el-ei-residual-2023")


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


def own(
    covers: Cover, g_per_kwh: float, carrier: Carrier = Carrier.DISTRICT_HEAT, year: int = 2023
) -> Factor:
    return Factor(
        id=f"own-{covers}-{year}",
        carrier=carrier,
        year=year,
        g_per_kwh=g_per_kwh,
        basis="location",
        covers=covers,
        area="x",
        source="x",
    )


def test_location_and_market_side_by_side_with_their_factors() -> None:
    location, market = emissions(energy(144.0), 2024, FACTORS, BOTH)
    assert (location.basis, location.value, location.factors) == ("location", pytest.approx(0.864), BOTH[:1])
    assert (market.basis, market.value, market.factors) == ("market", pytest.approx(75.4704), BOTH[1:])
    assert location.low == pytest.approx(140 * 6 / 1000)
    assert (location.unit, location.metric, location.coverage) == ("kgCO2e", "emissions_kgco2e", 0.75)
    assert (location.status, location.reason) == (Status.OK, None)


def test_no_factor_is_null_with_the_reason() -> None:
    heat = energy(144.0, carrier=Carrier.DISTRICT_HEAT)
    for metric in emissions(heat, 2023, FACTORS, BOTH):
        assert (metric.value, metric.status, metric.reason) == (None, Status.INSUFFICIENT, "no_factor")


def test_a_lifecycle_factor_gives_one_line_of_its_own_and_no_direct_one() -> None:
    heat = energy(144.0, carrier=Carrier.DISTRICT_HEAT)
    found = emissions(heat, 2023, FACTORS, (*BOTH, "helsingborg-heat-vmk-2020"))
    direct, lifecycle, market = found
    assert (direct.metric, direct.value, direct.reason) == ("emissions_kgco2e", None, "lifecycle_factor_only")
    assert (lifecycle.metric, lifecycle.value) == ("emissions_lifecycle_kgco2e", pytest.approx(144 * 0.071))
    assert (lifecycle.status, lifecycle.reason) == (Status.PRELIMINARY, "factor_of_2020")
    assert (market.basis, market.reason) == ("market", "no_factor")


def test_upstream_and_biogenic_stand_apart_from_scope_2() -> None:
    factors = [own("direct", 30), own("upstream", 8), own("biogenic", 200)]
    heat = energy(144.0, carrier=Carrier.DISTRICT_HEAT)
    found = emissions(heat, 2023, factors, [factor.id for factor in factors])
    location = {metric.metric: metric.value for metric in found if metric.basis == "location"}
    assert location == {
        "emissions_kgco2e": pytest.approx(4.32),
        "emissions_upstream_kgco2e": pytest.approx(1.152),
        "emissions_biogenic_kgco2e": pytest.approx(28.8),
    }


def test_what_a_day_leaves_out_follows_its_line() -> None:
    left = energy(10.0, carrier=Carrier.DISTRICT_HEAT)._replace(metric="energy_unresolved_kwh")
    found = emissions(left, 2023, [own("upstream", 8)], ["own-upstream-2023"])
    assert [metric.metric for metric in found] == [
        "emissions_unresolved_kgco2e",
        "emissions_upstream_unresolved_kgco2e",
        "emissions_unresolved_kgco2e",
    ]


def test_a_fuel_burnt_on_site_emits_the_same_on_either_basis() -> None:
    gas = energy(144.0, carrier=Carrier.GAS)
    location, market = emissions(gas, 2023, [own("direct", 203, Carrier.GAS)], ["own-direct-2023"])
    assert location.value == market.value == pytest.approx(29.232)


def test_an_earlier_factor_is_preliminary_until_the_year_has_its_own() -> None:
    location, _ = emissions(energy(144.0), 2026, FACTORS, BOTH)
    assert (location.status, location.reason) == (Status.PRELIMINARY, "factor_of_2024")
    years_own = own("direct", 20, Carrier.ELECTRICITY, 2026)
    restated, _ = emissions(energy(144.0), 2026, [*FACTORS, years_own], (*BOTH, "own-direct-2026"))
    assert (restated.value, restated.status, restated.reason) == (pytest.approx(2.88), Status.OK, None)
    assert restated.fingerprint != location.fingerprint


def test_a_later_factor_is_an_estimate() -> None:
    location, _ = emissions(energy(144.0), 2020, FACTORS, BOTH)
    assert (location.status, location.reason) == (Status.ESTIMATED, "factor_of_2024")


def test_energy_that_is_worth_less_stays_so() -> None:
    partial, _ = emissions(energy(144.0, Status.PARTIAL, "gap"), 2026, FACTORS, BOTH)
    assert (partial.status, partial.reason) == (Status.PARTIAL, "gap; factor_of_2024")
    silent, _ = emissions(energy(None, Status.NO_DATA, "no_readings"), 2026, FACTORS, BOTH)
    assert (silent.value, silent.status, silent.reason) == (None, Status.NO_DATA, "no_readings")


def test_another_line_gives_the_whole_basis_another_fingerprint() -> None:
    heat = energy(144.0, carrier=Carrier.DISTRICT_HEAT)
    factors = [own("direct", 30), own("upstream", 8)]
    alone, *_ = emissions(heat, 2023, factors, ["own-direct-2023"])
    both, *_ = emissions(heat, 2023, factors, ["own-direct-2023", "own-upstream-2023"])
    assert alone.value == both.value
    assert alone.fingerprint != both.fingerprint


def test_avoided_emissions_need_a_marginal_factor() -> None:
    assert avoided_kgco2e(1_000, own("marginal", 300)) == 300
    with pytest.raises(ValueError, match="average factor"):
        avoided_kgco2e(1_000, own("direct", 30))
