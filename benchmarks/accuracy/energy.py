"""Energy: days, months and hours of the school years against the registers' truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from accuracy.page import Row, Section, Seeds
from accuracy.town import speaks_shelly
from accuracy.year import SchoolYear, school_years
from analytics.resolution import FINE_KWH, RESOLUTION
from classroom.metric import Metric, Scope, Status
from classroom.places import MeterRole
from classroom.quantity import Carrier
from simulators.keys import Speaks, spoken

TOLERANCE = 0.005

_STEPS_KWH = {Speaks.WMBUSMETERS: 1.0, Speaks.P1: 0.001, Speaks.SHELLY: 0.00001}
_NATIVE_STEP_KWH = {Carrier.DISTRICT_HEAT: 0.1}

TEXT = """
Twenty schools, each of its own seed, weather, meters, habits and defects, through 2025: every message of
its meters and of four of its rooms goes through decoder, checks, DuckDB, job and metrics as in production
(spool and broker, which do not look into messages, have tests of their own). Compared are the school's
electricity, district heat, solar cells and export, and sub meters, with what the registers of the model
really stood at, to the second, at local midnight and at the turn of the month.

All year long faults follow one another at every meter, each about 16 days after the one before: silence
of 1 hour to 4 days, messages twice, late by days, out of order, cut off, zeros and wrong values among the
registers, the clock ahead by 2 hours or behind by more than a year, registers that are reset, pass their
end or are another meter's from one report to the next; once the whole school is away; every other
school's heat meter is swapped with a row in `devices.csv`. Meters tell their register every quarter or
hour, to 0.00001 to 1 kWh.

*Covered* is a day whose figure says so itself: status `ok`, which promises 0.5 % (or 0.1 kWh). A day of
which that cannot be promised, because a step of the display is more or because midnight lies between readings
of different power, is `estimated`, reason `resolution`, and has bounds. On other `estimated` days a register
began anew or a meter was swapped and no register that was read tells what ran in the minutes between;
`partial` days have bounds. The year is played on for six days, until its last silence is over.
Where a silence lies over the turn of a month nobody knows what the register stood at: such months have bounds
too, and stand in rows of their own. A kWh is invented if no register ever counted it: months that share a
silence are therefore added before they are compared. How much of it stands in the wrong one of the two is
told beside.

