"""Findings against planted defects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from accuracy.page import Row, Section, Seeds
from accuracy.school_hours import SchoolCase, school_cases
from analytics.insights.find import find
from analytics.insights.model import Insight, InsightKind
from classroom.quantity import Carrier
from simulators.city import DRAWN
from simulators.defects import Defect, DefectKind

COUNTS = 0.01
DUE_L_S = 7.0
NEAR = 0.25
CITIES = 12

FOUND_AS = {
    DefectKind.VENTILATION_ALL_NIGHT: InsightKind.VENTILATION_AT_NIGHT,
    DefectKind.HEATING_IN_HOLIDAYS: InsightKind.HEATING_IN_HOLIDAYS,
    DefectKind.SETPOINT_HIGH: InsightKind.SETPOINT_HIGH,
    DefectKind.BASE_LOAD_UP: InsightKind.BASE_LOAD_UP,
    DefectKind.UNDERVENTILATED_ROOM: InsightKind.UNDERVENTILATED_ROOM,
    DefectKind.VENTILATION_ON_CLOSED_DAYS: InsightKind.VENTILATION_ON_CLOSED_DAYS,
    DefectKind.HEATING_AT_NIGHT: InsightKind.HEATING_AT_NIGHT,
    DefectKind.HEATING_ON_WEEKENDS: InsightKind.HEATING_ON_WEEKENDS,
    DefectKind.HEATING_STARTS_EARLY: InsightKind.HEATING_STARTS_EARLY,
}
"""Defects with the finding that names them; measures save energy and are to be kept silent about."""

GUESS = 0.5
"""A figure whose span is wider than so much to either side is a guess, and is counted as one."""

_COLUMNS = {Carrier.ELECTRICITY: "electricity_kwh", Carrier.DISTRICT_HEAT: "heat_kwh"}


class Verdict(NamedTuple):
    """A counted defect: whether it was found, estimated over true energy (NaN: not found, or a room), whether
    the truth lies in the span that was told, and whether that is a guess's."""

    seed: int
    school: str
    kind: DefectKind
    found: bool
    ratio: float
    inside: bool
    guess: bool


class Judged(NamedTuple):
    """Counted defects, how many findings were right, and those that were not."""

    verdicts: list[Verdict]
    right: int
    wrong: list[tuple[int, str, str]]


def judge(cases: Iterable[SchoolCase]) -> Judged:
    """Findings of every school against its defects."""
    verdicts: list[Verdict] = []
    right, wrong = 0, []
    for case in cases:
        insights = [one for one in find(case.data) if one.kind in FOUND_AS.values()]
        named: set[str] = set()
        for number, defect in enumerate(case.defects):
            if defect.kind not in FOUND_AS:
                continue
            mine = [one for one in insights if one.kind is FOUND_AS[defect.kind] and one.room == defect.room]
            named |= {one.key for one in mine}
            if _counts(case, number, defect):
                energy = _energy(case, number, mine)
                verdicts.append(Verdict(case.seed, case.data.school, defect.kind, bool(mine), *energy))
        for one in insights:
            if one.key in named or (one.room is not None and case.flow_l_s[one.room] < DUE_L_S):
                right += 1
            else:
                wrong.append((case.seed, case.data.school, one.key))
    return Judged(verdicts, right, wrong)


def _counts(case: SchoolCase, number: int, defect: Defect) -> bool:
    if defect.room is not None:
        return True
    used = case.data.days[list(_COLUMNS.values())].sum()
    return any(abs(case.extra[number, name].sum()) >= COUNTS * used[name] for name in _COLUMNS.values())


def _energy(case: SchoolCase, number: int, mine: Sequence[Insight]) -> tuple[float, bool, bool]:
    """What findings tell of a defect's energy over what is true, whether that lies in their span, and whether
    it is a guess."""
    told = [part for one in mine for part in one.energy]
    carriers = {part.carrier for part in told}
    truth = sum(float(case.extra[number, _COLUMNS[carrier]].sum()) for carrier in carriers)
    if not truth:
        return np.nan, False, False
    low, value, high = (sum(getattr(part.seen_kwh, end) for part in told) for end in ("low", "value", "high"))
    return value / truth, low <= truth <= high, high - value > GUESS * value


