"""Findings as the API gives them: the stored finding with its words."""

from __future__ import annotations

from pydantic import Field

from analytics.insights.model import Insight
from api.models import Answer
from reports.insight_texts import InsightText


class InsightWords(Answer):
    """A finding in the language asked for, in plain words."""

    title: str = Field(examples=["Ventilation runs all night"])
    meaning: str = Field(description="What it means, with its figures")
    todo: str = Field(description="What to do about it")
    when: str = Field(examples=["Since 12 January 2026"])


class InsightOut(Insight):
    """A finding of a school: what, since when, what it costs a year, the evidence and what to do.

    `year_kwh`, `year_kgco2e` and `year_sek` have a span in which the truth is taken to lie. kgCO2e are those
    of the accounts (metered kWh × the site's factors), never avoided emissions. SEK are without VAT and null
    without a tariff for all of the energy.
    """

    school_name: str
    place_name: str | None = Field(description="Name of the room or meter; null: all of the school")
    text: InsightWords


class PortfolioInsight(InsightOut):
    """A finding among those of all schools."""

    portfolio_rank: int = Field(ge=1, description="1 comes first of all schools' findings")


def words_out(text: InsightText) -> InsightWords:
    """The words as the API gives them."""
    return InsightWords(**text._asdict())
