"""All schools together."""

from __future__ import annotations

from datetime import date

import pytest
from heated import FIRST, LAST, days_between, heat_kwh, write_energy, write_two_years, write_weather

from analytics.savings import Claim
from classroom.quantity import Carrier
from classroom.site import Site
from reports.dates import Dates
from reports.portfolio import LeftOut, portfolio_savings
from reports.sources import Asked, Sources
from store.base import Store

HEAT, EL = Carrier.DISTRICT_HEAT, Carrier.ELECTRICITY
SCHOOLS = ["tagaborg", "garda", "empty"]


def test_it_is_net_of_those_that_used_more(store: Store, site: Site, sources: Sources) -> None:
    write_two_years(store, site, "tagaborg", saved=0.12)
    write_two_years(store, site, "garda", saved=-0.05)
    found = portfolio_savings(sources, SCHOOLS)
    assert found is not None
    assert found.reporting == Dates(date(2025, 1, 1), LAST)
    one, two = (
        next(line for line in school.carriers if line.carrier is HEAT).result for school in found.schools[:2]
    )
    assert (one.claim, two.claim) == (Claim.SAVING, Claim.INCREASE)
    heat = next(line for line in found.carriers if line.carrier is HEAT).result
    assert one.saved_kwh is not None
    assert two.saved_kwh is not None
    assert heat.saved_kwh == pytest.approx(one.saved_kwh + two.saved_kwh)
    assert heat.low_kwh is not None
    assert heat.low_kwh < heat.saved_kwh
    assert found.left_out == (LeftOut("empty", None, "no_meters"),)
    el = next(line for line in found.carriers if line.carrier is EL).result
    assert found.total.result.saved_kwh == pytest.approx(heat.saved_kwh + (el.saved_kwh or 0))
    (lifecycle,) = [
        one for line in found.carriers if line.carrier is HEAT for one in line.emissions if one.factors
    ]
    assert lifecycle.saved_kgco2e == pytest.approx(0.071 * heat.saved_kwh)


def test_what_cannot_be_compared_is_listed(store: Store, site: Site, sources: Sources) -> None:
    write_weather(store, site, "smhi", days_between(FIRST, LAST))
    write_energy(store, site, "tagaborg", HEAT, days_between(FIRST, LAST), heat_kwh)
    found = portfolio_savings(sources, SCHOOLS, Asked(reporting=Dates(date(2025, 1, 1), LAST)))
    assert found is not None
    assert found.baseline == Dates(date(2024, 1, 1), date(2024, 12, 31))
    assert found.left_out == (
        LeftOut("tagaborg", EL, "no_energy"),
        LeftOut("garda", HEAT, "no_energy"),
        LeftOut("empty", None, "no_meters"),
    )
    assert [line.carrier for line in found.carriers] == [HEAT]
    assert portfolio_savings(sources, []) is None


def test_nothing_known_at_all_is_no_claim(sources: Sources) -> None:
    found = portfolio_savings(sources, SCHOOLS)
    assert found is not None
    assert (found.total.result.claim, found.total.result.saved_kwh) == (Claim.NONE, None)
    assert len(found.left_out) == 4
