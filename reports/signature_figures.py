"""Figures of the heating signature: what a school's carrier uses by the weather, over a year of days."""

from __future__ import annotations

from datetime import timedelta

from analytics.catalog import SIGNATURE
from classroom.metric import Status
from classroom.timetable import Span
from reports.dates import Dates
from reports.figures import Figure, FigureId
from reports.period import Period
from reports.signatures import CarrierSignature, SchoolSignature, school_signature
from reports.sources import Sources

BALANCE, SLOPE = "signature_balance_c", "signature_slope_w_k"
BASE, SPREAD = "signature_base_kwh_d", "signature_cvrmse_pct"
_YEAR = timedelta(days=364)


def load_signature(sources: Sources, school: str, period: Period) -> SchoolSignature | None:
    """Signatures of a year of days up to the period's end; None where the period has no whole day yet.

    Raises:
        store.base.StoreError: the store cannot serve now.
        KeyError: no such school.
    """
    last = min(period.last, sources.yesterday)
    if last < period.first:
        return None
    return school_signature(sources, school, Dates(min(period.first, last - _YEAR), last))


def signature_figures(found: SchoolSignature | None, school: str, period: Period, span: Span) -> list[Figure]:
    """Balance temperature [°C], heat a kelvin costs [W/K], base load [kWh/d] and CVRMSE [%] of each carrier
    that follows the cold; the coverage is that of the days."""
    figures = []
    for one in found.carriers if found is not None else ():
        if one.main is None or one.signature is None:
            continue
        values = {
            BALANCE: (one.balance_c, "°C"),
            SLOPE: (one.slope_w_k, "W/K"),
            BASE: (one.base_kwh_d, "kWh/d"),
            SPREAD: (100 * one.signature.quality.cvrmse, "%"),
        }
        figures += [
            Figure(
                str(FigureId(school, None, period.key, metric, one.carrier, None)),
                metric,
                one.carrier,
                None,
                *span,
                amount,
                None,
                None,
                unit,
                _coverage(one),
                Status.PARTIAL if one.lacks else Status.OK,
                "; ".join(dict.fromkeys(lack.code for lack in one.lacks)) or None,
                SIGNATURE,
                (),
            )
            for metric, (amount, unit) in values.items()
        ]
    return figures


def _coverage(one: CarrierSignature) -> float:
    known = one.days[["energy_kwh", "temperature_c"]].notna().all(axis=1)
    return float(known.mean()) if len(known) else 0.0
