"""Causes of a change and what a comparison lacks, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from reports.language import Language
from reports.sources import Lack


def _(message: str) -> str:
    """Marks a message for the catalogue."""
    return message


_CAUSES: Mapping[str, str] = {
    "weather": _("weather"),
    "calendar": _("calendar"),
    "area": _("area"),
    "own_use": _("own use"),
    "factor": _("factor"),
    "change": _("change"),
}

_LACKS: Mapping[str, str] = {
    "no_meters": _("no meter is known"),
    "no_energy": _("no day with energy is stored"),
    "bills_only": _("there are bills only, and a comparison needs days"),
    "no_weather_station": _("no weather station is known"),
    "no_weather": _("no outdoor temperature is stored"),
    "baseline_too_short": _("the baseline is too short ({numbers} days)"),
    "baseline_too_long": _("the baseline is too long ({numbers} days)"),
    "energy_days_missing": _("energy is known of {numbers} days only"),
    "temperature_days_missing": _("outdoor temperature is known of {numbers} days only"),
    "days_without_energy_and_temperature": _(
        "energy and temperature together are known of {numbers} days only"
    ),
    "temperature_month_missing": _("some month lacks outdoor temperatures"),
    "negative_energy": _("some days have less than no energy"),
    "too_few_days": _("too few whole days ({numbers})"),
    "no_days": _("no day can be compared"),
    "poor_fit": _("energy follows weather and calendar too loosely (CVRMSE {numbers} %)"),
    "baseline_spoilt_by_single_days": _("single days are unlike all others"),
    "weather_outside_baseline": _("the weather was unlike any of the year before"),
    "nothing_expected": _("the baseline used no energy"),
    "energy_stands_still": _("for weeks every day has the same energy: a meter stands still"),
    "rests_on_single_days": _("the difference rests on a few days that are unlike all others"),
    "not_told_from_zero": _("the difference cannot be told from zero"),
    "carrier_missing": _("not every carrier can be compared"),
    "energy_incomplete": _("the energy of a period is not wholly known"),
}

_PERIODS: Mapping[str, str] = {
    "baseline": _("in the year before {what}"),
    "reporting": _("in this period {what}"),
}


def cause_name(cause: str, language: Language) -> str:
    """A part of a change."""
    return language.text(_CAUSES[cause])


def lacks_text(lacks: Sequence[Lack], language: Language) -> str:
    """What a comparison lacks, each thing once."""
    said = []
    for lack in lacks:
        numbers = " / ".join(re.findall(r"\d+", lack.detail)[:2])
        words = language.text(_LACKS.get(lack.code, lack.code), numbers=numbers)
        if lack.period is not None and lack.period in _PERIODS:
            words = language.text(_PERIODS[lack.period], what=words)
        said.append(words)
    return "; ".join(dict.fromkeys(said))
