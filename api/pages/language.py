"""The two languages of the pages: which one a visitor reads, its words, numbers, units and dates (CLDR).

English is written in the code and the templates; ``api/locale/sv`` holds the Swedish, read from its ``.po``
when first asked for. ``scripts/messages.py`` keeps it complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from babel import Locale, negotiate_locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent, get_minus_sign_symbol
from babel.units import format_unit

from classroom.air import shown_ppm
from reports.catalogue import words_of

Code = Literal["sv", "en"]
CODES: tuple[Code, ...] = get_args(Code)
NAMES: Mapping[Code, str] = {"sv": "Svenska", "en": "English"}
COOKIE = "lang"
LOCALE_FOLDER = Path(__file__).parents[1] / "locale"
_LOCALES: Mapping[Code, str] = {"sv": "sv_SE", "en": "en_GB"}  # en_GB: 24-hour clock, day before month
_NO_BREAK = "\u00a0"


def choose(query: str | None, cookie: str | None, accept: str | None, fallback: Code) -> Code:
    """The language to answer in: ``?lang=``, else the cookie, else ``Accept-Language``, else the site's."""
    for asked in (query, cookie):
        for code in CODES:
            if asked == code:
                return code
    best = negotiate_locale(_accepted(accept or ""), list(CODES), sep="-")
    return next((code for code in CODES if code == best), fallback)


def _accepted(header: str) -> list[str]:
    """Language tags of an ``Accept-Language`` header, most wanted first; what cannot be read is left out."""
    weighed: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if tag and weight > 0]


@dataclass(frozen=True)
class Language:
    """One language in one time zone: its words and how it writes figures and times."""

    code: Code
    locale: Locale
    words: NullTranslations
    zone: ZoneInfo

    def text(self, message: str) -> str:
        """``message`` in this language."""
        return self.words.gettext(message)

    def number(self, value: float, decimals: int = 0) -> str:
        """A plain number."""
        return self._signed(format_decimal(value, format=_pattern(decimals), locale=self.locale))

    def energy(self, energy_kwh: float) -> str:
        """``1 234,5 kWh``."""
        return self._unit(energy_kwh, "energy-kilowatt-hour", 1 if abs(energy_kwh) < 10_000 else 0)

    def estimate(self, energy_kwh: float) -> str:
        """``6 500 kWh``: an estimate with three figures; more would look surer than it is."""
        digits = 3 - len(str(int(abs(energy_kwh))))
        return self._unit(round(energy_kwh, min(1, digits)), "energy-kilowatt-hour", 1 if digits > 0 else 0)

    def emissions(self, emissions_kg: float) -> str:
        """``73,2 kg CO₂e``; CLDR knows the kilogram, the equivalent is ours."""
        return self._unit(emissions_kg, "mass-kilogram", 1 if abs(emissions_kg) < 1_000 else 0) + (
            f"{_NO_BREAK}CO₂e"
        )

    def footprint(self, emissions_kg: float) -> str:
        """``0,35 kg CO₂e``: a small amount, of one person."""
        return (
            self._unit(emissions_kg, "mass-kilogram", 2 if abs(emissions_kg) < 10 else 1) + f"{_NO_BREAK}CO₂e"
        )

    def intensity(self, g_per_kwh: float) -> str:
        """``59 g CO₂e/kWh``."""
        number = self.number(g_per_kwh, 0 if float(g_per_kwh).is_integer() else 1)
        return f"{number}{_NO_BREAK}g{_NO_BREAK}CO₂e/kWh"

    def temperature(self, temperature_c: float) -> str:
        """``21,5 °C``."""
        return self._unit(temperature_c, "temperature-celsius", 1)

    def co2(self, co2_ppm: float) -> str:
        """``850 ppm``, rounded to 50 as people are shown it."""
        return self._unit(shown_ppm(co2_ppm), "concentr-permillion", 0)

    def flow(self, flow_l_s: float) -> str:
        """``215 l/s``; Swedish writes the litre small."""
        return f"{self.number(flow_l_s)}{_NO_BREAK}{'l' if self.code == 'sv' else 'L'}/s"

    def flow_per_person(self, flow_l_s: float) -> str:
        """``8,4 l/s``: outdoor air for one person."""
        return f"{self.number(flow_l_s, 1)}{_NO_BREAK}{'l' if self.code == 'sv' else 'L'}/s"

    def decibels(self, level_db: float) -> str:
        """``62 dB``."""
        return f"{self.number(level_db)}{_NO_BREAK}dB"

    def particles(self, amount_ug_m3: float) -> str:
        """``12 µg/m³``; below ten with a decimal."""
        return f"{self.number(amount_ug_m3, 0 if amount_ug_m3 >= 10 else 1)}{_NO_BREAK}µg/m³"

    def share(self, share: float) -> str:
        """``97 %`` of a share 0-1, rounded down: 99,9 % is not all."""
        return format_percent(int(share * 100 + 1e-9) / 100, locale=self.locale)

    def clock(self, time: datetime) -> str:
        """``10:45``, local."""
        return f"{time.astimezone(self.zone):%H:%M}"

    def day(self, day: date) -> str:
        """``fredag 20 november``."""
        return str(format_date(day, "EEEE d MMMM", locale=self.locale))

    def month(self, day: date) -> str:
        """``november 2026``."""
        return str(format_date(day, "MMMM y", locale=self.locale))

    def short_month(self, day: date) -> str:
        """``nov.``; January with its year: ``2026``."""
        return str(format_date(day, "y" if day.month == 1 else "MMM", locale=self.locale)).rstrip(".")

    def long_day(self, day: date) -> str:
        """``20 november 2026``."""
        return str(format_date(day, "d MMMM y", locale=self.locale))

    def short_day(self, day: date) -> str:
        """``fre 20``."""
        return str(format_date(day, "EEE d", locale=self.locale))

    def weekday(self, day: date) -> str:
        """``f``: a letter for narrow columns."""
        return str(format_date(day, "EEEEE", locale=self.locale)).upper()

    def moment(self, time: datetime, now: datetime) -> str:
        """``10:45`` today, else ``fredag 20 november 10:45``."""
        local = time.astimezone(self.zone).date()
        if local == now.astimezone(self.zone).date():
            return self.clock(time)
        return f"{self.day(local)} {self.clock(time)}"

    def _unit(self, value: float, unit: str, decimals: int) -> str:
        written = format_unit(value, unit, length="short", format=_pattern(decimals), locale=self.locale)
        return self._signed(written).replace(" ", _NO_BREAK)

    def _signed(self, written: str) -> str:
        """With the minus of the language: a pattern of our own makes Babel write a hyphen."""
        return written.replace("-", get_minus_sign_symbol(self.locale), 1)


@cache
def language(code: Code, zone: ZoneInfo) -> Language:
    """The language ``code`` with times in ``zone``."""
    return Language(code, Locale.parse(_LOCALES[code]), words_of(LOCALE_FOLDER, "pages", code), zone)


def _pattern(decimals: int) -> str:
    return "#,##0" + ("." + "0" * decimals if decimals else "")