Not in it: meters whose clock is wrong by so little that nobody can tell, telegrams without a time that
are held up on their way, and registers that stand still while their device goes on reporting.
"""


class _Line(NamedTuple):
    """One metric of a place, and the register that is its truth."""

    name: str
    scope: Scope
    id: str
    metric: str
    carrier: Carrier
    register: str
    step_kwh: float


def _lines(site_year: SchoolYear) -> Iterator[_Line]:
    site = site_year.site
    school = site.schools[0].key
    phases = "phases_" if speaks_shelly(site) else ""
    for meter in site.meters:
        device = next(device for device in site.devices if device.meter == meter.key)
        speaks = spoken(device)
        step = _STEPS_KWH.get(speaks or Speaks.NATIVE, _NATIVE_STEP_KWH.get(meter.carrier, 0.01))
        scope, key = (Scope.METER, meter.key) if meter.role is MeterRole.SUB else (Scope.SCHOOL, school)
        metric, register = "energy_kwh", f"{phases}import_kwh"
        if meter.role is MeterRole.SUB:
            register = "fan_kwh"
        elif meter.role is MeterRole.PRODUCTION:
            metric, register = "produced_kwh", "solar_kwh"
        elif meter.role is MeterRole.EXPORT:
            metric, register = "exported_kwh", "export_kwh"
        elif meter.carrier is Carrier.DISTRICT_HEAT:
            register = "heat_kwh"
        yield _Line(meter.name, scope, key, metric, meter.carrier, register, step)


_COLUMNS = ("seed", "line", "time", "value", "low", "high", "coverage", "status", "reason", "truth", "step")


def compared(years: Iterable[SchoolYear], interval: str) -> pd.DataFrame:
    """Figures of an interval (days, months, hours) beside the truth [kWh]; a row a figure (_COLUMNS)."""
    rows = []
    for year in years:
        zone = year.site.zone
        begin = datetime(year.last.year, 1, 1, tzinfo=zone)
        end = datetime.combine(year.last + timedelta(days=1), datetime.min.time(), zone)
        for line in _lines(year):
            register = year.registers[line.register]
            for metric in getattr(year, interval):
                if _is_of(metric, line) and begin <= metric.time and metric.period_end <= end:
                    truth = register[pd.Timestamp(metric.period_end)] - register[pd.Timestamp(metric.time)]
                    rows.append(_row(year.seed, line, metric, float(truth)))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _is_of(metric: Metric, line: _Line) -> bool:
    return (metric.scope, metric.id, metric.metric, metric.carrier) == line[1:5]


def _row(seed: int, line: _Line, metric: Metric, truth: float) -> tuple[object, ...]:
    figures = metric.value, metric.low, metric.high, metric.coverage
    return seed, line.name, metric.time, *figures, metric.status, metric.reason or "", truth, line.step_kwh


def _allowed(frame: pd.DataFrame) -> pd.Series:
    """0.5 % of the truth, or 0.1 kWh, or a step of the display if that is less."""
    return np.maximum(TOLERANCE * frame["truth"], np.minimum(frame["step"], FINE_KWH))


def _says(frame: pd.DataFrame, reason: str) -> pd.Series:
    """Figures with this among their reasons."""
    return frame["reason"].str.split("; ").map(lambda codes: reason in codes)


def _off(frame: pd.DataFrame) -> pd.Series:
    return (frame["value"] - frame["truth"]).abs()


def energy(seeds: Seeds) -> list[Row]:
    """The rows of the section."""
    years = school_years(seeds)
    days, months, hours = (compared(years, name) for name in ("days", "months", "hours"))
    told = days.dropna(subset=["value"])
    covered, estimated, bounded = (
        told[told["status"] == status] for status in (Status.OK, Status.ESTIMATED, Status.PARTIAL)
    )
    only_coarse = estimated["reason"] == RESOLUTION
    coarse, lost = estimated[only_coarse], estimated[~only_coarse]
    counts = sum((year.counts for year in years), start=type(years[0].counts)())
    return [
        Row("school years; meters; messages", f"{len(years)}; {_meters(days)}; {counts.total()}"),
        _within("days covered: kWh within 0.5 %", covered),
        Row(
            "days covered, `estimated` by `resolution`, for other reasons, `partial`, of all days",
            _numbers(covered, coarse, lost, bounded, days),
        ),
        Row("days `estimated` by `resolution`: within 0.5 % all the same, worst", _text(coarse)),
        _bounds("such days: truth within the bounds they give", coarse),
        Row("days `estimated` for other reasons: within 0.5 %, worst", _text(lost)),
        _bounds("partial days: truth within the bounds they give", bounded),
        *_month_rows(months),
        *_invented(told, months, hours),
    ]


def _meters(days: pd.DataFrame) -> int:
    return len(days[["seed", "line"]].drop_duplicates())


def _share(met: pd.Series) -> str:
    return f"{int(met.sum())} of {len(met)} ({met.mean():.2%})"


def _numbers(*frames: pd.DataFrame) -> str:
    return ", ".join(str(len(frame)) for frame in frames)


def _within(what: str, frame: pd.DataFrame) -> Row:
    return Row(what, _text(frame), "all", bool((_off(frame) <= _allowed(frame)).all()))


def _text(frame: pd.DataFrame) -> str:
    """How many figures are within the tolerance, and how far off the worst of the others is."""
    met = _off(frame) <= _allowed(frame)
    if met.all():
        return _share(met)
    return f"{_share(met)}; worst {(_off(frame) / frame['truth'])[~met].max():.2%}"


def _bounds(what: str, bounded: pd.DataFrame) -> Row:
    low = bounded["low"].fillna(bounded["value"]) - _allowed(bounded)
    high = bounded["high"].fillna(np.inf) + _allowed(bounded)
    met = (low <= bounded["truth"]) & (bounded["truth"] <= high)
    return Row(what, _share(met), "all", bool(met.all()))


def _month_rows(months: pd.DataFrame) -> Iterator[Row]:
    """Months whose turns were read, and those that a silence reaches into or out of."""
    told = months.dropna(subset=["value"])
    over = _over_turn(told)
    goal = "months: kWh within 0.5 % of the register difference, gaps included"
    yield _within(goal, told[~over])
    yield Row("months with a figure, of all", f"{len(told)} of {len(months)}")
    for status, some in told[~over].groupby("status"):
        yield Row(f"of those `{status}`", _text(some))
    if over.any():
        yield Row("months with a silence over their turn: within 0.5 %", _text(told[over]))
        yield _bounds("such months: truth within the bounds they give", told[over])


def _over_turn(months: pd.DataFrame) -> pd.Series:
    return months["low"].notna() & _says(months, "gap")


def _joined(months: pd.DataFrame) -> pd.DataFrame:
    """Months, those that a silence joins added to one row."""
    months = months.sort_values(["seed", "line", "time"])
    over = _over_turn(months)
    same = (months["seed"] == months["seed"].shift()) & (months["line"] == months["line"].shift())
    number = (~(over & over.shift(fill_value=False) & same)).cumsum()
    columns = {name: (name, "sum") for name in ("value", "truth")}
    return months.groupby(number).agg(**columns, step=("step", "first"))


def _invented(days: pd.DataFrame, months: pd.DataFrame, hours: pd.DataFrame) -> Iterator[Row]:
    """Energy beyond the truth: in a meter's days of the year together, in months, and in hours of silence.

    What a day has too much because midnight is between two readings, the next has too little.
    """
    by_meter = days.groupby(["seed", "line"], as_index=False).agg(
        value=("value", "sum"), truth=("truth", "sum"), step=("step", "first")
    )
    by_meter["allowed"] = np.maximum(0.0005 * by_meter["truth"], by_meter["step"])
    figures = months.dropna(subset=["value"])
    joined, shared = _joined(figures), figures[_over_turn(figures)]
    for name, frame in (
        ("a meter's days together, above the truth of the same days by more than 0.05 %", by_meter),
        ("months (or two that share a silence) above the truth by more than 0.5 %", _with_allowed(joined)),
    ):
        beyond = _beyond(frame)
        yield Row(f"kWh invented: {name}", _excess(beyond), "0", not beyond.any())
    excess = _excess(_beyond(_with_allowed(shared)))
    yield Row("of a silence over a turn in the wrong one of two months, beyond 0.5 % of it", excess)
    silent = hours[hours["coverage"] == 0]
    filled = int(silent["value"].notna().sum())
    yield Row("hours without a reading that have a figure", f"{filled} of {len(silent)}", "0", filled == 0)


def _with_allowed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(allowed=_allowed(frame))


def _beyond(frame: pd.DataFrame) -> pd.Series:
    """What stands above the truth and what is allowed beside it [kWh]."""
    return (frame["value"] - frame["truth"] - frame["allowed"]).clip(lower=0)


def _excess(beyond: pd.Series) -> str:
    return f"{beyond.sum():.1f} kWh in {int((beyond > 0).sum())} of {len(beyond)}"


SECTION = Section("energy", "Energy from registers", TEXT, energy)
