"""The CO2 light: from a carbon dioxide reading to the word a class acts on."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

SOON_PPM = 1_000
"""From here the room should be aired soon (Folkhälsomyndigheten, FoHMFS 2014:18: regularly above 1000 ppm in
normal use indicates unsatisfactory ventilation)."""

NOW_PPM = 1_400
"""Above this the room should be aired now; 1000 and 1400 ppm are also the lights of common classroom
meters."""

SETTLE_PPM = 50
"""So far [ppm] past a limit the light changes at once: about what classroom sensors are sure of."""

SETTLE = timedelta(minutes=10)
"""So long a value must stay on the other side of a limit for the light to change, however near it is."""

STALE_INTERVALS = 3
STALE_FLOOR_S = 900


class Air(StrEnum):
    """Levels of the light."""

    GOOD = "good"  # below 1000 ppm: Bra
    SOON = "soon"  # 1000 to 1400 ppm: Vädra snart
    NOW = "now"  # above 1400 ppm: Vädra nu


def air_level(co2_ppm: float | None, *, stale: bool = False, flag: int = 0) -> Air | None:
    """Level for a CO2 value [ppm]; None (no verdict) where there is no value, or it is stale or flagged.

    Good below :data:`SOON_PPM`, now above :data:`NOW_PPM`, soon between, both limits included. Speaks of the
    value as measured, never of the rounded one.
    """
    if co2_ppm is None or stale or flag or not co2_ppm >= 0:
        return None
    if co2_ppm < SOON_PPM:
        return Air.GOOD
    return Air.SOON if co2_ppm <= NOW_PPM else Air.NOW


class Light(NamedTuple):
    """What the light shows, and towards which level the readings have spoken since when."""

    level: Air
    towards: tuple[Air, datetime] | None = None


def settle(light: Light | None, measured: Air, co2_ppm: float, time: datetime) -> Light:
    """The light after a reading of ``co2_ppm``, whose own level is ``measured``, at ``time``.

    A value that hovers about a limit must not make the light flicker: it changes once the readings have been
    past the limit for :data:`SETTLE`, or at once where one lies :data:`SETTLE_PPM` past it. The first reading
    of a run (``light`` None) is believed as it is.
    """
    if light is None or measured is light.level:
        return Light(measured)
    rising = _ORDER.index(measured) > _ORDER.index(light.level)
    sure = air_level(max(0.0, co2_ppm - SETTLE_PPM) if rising else co2_ppm + SETTLE_PPM) or measured
    if sure is measured:
        return Light(measured)
    if light.towards is None or light.towards[0] is not measured:
        light = Light(light.level, (measured, time))
    elif time - light.towards[1] >= SETTLE:
        return Light(measured)
    passed_one = sure is not light.level and (_ORDER.index(sure) > _ORDER.index(light.level)) is rising
    return Light(sure, light.towards) if passed_one else light


_ORDER = tuple(Air)


def shown_ppm(co2_ppm: float) -> int:
    """CO2 as shown to people: rounded to 50 ppm (half up), about what classroom sensors can tell apart."""
    return int(co2_ppm / 50 + 0.5) * 50


def stale_after_s(interval_s: int) -> int:
    """Age [s] beyond which a reading of a device that reports every ``interval_s`` is no longer current.

    Three reporting intervals, but never less than 15 minutes: a single lost radio message is normal.
    """
    return max(STALE_INTERVALS * interval_s, STALE_FLOOR_S)


def is_stale(age_s: float, interval_s: int) -> bool:
    """Whether a reading of ``age_s`` seconds is too old to be called current (:func:`stale_after_s`)."""
    return age_s > stale_after_s(interval_s)
