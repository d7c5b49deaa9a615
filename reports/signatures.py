"""Heating signatures of a school: a day's energy by its outdoor temperature and kind of day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.changepoint import Curve
from analytics.signature import SEASONS, Group, Signature, felt_c
from analytics.sufficiency import baseline_sufficiency, counted
from classroom.quantity import Carrier
from reports.daily import SchoolDays, StationUsed
from reports.dates import Dates
from reports.fits import shapes_of
from reports.sources import (
    Lack,
    Sources,
    default_periods,
    lacks_of,
    load,
    nothing_to_compare,
    recent_days,
)

_W_PER_KWH_D = 1_000 / 24


class CarrierSignature(NamedTuple):
    """Signature of a carrier, None where there is none; ``lacks`` say what a claim of savings would miss.

    ``days`` are those of the period (:data:`analytics.signature.DAY_COLUMNS`, perhaps ``sun_kwh_m2``), NaN
    where a day does not count.
    """

    carrier: Carrier
    signature: Signature | None
    lacks: tuple[Lack, ...]
    days: pd.DataFrame

    @property
    def main(self) -> Group | None:
        """The group that holds most days of those whose energy follows the cold; None where none does."""
        groups = self.signature.groups if self.signature is not None else ()
        return max((g for g in groups if g.curve.heating_kwh_k_d), key=lambda g: g.days, default=None)

    @property
    def balance_c(self) -> float | None:
        """Outdoor temperature below which the main group heats [°C]."""
        return None if self.main is None else self.main.curve.heats_below_c

    @property
    def slope_w_k(self) -> float | None:
        """Heat that a kelvin of cold costs in the main group [W/K]: kWh/(K·d) · 1000/24."""
        return None if self.main is None else self.main.curve.heating_kwh_k_d * _W_PER_KWH_D

    @property
    def base_kwh_d(self) -> float | None:
        """Energy of a day that does not follow the weather [kWh/d]: the groups' base loads by their days."""
        if self.signature is None:
            return None
        days = sum(group.days for group in self.signature.groups)
        return sum(group.curve.base_kwh_d * group.days for group in self.signature.groups) / days

    @property
    def felt_c(self) -> pd.Series:
        """Temperatures of the curves: outdoor plus the sun's part [°C]."""
        sun_k = self.signature.sun_k if self.signature is not None else 0.0
        return pd.Series(felt_c(self.days, sun_k), index=self.days.index)

    @property
    def modelled_kwh(self) -> pd.Series:
        """What the signature says of each day [kWh]; NaN where there is none."""
        if self.signature is None:
            return pd.Series(np.nan, index=self.days.index)
        return self.signature.predict(self.days)

    @property
    def lines(self) -> list[list[tuple[float, float]]]:
        """Each group's curve as the corners of a line: (felt temperature [°C], energy [kWh/d]), over the
        temperatures of its days."""
        if self.signature is None:
            return []
        felt = self.felt_c.dropna()
        month, kind = pd.DatetimeIndex(felt.index).month, self.days["day_type"].loc[felt.index]
        return [
            _corners(group.curve, felt[_in_group(group, month) & kind.isin(group.day_types).to_numpy()])
            for group in self.signature.groups
        ]


def _in_group(group: Group, month: pd.Index) -> npt.NDArray[np.bool_]:
    return np.isin(month, [one for season in group.seasons for one in SEASONS[season]])


def _corners(curve: Curve, felt_c: pd.Series) -> list[tuple[float, float]]:
    if felt_c.empty:
        return []
    low, high = float(felt_c.min()), float(felt_c.max())
    bends = [at for at in (curve.heats_below_c, curve.cools_above_c) if low < at < high]  # NaN is not between
    at = np.array(sorted({low, *bends, high}))
    return list(zip(at.tolist(), curve.predict(at).tolist(), strict=True))


class SchoolSignature(NamedTuple):
    """The signatures of a school's carriers over a period."""

    school: str
    dates: Dates
    station: StationUsed | None
    carriers: tuple[CarrierSignature, ...]


def school_signature(sources: Sources, school: str, dates: Dates | None = None) -> SchoolSignature:
    """Signatures of the carriers of ``school`` over ``dates``: the last twelve full months known by default.

    Raises:
        StoreError: the store cannot serve now.
        KeyError: no such school.
    """
    if dates is None:
        days = recent_days(sources, school)
        dates = default_periods(days, sources.yesterday)[1]
    else:
        days = load(sources, school, dates)
    return signature_of(sources, days, dates)


def signature_of(sources: Sources, days: SchoolDays, dates: Dates) -> SchoolSignature:
    """:func:`school_signature` of days that are loaded; they hold ``dates``."""
    carriers = tuple(_of_carrier(sources, days, carrier, dates) for carrier in days.frames)
    return SchoolSignature(days.school, dates, days.station, carriers)


def _of_carrier(sources: Sources, days: SchoolDays, carrier: Carrier, dates: Dates) -> CarrierSignature:
    inside = days.frames[carrier].loc[str(dates.first) : str(dates.last)]
    known = counted(inside)
    none = nothing_to_compare(sources.site, days, carrier, ((None, dates),))
    if none is not None:
        return CarrierSignature(carrier, None, (none,), known)
    signature = sources.fits.signature(inside, shapes_of(carrier))
    lacks = lacks_of(None, baseline_sufficiency(inside, *dates))
    return CarrierSignature(carrier, signature, lacks, known)
