from __future__ import annotations

import pytest

from classroom.faults import ConfigurationError
from classroom.quantity import Carrier
from classroom.sitefiles import parse_site
from classroom.tariffs import Component, tariff_of

SITE = {"classroom.toml": "", "schools.csv": "key,name\nberga,Berga\ntorp,Torp\n"}
HEADER = "school,carrier,component,name,price_sek,months,weekdays,hours,peaks,peak_of,valid_from,valid_to\n"


def test_a_schools_own_rows_replace_the_sites() -> None:
    site = parse_site(
        SITE
        | {
            "tariffs.csv": "school;carrier;component;name;price_sek\n"
            ";electricity;energy;Elhandel;0,50\n"
            ";district_heat;energy;Fjärrvärme;0,80\n"
            "torp;electricity;energy;Eget avtal;0,40\n"
        }
    )
    assert [row.price_sek for row in tariff_of(site.tariffs, "berga", Carrier.ELECTRICITY)] == [0.5]
    assert [row.price_sek for row in tariff_of(site.tariffs, "torp", Carrier.ELECTRICITY)] == [0.4]
    assert [row.price_sek for row in tariff_of(site.tariffs, "torp", Carrier.DISTRICT_HEAT)] == [0.8]
    assert site.tariffs[0].component is Component.ENERGY


@pytest.mark.parametrize(
    ("row", "key", "cure"),
    [
        (",electricity,energy,El,0.5,13-2,,,,,,", "months", "11-3"),
        (",electricity,energy,El,0.5,,mon,,,,,", "weekdays", "1-5"),
        (",electricity,energy,El,0.5,,,22:00-06:00,,,,", "hours", "over midnight as two rows"),
        (",electricity,power,Effekt,60,,,,0,,,", "peaks", "write 1 or more"),
        (",steam,energy,Ånga,0.5,,,,,,,", "carrier", "district_heat"),
        (",electricity,energy,El,dear,,,,,,,", "price_sek", "number"),
        ("nowhere,electricity,energy,El,0.5,,,,,,,", "El.school", "no such school"),
        (",electricity,energy,El,0.5,,,,,,2026-02-01,2026-01-01", "El", "must not be before the first"),
    ],
)
def test_a_wrong_row_is_refused_with_its_cure(row: str, key: str, cure: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_site(SITE | {"tariffs.csv": f"{HEADER}{row}\n"})
    (fault,) = refused.value.faults
    assert fault.file == "tariffs.csv"
    assert key in fault.key
    assert cure in fault.cure


def test_the_same_row_twice_would_be_paid_twice() -> None:
    row = ",electricity,energy,El,0.5,,,,,,,\n"
    with pytest.raises(ConfigurationError, match="stands twice"):
        parse_site(SITE | {"tariffs.csv": HEADER + row + row})
