"""The findings of a school on its page: the first ones in words, with what they cost."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.insights.job import read_insights
from analytics.insights.model import Concern, Insight
from api.pages.visit import Visit
from reports.insight_texts import InsightText, insight_text

SHOWN = 5
"""A caretaker needs five things to do; the rest stands behind them."""


@dataclass(frozen=True, slots=True)
class InsightLine:
    """A finding with its words; costs are texts, empty where there is nothing to say."""

    insight: Insight
    text: InsightText
    concern: str
    energy: str
    emissions: str
    money: str


def insight_lines(visit: Visit, school: str) -> list[InsightLine] | None:
    """The school's findings, the most urgent first; None for those who may not see them.

    Raises:
        StoreError: the store cannot serve now.
    """
    if not visit.viewer.reads(school):
        return None
    return [_line(visit, one) for one in read_insights(visit.context.store, school)]


def _line(visit: Visit, one: Insight) -> InsightLine:
    say = visit.say
    return InsightLine(
        insight=one,
        text=insight_text(one, visit.site, say.code),
        concern=concern_names(visit)[one.concern],
        energy=say.energy(one.year_kwh.value) if one.year_kwh else "",
        emissions=say.emissions(one.year_kgco2e.value) if one.year_kgco2e else "",
        money=f"{say.number(one.year_sek.value)}\u00a0{say.text('SEK')}" if one.year_sek else "",
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
