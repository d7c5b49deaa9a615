"""Units, limits and colours of figures: those of the vocabulary and of the pages, in Grafana's words."""

from __future__ import annotations

from typing import NamedTuple

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from classroom.air import NOW_PPM, SOON_PPM, Air
from classroom.quantity import QUANTITIES
from dashboards.words import Say

GOOD, SOON, NOW = "#00704f", "#8a5a00", "#b34700"
"""Colours of the light, as in ``api/static/style.css``: each with text on it or of it is at least 4.5:1 in
the light theme. Never alone: a word or figure stands with them."""

NEUTRAL = "#1f5f8b"
NONE = "#8d9690"

_UNITS = {
    "ppm": "ppm",
    "°C": "celsius",
    "%": "percent",
    "W": "watt",
    "kW": "kwatt",
    "kWh": "kwatth",
    "h": "h",
    "s": "s",
    "lx": "lux",
    "hPa": "pressurehpa",
    "B": "decbytes",
    "1": "percentunit",
}
"""Grafana's ids of units. ``1`` is that of metrics, where it is always a share of 0 to 1."""


def unit(symbol: str) -> str:
    """Grafana's id of a unit as the vocabulary and the metrics write it; others are written behind."""
    return _UNITS.get(symbol, f"suffix: {symbol}")


def quantity_unit(key: str) -> str:
    """Grafana's id of a quantity's unit."""
    return unit(QUANTITIES[key].unit)


class Step(NamedTuple):
    """From ``value`` on (None: from the least) figures have ``colour``."""

    value: float | None
    colour: str


CO2_STEPS = (Step(None, GOOD), Step(SOON_PPM, SOON), Step(NOW_PPM, NOW))
"""The CO2 light's limits."""
ABOVE_LIMIT_STEPS = (Step(None, GOOD), Step(0.1, SOON), Step(0.25, NOW))
"""Shares of time above a limit. A choice of this project: no standard sets a share."""
COMFORT_STEPS = (Step(None, NOW), Step(0.75, SOON), Step(0.9, GOOD))
"""Shares of time within the comfort limits; likewise."""
COVERAGE_STEPS = (Step(None, NOW), Step(0.5, SOON), Step(0.9, GOOD))
"""Coverage: below 0.5 room figures are null, from 0.9 they are ok (docs/metrics.md)."""
BAD_FROM_ONE = (Step(None, GOOD), Step(1, NOW))
"""Numbers of things that should not be."""
NEUTRAL_STEPS = (Step(None, NEUTRAL),)


def thresholds(steps: tuple[Step, ...]) -> builders.ThresholdsConfig:
    """Absolute thresholds."""
    found = [models.Threshold(value=step.value, color=step.colour) for step in steps]
    return builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(found)


def named(names: dict[str, tuple[str, str | None]], missing: str) -> list[models.ValueMapping]:
    """Mappings of keys to words and colours; what is null is ``missing``."""
    values = {
        key: models.ValueMappingResult(text=text, color=colour, index=number)
        for number, (key, (text, colour)) in enumerate(names.items())
    }
    nothing = models.DashboardSpecialValueMapOptions(
        match=models.SpecialValueMatch.NULL_AND_NAN,
        result=models.ValueMappingResult(text=missing, color=NONE, index=len(names)),
    )
    return [models.ValueMap(options=values), models.SpecialValueMap(options=nothing)]


def light_words(say: Say) -> list[models.ValueMapping]:
    """The CO2 light in words, as the pages say it."""
    return named(
        {
            Air.GOOD: (say("Bra", "Good"), GOOD),
            Air.SOON: (say("Vädra snart", "Air soon"), SOON),
            Air.NOW: (say("Vädra nu", "Air now"), NOW),
        },
        say("ingen bedömning", "no verdict"),
    )


def status_words(say: Say) -> list[models.ValueMapping]:
    """How far a figure can be trusted."""
    return named(
        {
            "ok": (say("fullständig", "complete"), GOOD),
            "partial": (say("delvis", "partial"), SOON),
            "estimated": (say("uppskattad", "estimated"), SOON),
            "preliminary": (say("preliminär", "preliminary"), SOON),
            "insufficient": (say("för lite mätt", "too little measured"), NOW),
            "no_data": (say("ingen uppgift", "no data"), NOW),
        },
        say("ingen uppgift", "no data"),
    )


def trouble_words(say: Say) -> list[models.ValueMapping]:
    """What is wrong with a device."""
    return named(
        {
            "never": (say("aldrig hörd", "never heard"), NOW),
            "silent": (say("tyst", "silent"), NOW),
            "drift": (say("har drivit", "drifted"), SOON),
            "stuck": (say("fastnat", "stuck"), SOON),
            "battery": (say("svagt batteri", "low battery"), SOON),
        },
        say("mår bra", "well"),
    )


def yes_no(say: Say) -> list[models.ValueMapping]:
    """Truth values in words."""
    return named({"true": (say("ja", "yes"), None), "false": (say("nej", "no"), None)}, say.no_data)


def carrier_names(say: Say) -> dict[str, str]:
    """Energy carriers by key."""
    return {
        "electricity": say("El", "Electricity"),
        "district_heat": say("Fjärrvärme", "District heat"),
        "district_cooling": say("Fjärrkyla", "District cooling"),
        "gas": say("Gas", "Gas"),
        "oil": say("Olja", "Oil"),
        "pellets": say("Pellets", "Pellets"),
        "solar": say("Sol", "Solar"),
    }


def carrier_words(say: Say) -> list[models.ValueMapping]:
    """Energy carriers in words; what has none is of all together."""
    return named({key: (name, None) for key, name in carrier_names(say).items()}, say("alla", "all"))


def grade_words(say: Say) -> list[models.ValueMapping]:
    """How well a signature fits (ASHRAE Guideline 14)."""
    return named(
        {
            "good": (say("god", "good"), GOOD),
            "usable": (say("användbar", "usable"), SOON),
            "poor": (say("för svag", "too poor"), NOW),
        },
        say.no_data,
    )


def claim_words(say: Say) -> list[models.ValueMapping]:
    """What a comparison says."""
    return named(
        {
            "saving": (say("besparing", "saving"), GOOD),
            "increase": (say("ökning", "increase"), NOW),
            "no_claim": (say("går inte att säga", "cannot be told"), NONE),
        },
        say.no_data,
    )
