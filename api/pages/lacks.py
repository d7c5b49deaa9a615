"""Why a comparison says nothing, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from api.pages.language import Language
from reports.sources import Lack

_NUMBER = re.compile(r"\d+")
_TOLD_BY_OTHERS = {"days_without_energy_and_temperature", "temperature_month_missing"}


def lack_texts(lacks: Sequence[Lack], say: Language) -> list[str]:
    """What is missing, each thing once; what follows from another is left out."""
    codes = {lack.code for lack in lacks}
    alone = codes <= _TOLD_BY_OTHERS
    shown = [lack for lack in lacks if alone or lack.code not in _TOLD_BY_OTHERS]
    return list(dict.fromkeys(_text(lack, say) for lack in shown))


def _text(lack: Lack, say: Language) -> str:
    text = _WORDS[lack.code](say, _NUMBER.findall(lack.detail)) if lack.code in _WORDS else lack.code
    if lack.period == "baseline":
        return say.text("Baseline: %(what)s") % {"what": text}
    if lack.period == "reporting":
        return say.text("Period compared: %(what)s") % {"what": text}
    return text[:1].upper() + text[1:]


def _share(numbers: Sequence[str], text: str) -> str:
    known, of_all = (*numbers, "?", "?")[:2]
    return text % {"known": known, "all": of_all}


_WORDS: dict[str, Callable[[Language, Sequence[str]], str]] = {
    "no_meters": lambda say, _: say.text("no meter is known; add it to meters.csv"),
    "no_energy": lambda say, _: say.text("no day with energy is stored"),
    "bills_only": lambda say, _: say.text("there are bills only, and a comparison needs days"),
    "no_weather_station": lambda say, _: say.text(
        "no weather station is known; give one and the school coordinates in stations.csv and schools.csv"
    ),
    "no_weather": lambda say, _: say.text("no outdoor temperature is stored; import weather"),
    "baseline_too_short": lambda say, n: _share(n, say.text("%(known)s days, at least %(all)s are needed")),
    "baseline_too_long": lambda say, n: _share(n, say.text("%(known)s days, at most %(all)s are used")),
    "energy_days_missing": lambda say, n: _share(
        n, say.text("energy is known of %(known)s of %(all)s days, 90 %% are needed")
    ),
    "temperature_days_missing": lambda say, n: _share(
        n, say.text("outdoor temperature is known of %(known)s of %(all)s days, 90 %% are needed")
    ),
    "days_without_energy_and_temperature": lambda say, n: _share(
        n, say.text("energy and temperature are known together of %(known)s of %(all)s days")
    ),
    "temperature_month_missing": lambda say, _: say.text("some month lacks outdoor temperatures"),
    "negative_energy": lambda say, _: say.text("some days have less than no energy"),
    "too_few_days": lambda say, n: _share(n, say.text("%(known)s whole days, at least %(all)s are needed")),
    "no_days": lambda say, _: say.text("no day can be compared yet"),
    "poor_fit": lambda say, n: _share(
        n,
        say.text("energy follows weather and calendar too loosely: CVRMSE %(known)s %%, limit %(all)s %%"),
    ),
    "baseline_spoilt_by_single_days": lambda say, n: (
        say.text("single days are unlike all others: look at the meter's values of %(days)s")
        % {"days": ", ".join(map("-".join, zip(n[::3], n[1::3], n[2::3], strict=True)))}
    ),
    "weather_outside_baseline": lambda say, _: say.text("the weather was unlike any of the baseline's"),
    "nothing_expected": lambda say, _: say.text("the baseline used no energy"),
    "energy_stands_still": lambda say, _: say.text(
        "for weeks every day has the same energy: a meter stands still"
    ),
    "rests_on_single_days": lambda say, _: say.text(
        "the difference rests on a few days that are unlike all others: look at the meter's values"
    ),
    "area_changed": lambda say, n: _share(
        n, say.text("the heated area has changed from %(known)s to %(all)s m²")
    ),
    "not_told_from_zero": lambda say, _: say.text("the difference is too small to be told from chance"),
    "carrier_missing": lambda say, _: say.text("not every carrier can be compared"),
}
