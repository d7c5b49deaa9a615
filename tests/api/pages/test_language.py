"""Which language is answered in, and how it writes figures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from api.pages.language import Code, choose, language

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SV = language("sv", STOCKHOLM)
EN = language("en", STOCKHOLM)
NB = "\u00a0"


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "fallback", "chosen"),
    [
        ("en", "sv", "sv", "sv", "en"),
        (None, "en", "sv", "sv", "en"),
        (None, None, "en-US,en;q=0.9,sv;q=0.8", "sv", "en"),
        (None, None, "de,sv-SE;q=0.7,en;q=0.3", "en", "sv"),
        (None, None, "sv;q=0.2, en;q=0.9", "sv", "en"),
        (None, None, "en;q=0, sv;q=0.1", "en", "sv"),
        (None, None, "de", "sv", "sv"),
        (None, None, None, "en", "en"),
        ("../../etc", "<script>", ";q=x,,;;q=1", "sv", "sv"),
    ],
)
def test_choice(
    query: str | None, cookie: str | None, accept: str | None, fallback: Code, chosen: Code
) -> None:
    assert choose(query, cookie, accept, fallback) == chosen


def test_energy_and_emissions() -> None:
    assert SV.energy(1234.5) == f"1{NB}234,5{NB}kWh"
    assert SV.energy(12_345.6) == f"12{NB}346{NB}kWh"
    assert EN.energy(1234.5) == f"1,234.5{NB}kWh"
    assert SV.emissions(73.24) == f"73,2{NB}kg{NB}CO₂e"
    assert SV.intensity(59.0) == f"59{NB}g{NB}CO₂e/kWh"
    assert SV.intensity(524.1) == f"524,1{NB}g{NB}CO₂e/kWh"


def test_temperature_and_air() -> None:
    assert SV.temperature(21.46) == f"21,5{NB}°C"
    assert EN.temperature(21.46) == "21.5°C"
    assert SV.temperature(-0.5) == f"−0,5{NB}°C"
    assert SV.co2(1_212) == f"1{NB}200{NB}ppm"
    assert SV.co2(849) == f"850{NB}ppm"


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert SV.share(0.999) == f"99{NB}%"
    assert SV.share(0.97) == f"97{NB}%"
    assert EN.share(1.0) == "100%"


def test_times_are_local() -> None:
    time = datetime(2026, 7, 1, 6, 5, tzinfo=UTC)
    assert SV.clock(time) == "08:05"
    assert SV.day(date(2026, 11, 20)) == "fredag 20 november"
    assert EN.short_day(date(2026, 11, 20)) == "Fri 20"
    assert SV.moment(time, datetime(2026, 7, 1, 20, tzinfo=UTC)) == "08:05"
    assert SV.moment(time, datetime(2026, 7, 1, 22, tzinfo=UTC)) == "onsdag 1 juli 08:05"


def test_words() -> None:
    assert SV.text("Air out soon") == "Vädra snart"
    assert EN.text("Air out soon") == "Air out soon"
