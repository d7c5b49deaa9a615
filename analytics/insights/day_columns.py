"""What moves a school's heat, and the temperature of its rooms, from day to day where nothing is wrong.

- The weather: the temperature is that of the day and, in part, of the day before, since walls remember; each
  kind of day has its own level and slope.
- The sun: windows stand upright, and a low sun offers them more in March and October than in June. So it is
  told twice, on the ground and on a wall that faces south, and a fit finds how the school lies. How much came
  through clouds is told by the day's range of temperature (Hargreaves & Samani 1982; FAO-56, eq. 50).
- The calendar: a closed day after an open one still has its warmth, an open one after a closed one must be
  warmed up, and a break is longer than a weekend: it cools further.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.insights.data import Floats, SchoolData
from analytics.insights.heat import day_groups, latitude
from analytics.sun import extraterrestrial_kwh_m2, upright_south_kwh_m2

AIR_BELOW_C = 18.0
"""Air from outdoors is warmed up to so much at least, by a coil or by radiators; above nothing is heated."""

_OF_THE_DAY_BEFORE = 0.3  # of the felt temperature
_KINDS = ("school_day", "open", "closed")
_BENT_C, _MOST_C = (4.0, 8.0, 12.0), 16.0  # the curve's bends, and where a kind of day begins to need heat
_FULL_K = 6.0  # so much below AIR_BELOW_C all sun and warmth of walls spare heat; in milder weather a part
_LEAST_OF_A_COLUMN = 5
_DAYS_A_COLUMN = 5


def felt_c(data: SchoolData) -> pd.Series:
    """Outdoor temperature of the day, and in part of the day before [°C]."""
    outdoor = data.days["outdoor_c"]
    before = outdoor.shift().fillna(outdoor)
    return ((1 - _OF_THE_DAY_BEFORE) * outdoor + _OF_THE_DAY_BEFORE * before).dropna()


def need(felt: pd.Series) -> pd.Series:
    """Part of a day's warmth, of sun, rooms or walls, that heating has to pay for or is spared (0-1)."""
    return ((AIR_BELOW_C - felt) / _FULL_K).clip(0, 1)


def usual_columns(data: SchoolData, felt: pd.Series) -> pd.DataFrame:
    """The columns by local day of ``felt`` (:func:`felt_c`); what tells most stands first."""
    days = data.days.reindex(felt.index)
    groups = day_groups(data).reindex(felt.index)
    closed = groups == "closed"
    full = need(felt)
    by_day = data.hours.groupby("day")["outdoor_c"]
    came = np.sqrt((by_day.max() - by_day.min()).reindex(felt.index))
    index = pd.DatetimeIndex(felt.index)
    ground = full * extraterrestrial_kwh_m2(index, latitude(data))
    wall = full * upright_south_kwh_m2(index, latitude(data))
    columns: dict[str, pd.Series] = {}
    for kind in _KINDS:
        mine = (groups == kind).astype(float)
        columns[kind] = mine
        columns[f"{kind} colder"] = mine * (_MOST_C - felt).clip(lower=0)
    columns |= {"ground": ground, "wall": wall, "break": full * days["holiday"].astype(float)}
    columns |= {"ground came": ground * came, "wall came": wall * came}
    columns["closed ground"], columns["closed wall"] = ground * closed, wall * closed
    was_closed = closed.shift(fill_value=True)
    columns["still warm"] = full * (closed & ~was_closed)
    columns["warmed up"] = full * (~closed & was_closed)
    columns |= {f"below {bend:.0f}": (bend - felt).clip(lower=0) for bend in _BENT_C}
    return pd.DataFrame(columns)


def told_by(columns: pd.DataFrame) -> Floats:
    """The columns that so many days can tell, ``(days, columns)``: each stands in five of them at least, and
    there are five times as many days."""
    columns = columns.fillna(0.0)
    known = columns.loc[:, (columns != 0).sum() >= _LEAST_OF_A_COLUMN]
    return known.to_numpy(np.float64)[:, : max(1, len(columns) // _DAYS_A_COLUMN - 1)]