def found(seeds: Seeds) -> list[Row]:
    """Findings of a city a seed against what was planted there."""
    return rows(judge(school_cases(seeds.some(CITIES, 1))), DRAWN)


def rows(judged: Judged, kinds: Sequence[DefectKind]) -> list[Row]:
    """Rows of the table from what was judged, and one for each of ``kinds`` that there is a finding about."""
    count = len(judged.verdicts)
    named = sum(one.found for one in judged.verdicts)
    all_told = judged.right + len(judged.wrong)
    told = [one for one in judged.verdicts if not np.isnan(one.ratio) and not one.guess]
    ratios = np.array([one.ratio for one in told])
    near = int((np.abs(ratios - 1) <= NEAR).sum())
    made = [
        _row("planted defects found (recall)", named, count, 0.9),
        _row("findings that are right (precision)", judged.right, all_told, 0.9),
        _row("energy of a found defect within 25 % of the truth", near, len(ratios), 1.0),
        Row(
            "of those, truth inside the span that is told",
            f"{sum(one.inside for one in told)} of {len(told)}",
        ),
        Row('found without a figure of energy ("not told")', str(_untold(judged.verdicts))),
    ]
    if guesses := [one for one in judged.verdicts if one.guess]:
        near = sum(abs(one.ratio - 1) <= NEAR for one in guesses)
        inside = sum(one.inside for one in guesses)
        text = f"{len(guesses)}; {near} within 25 %, truth inside the span {inside} of {len(guesses)}"
        made.append(Row("found with a guess of energy (a span of more than ± 50 %)", text))
    for kind in (kind for kind in kinds if kind in FOUND_AS):
        mine = [one for one in judged.verdicts if one.kind is kind]
        known = [one for one in mine if not np.isnan(one.ratio) and not one.guess]
        own = np.array([one.ratio for one in known])
        text = f"{sum(one.found for one in mine)} of {len(mine)} found"
        if len(own):
            near = int((np.abs(own - 1) <= NEAR).sum())
            inside = sum(one.inside for one in known)
            text += f"; energy ÷ truth {own.min():.2f} to {own.max():.2f}, median {np.median(own):.2f}; "
            text += f"{near} within 25 %, truth inside the span {inside} of {len(own)}"
        guessed, untold = sum(one.guess for one in mine), _untold(mine)
        text += f"; a guess {guessed}" if guessed else ""
        text += f"; not told {untold}" if untold else ""
        made.append(Row(f"`{kind}`", text))
    return made


def _untold(verdicts: Sequence[Verdict]) -> int:
    """Defects about energy that were found and have no figure."""
    rooms = DefectKind.UNDERVENTILATED_ROOM
    return sum(one.found and bool(np.isnan(one.ratio)) and one.kind is not rooms for one in verdicts)


def _row(what: str, part: int, whole: int, least: float) -> Row:
    share = part / whole if whole else 0.0
    return Row(what, f"{part} of {whole}", f"≥ {least:.0%}", share >= least)


TEXT = """
A city of eight schools a seed, each with its own building, habits, timetable, solar cells and defects, over
400 days as meters and sensors tell them by the hour (sensors with their errors, on the spot where they
hang; the air of a room's days from readings every 5 minutes, as the metrics); the truth is the same school
without the defect. Counted are defects that moved a carrier of the school by at least 1 % of what it used,
and every underventilated room. A finding is right where its defect is planted, or for a room where the true
outdoor air is below 7 L/s a person while it is occupied; measures that save energy are to be kept silent
about. Energy is that of the carriers that the finding speaks of, over the days on which it was seen: a base
load's is electricity, and what it spares of heat is not told. Of two defects in a school each is measured
against the other in place, over all its days. A defect whose energy nobody can tell from the data is found
without a figure, and is counted as such. Earlier methods were tried on seeds 5000 to 5011 (48 of 62 within
25 %), 6000 to 6011 (56 of 59, truth inside the span 50 of 59), 7000 to 7011 (57 of 63, 56 of 63), 8000 to
8011 (59 of 64, 60 of 64), 9000 to 9011 (60 of 61, 59 of 61), 9100 to 9111 (54 of 56, 54 of 56) and 9200 to
9211 (60 of 61, 60 of 61); they were looked into and are spent.
"""

SECTION = Section("insights", "Findings", TEXT, found)
