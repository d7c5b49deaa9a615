"""The two languages of reports: words, numbers and dates (CLDR).

English is written in the code; ``reports/locale/sv`` holds the Swedish, kept complete by
``scripts/messages.py``.
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

from babel import Locale
from babel.dates import format_date, format_datetime, get_month_names
from babel.numbers import format_decimal, format_percent, get_minus_sign_symbol

from classroom.metric import Interval
from reports.catalogue import words_of
from reports.period import Period

Code = Literal["sv", "en"]
CODES: tuple[Code, ...] = get_args(Code)
LOCALE_FOLDER = Path(__file__).parent / "locale"
_LOCALES: Mapping[Code, str] = {"sv": "sv_SE", "en": "en_GB"}  # en_GB: day before month
_NO_BREAK = "\u00a0"
_DASH = "–"


@dataclass(frozen=True)
class Language:
    """One language in one time zone: its words and how it writes figures and times."""

    code: Code
    locale: Locale
    words: NullTranslations
    zone: ZoneInfo

    def text(self, message: str, /, **named: str) -> str:
        """``message`` in this language, with what stands in its ``{braces}``."""
        written = self.words.gettext(message)
        return written.format(**named) if named else written

    def counted(self, count: int, one: str, several: str, /, **named: str) -> str:
        """``one`` or ``several`` in this language, as ``count`` asks; it stands there as ``{count}``."""
        return self.words.ngettext(one, several, count).format(count=self.number(count), **named)

    def number(self, value: float | None, decimals: int = 0, *, sign: bool = False) -> str:
        """A plain number, a dash for None; ``sign`` writes a plus too."""
        if value is None:
            return _DASH
        value = round(value, decimals) + 0.0  # never "−0"
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        written = str(format_decimal(value, format=pattern, locale=self.locale))
        if sign and value > 0:
            written = f"+{written}"
        return written.replace("-", get_minus_sign_symbol(self.locale), 1)

    def quantity(self, value: float | None, unit: str, decimals: int = 0, *, sign: bool = False) -> str:
        """A number with its unit: ``1 234,5 kWh``."""
        if value is None:
            return _DASH
        return f"{self.number(value, decimals, sign=sign)}{_NO_BREAK}{unit}"

    def share(self, share: float | None, decimals: int = 0, *, sign: bool = False) -> str:
        """``97 %`` of a share 0-1."""
        if share is None:
            return _DASH
        share = round(share, decimals + 2) + 0.0
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        pattern += f"{_NO_BREAK}%" if self.code == "sv" else "%"
        written = str(format_percent(share, format=pattern, locale=self.locale))
        if sign and share > 0:
            written = f"+{written}"
        return written.replace("-", get_minus_sign_symbol(self.locale), 1)

    def energy(self, energy_kwh: float | None, *, sign: bool = False) -> str:
        """``1 234,5 kWh``, rounded as its size asks."""
        decimals = 0 if energy_kwh is None or abs(energy_kwh) >= 1_000 else 1
        return self.quantity(energy_kwh, "kWh", decimals, sign=sign)

    def emissions(self, emissions_kg: float | None, *, sign: bool = False) -> str:
        """``73,2 kg CO₂e``; above ten tonnes in tonnes."""
        if emissions_kg is not None and abs(emissions_kg) >= 10_000:
            unit = self.text("tonnes")
            return self.quantity(emissions_kg / 1_000, f"{unit} CO₂e", 1, sign=sign)
        decimals = 0 if emissions_kg is None or abs(emissions_kg) >= 1_000 else 1
        return self.quantity(emissions_kg, f"kg{_NO_BREAK}CO₂e", decimals, sign=sign)

    def day(self, day: date) -> str:
        """``20 november 2026``."""
        return str(format_date(day, "d MMMM y", locale=self.locale))

    def moment(self, time: datetime) -> str:
        """``20 november 2026 10:45``, local."""
        return str(format_datetime(time.astimezone(self.zone), "d MMMM y HH:mm", locale=self.locale))

    def month(self, period: Period, *, short: bool = False) -> str:
        """``oktober 2026``; short: ``okt``."""
        if short:
            names = get_month_names("abbreviated", "stand-alone", locale=self.locale)
            return str(names[period.first.month]).rstrip(".")
        return str(format_date(period.first, "LLLL y", locale=self.locale))

    def period(self, period: Period) -> str:
        """A period in words: ``oktober 2026``, ``kvartal 4 2026``, ``läsåret 2025/26``, ``2026``."""
        if period.interval is Interval.MONTH:
            return self.month(period)
        if period.interval is Interval.QUARTER:
            number = str((period.first.month + 2) // 3)
            return self.text("quarter {number} of {year}", number=number, year=str(period.first.year))
        if period.interval is Interval.SCHOOL_YEAR:
            span = f"{period.first.year}/{(period.first.year + 1) % 100:02d}"
            return self.text("school year {span}", span=span)
        return str(period.first.year)

    def listed(self, words: list[str]) -> str:
        """``a, b and c``."""
        if len(words) < 2:
            return "".join(words)
        return self.text("{some} and {last}", some=", ".join(words[:-1]), last=words[-1])


@cache
def language(code: Code, zone: ZoneInfo) -> Language:
    """The language ``code`` with times in ``zone``."""
    return Language(code, Locale.parse(_LOCALES[code]), words_of(LOCALE_FOLDER, "reports", code), zone)
