"""The findings of a school on its page: the first ones in words, with what they cost."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.insights.job import read_insights
from analytics.insights.model import Concern, Insight
from api.pages.evidence import EvidenceView, evidence_view
from api.pages.visit import Visit
from classroom.places import School
from reports.insight_texts import InsightText, insight_text

SHOWN = 5
"""A caretaker needs five things to do; the rest stands on a page of its own."""


@dataclass(frozen=True, slots=True)
class InsightLine:
    """A finding with its words; costs are texts, empty where there is nothing to say."""

    insight: Insight
    text: InsightText
    concern: str
    energy: str
    emissions: str
    money: str
    evidence: EvidenceView


@dataclass(frozen=True, slots=True)
class FindingsView:
    """All findings of a school with what shows each."""

    school: School
    lines: list[InsightLine]


@dataclass(frozen=True, slots=True)
class FirstFindings:
    """What a school's page tells of its findings: the first ones, and how many there are."""

    lines: list[InsightLine]
    of: int


def first_findings(visit: Visit, school: str) -> FirstFindings:
    """The school's most urgent findings.

    Raises:
        StoreError: the store cannot serve now.
    """
    found = read_insights(visit.context.store, school)
    return FirstFindings([_line(visit, one) for one in found[:SHOWN]], len(found))


def findings_view(visit: Visit, school: School) -> FindingsView:
    """The page of all findings of ``school``, the most urgent first.

    Raises:
        StoreError: the store cannot serve now.
    """
    found = read_insights(visit.context.store, school.key)
    return FindingsView(school, [_line(visit, one) for one in found])


def _line(visit: Visit, one: Insight) -> InsightLine:
    say = visit.say
    return InsightLine(
        insight=one,
        text=insight_text(one, visit.site, say.code),
        concern=concern_names(visit)[one.concern],
        energy=say.energy(one.year_kwh.value) if one.year_kwh else "",
        emissions=say.emissions(one.year_kgco2e.value) if one.year_kgco2e else "",
        money=f"{say.number(one.year_sek.value)}\u00a0{say.text('SEK')}" if one.year_sek else "",
        evidence=evidence_view(one.evidence, say),
    )


def concern_names(visit: Visit) -> dict[Concern, str]:
    """What findings are about, in words."""
    say = visit.say
    return {
        Concern.AIR: say.text("Air"),
        Concern.ENERGY: say.text("Energy"),
        Concern.COMFORT: say.text("Comfort"),
        Concern.MEASURING: say.text("Measuring"),
    }
