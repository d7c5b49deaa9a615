"""Settings of reports: what they compare with, which are made by themselves, and who carries the mail."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from classroom.access import LOOPBACK, SchoolOrAll
from classroom.places import PATTERN_CURES, Key
from classroom.section import Section

_HOST = r"^[A-Za-z0-9.:_-]+$"
PATTERN_CURES[_HOST] = "write the name or address of the mail server alone, for example mail.kommun.example"
_ADDRESS = re.compile(r"^[!#-'*+/-9=?A-Z^-~-]+(\.[!#-'*+/-9=?A-Z^-~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$")


def _usable_address(text: str) -> str:
    if len(text) > 254 or not _ADDRESS.match(text):
        raise ValueError('write a plain address in ASCII, for example "klimat@kommun.example"')
    return text


def _each_once(formats: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(formats))


MailAddress = Annotated[str, AfterValidator(_usable_address)]


class ScheduleSettings(Section):
    """Reports that are made once after each period and laid into a folder, mailed, or both.

    Of ``schools`` each gets a report of its own (``*``: every school), ``portfolio`` makes the one of all
    schools. ``after_days`` whole local days pass after the period's end, for late readings.
    """

    key: Key
    every: Literal["month", "quarter", "school_year", "year"] = "month"
    after_days: Annotated[int, Field(ge=1, le=90)] = 1
    schools: tuple[SchoolOrAll, ...] = ()
    portfolio: bool = False
    formats: Annotated[
        tuple[Literal["pdf", "xlsx", "csv", "json"], ...], Field(min_length=1), AfterValidator(_each_once)
    ] = ("pdf",)
    lang: Literal["sv", "en"] | None = None
    delimiter: Literal[",", ";"] = ","
    decimal: Literal[".", ","] = "."
    folder: Path | None = None
    mail: tuple[MailAddress, ...] = ()

    @model_validator(mode="after")
    def _goes_somewhere(self) -> ScheduleSettings:
        if self.folder is None and not self.mail:
            raise ValueError("name a folder, addresses under mail, or both")
        if not self.schools and not self.portfolio:
            raise ValueError('name schools (["*"]: every school), or write portfolio = true, or both')
        if self.decimal == self.delimiter:
            raise ValueError('decimal "," needs delimiter ";"')
        return self


class ReportSettings(Section):
    """What reports compare with, when a base year's figures must be made anew, and which are made by
    themselves.

    The target is ``target_reduction_share`` (0-1) less energy in ``target_year`` than in ``base_year``.
    """

    base_year: Annotated[int, Field(ge=1990, le=2100)] | None = None
    target_year: Annotated[int, Field(ge=1990, le=2100)] | None = None
    target_reduction_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    recalculation_threshold_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    schedule: tuple[ScheduleSettings, ...] = ()

    @model_validator(mode="after")
    def _target_is_after_base(self) -> ReportSettings:
        if self.target_year is not None and (self.base_year is None or self.target_year <= self.base_year):
            raise ValueError("reports.target_year needs a reports.base_year before it")
        return self

    @model_validator(mode="after")
    def _schedules_are_told_apart(self) -> ReportSettings:
        counts = Counter(one.key for one in self.schedule)
        if double := [key for key, count in counts.items() if count > 1]:
            raise ValueError(f"two of reports.schedule have the key {double[0]!r}; give each its own")
        return self


class SmtpSettings(Section):
    """The server that takes mail. ``starttls`` and ``implicit`` (SMTPS, port 465) check its certificate;
    without TLS nothing leaves this machine.
    """

    host: Annotated[str, Field(min_length=1, max_length=253, pattern=_HOST)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    sender: MailAddress | None = None
    timeout_s: Annotated[float, Field(ge=1, le=600)] = 30

    @model_validator(mode="after")
    def _nothing_leaves_in_clear(self) -> SmtpSettings:
        if self.tls == "none" and self.host not in LOOPBACK:
            raise ValueError(
                f"tls none is for a mail server on this machine ({', '.join(LOOPBACK)}); "
                "write starttls or implicit"
            )
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file go together")
        return self
