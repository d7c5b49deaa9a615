"""Findings against clocks that are wrong: of fans on closed days, and of the heating's setback."""

from __future__ import annotations

from datetime import timedelta

from accuracy.insights import judge, rows
from accuracy.page import Row, Section, Seeds
from accuracy.school_hours import FIRST_DAY, school_cases
from classroom.site import Site
from simulators.chance import stream
from simulators.defects import Defect, DefectKind

CITIES = 6

KINDS = (
    DefectKind.VENTILATION_ON_CLOSED_DAYS,
    DefectKind.HEATING_AT_NIGHT,
    DefectKind.HEATING_ON_WEEKENDS,
    DefectKind.HEATING_STARTS_EARLY,
)


def plant(seed: int, site: Site) -> tuple[Defect, ...]:
    """Each kind once from the first day on in a city, once from a day of autumn or winter on."""
    rng = stream(seed, "wrong clocks")
    order = rng.permutation(len(site.schools))
    found = []
    for number, place in enumerate(order.tolist()):
        later = timedelta(days=int(rng.integers(60, 220))) if number >= len(KINDS) else timedelta(0)
        kind = KINDS[number % len(KINDS)]
        found.append(Defect(school=site.schools[place].key, kind=kind, first=FIRST_DAY + later))
    return tuple(found)


def found(seeds: Seeds) -> list[Row]:
    """Findings of a city a seed against what was planted there."""
    return rows(judge(school_cases(seeds.some(CITIES, 1), plant=plant)), KINDS)


TEXT = """
Cities as above, without their own defects: in each, fans that run on closed days, a setback that is off at
night, or on weekends only, and a heating that starts at one in the morning, once from the first day on and
once from a day between September and February on. Everything is counted as above.

A school that was never lowered at night holds nothing that tells how cool it would be: what its finding says
is a guess, with a span of ± 60 %, and is counted apart. The heat of fans on closed days is told only where
other closed days were as cold; else only their electricity is. An earlier method was tried on seeds 9500 to
9505 (31 of 36 within 25 %, truth inside the span 34 of 36).
"""

SECTION = Section("clocks", "Findings about clocks", TEXT, found)
