"""Comparisons as rows of CSV."""

from __future__ import annotations

from api.comparison_models import PortfolioSavingsOut, SavedEmissionOut, SavingsLine, SavingsOut, SignatureOut
from api.tables import Row

_FIGURES = (
    "days",
    "observed_kwh",
    "counterfactual_kwh",
    "saved_kwh",
    "low_kwh",
    "high_kwh",
    "saved_share",
    "low_share",
    "high_share",
)
_EMISSIONS = tuple(
    f"{basis}_{name}"
    for basis in ("location", "market")
    for name in ("line", "saved_kgco2e", "low_kgco2e", "high_kgco2e", "factors")
)
_PERIODS = ("baseline_first", "baseline_last", "reporting_first", "reporting_last")

SAVINGS_COLUMNS = (
    "school", *_PERIODS, "carrier", "claim", "reason", *_FIGURES, "cvrmse", *_EMISSIONS, "method",
)  # fmt: skip
"""A row a carrier, and one for all together (carrier ``all``). Emissions of the direct line, or of the
lifecycle line where the factor cannot be parted."""

PORTFOLIO_COLUMNS = SAVINGS_COLUMNS
"""A row a school and carrier, then the sums over schools (school ``all``)."""

SIGNATURE_COLUMNS = (
    "school",
    "carrier",
    "day",
    "day_type",
    "temperature_c",
    "felt_c",
    "energy_kwh",
    "modelled_kwh",
)
"""A row a carrier and day."""


def savings_rows(found: SavingsOut) -> list[Row]:
    """The rows of :data:`SAVINGS_COLUMNS`."""
    return [
        {
            "school": found.school,
            "baseline_first": found.baseline.first,
            "baseline_last": found.baseline.last,
            "reporting_first": found.reporting.first,
            "reporting_last": found.reporting.last,
            **line_cells(line),
            "method": found.method,
        }
        for line in (*found.carriers, found.total)
    ]


def portfolio_rows(found: PortfolioSavingsOut) -> list[Row]:
    """The rows of :data:`PORTFOLIO_COLUMNS`."""
    common: Row = {
        "baseline_first": found.baseline.first,
        "baseline_last": found.baseline.last,
        "reporting_first": found.reporting.first,
        "reporting_last": found.reporting.last,
        "method": found.method,
    }
    lines = [(one.school, line) for one in found.schools for line in (*one.carriers, one.total)]
    lines += [("all", line) for line in (*found.carriers, found.total)]
    return [{"school": school, **common, **line_cells(line)} for school, line in lines]


def line_cells(line: SavingsLine) -> Row:
    """The cells of one carrier or sum."""
    cells: Row = {"carrier": line.carrier or "all", "claim": line.claim, "reason": line.reason}
    cells |= {name: getattr(line, name) for name in _FIGURES}
    cells["cvrmse"] = line.fit.cvrmse if line.fit is not None else None
    for basis in ("location", "market"):
        one = _shown([emission for emission in line.emissions if emission.basis == basis])
        for name in ("line", "saved_kgco2e", "low_kgco2e", "high_kgco2e"):
            cells[f"{basis}_{name}"] = None if one is None else getattr(one, name)
        cells[f"{basis}_factors"] = None if one is None else one.factors
    return cells


def _shown(emissions: list[SavedEmissionOut]) -> SavedEmissionOut | None:
    """The direct line, or the lifecycle line where there is one instead."""
    return next((one for one in emissions if one.line in ("direct", "lifecycle")), None)


def signature_rows(found: SignatureOut) -> list[Row]:
    """The rows of :data:`SIGNATURE_COLUMNS`."""
    return [
        {"school": found.school, "carrier": line.carrier, **dict(day)}
        for line in found.carriers
        for day in line.days
    ]
