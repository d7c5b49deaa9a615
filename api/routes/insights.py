"""Findings: what is wrong with a school, what it costs, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from analytics.insights.job import read_insights
from analytics.insights.model import Insight, InsightKind
from api.access.rules import CITY, SCHOOL
from api.access.viewer import viewer_of
from api.context import ApiContext
from api.insight_models import InsightOut, PortfolioInsight, words_out
from api.models import PROBLEMS, Answer
from api.query import Shape
from api.routes.schools import known_school
from api.tables import CSV_ANSWER, csv_response, wants_csv
from classroom.site import Site
from reports.findings import across
from reports.insight_texts import Code, insight_text, place_name

_ANSWERS: dict[int | str, dict[str, Any]] = {200: CSV_ANSWER, **PROBLEMS}


class InsightsQuery(Shape):
    """Parameters of the lists of findings."""

    lang: Code | None = Field(None, description="Language of the words; the site's where missing.")
    kind: list[InsightKind] = Field(default=[], max_length=30, description="Only these; all where missing.")
    ongoing: bool | None = Field(None, description="Only what goes on (true) or has ended (false).")


class InsightRow(Answer):
    """A finding in a table: a line each, without its evidence."""

    rank: int
    school: str
    room: str | None
    meter: str | None
    kind: InsightKind
    title: str
    first: str
    last: str
    ongoing: bool
    year_kwh: float | None
    year_kwh_low: float | None
    year_kwh_high: float | None
    year_kgco2e: float | None
    year_sek: float | None
    no_sek: str | None
    todo: str


def insights_router(context: ApiContext) -> APIRouter:
    """Routes of findings."""
    router = APIRouter(tags=["insights"], responses=_ANSWERS)

    @router.get("/schools/{school}/insights", response_model=list[InsightOut], dependencies=[Depends(SCHOOL)])
    def school_insights(
        school: str, request: Request, query: Annotated[InsightsQuery, Query()]
    ) -> Response | list[InsightOut]:
        """Findings of a school, the most urgent first, as last computed (once a day)."""
        site = context.site()
        known_school(site, school)
        found = [_out(one, site, query) for one in _asked(read_insights(context.store, school), query)]
        if wants_csv(request, query):
            return csv_response(list(InsightRow.model_fields), [_row(one, one.rank) for one in found], query)
        return found

    @router.get("/portfolio/insights", response_model=list[PortfolioInsight], dependencies=[Depends(CITY)])
    def portfolio_insights(
        request: Request, query: Annotated[InsightsQuery, Query()]
    ) -> Response | list[PortfolioInsight]:
        """Findings of the schools whose findings one may see: what goes on first, then by SEK a year, or
        where one has no tariff by primary energy (BBR 29 weights)."""
        site, viewer = context.site(), viewer_of(request)
        mine = {school.key for school in viewer.schools(site) if viewer.reads(school.key)}
        known = [one for one in _asked(read_insights(context.store), query) if one.school in mine]
        found = [
            PortfolioInsight(**dict(_out(one, site, query)), portfolio_rank=rank)
            for rank, one in enumerate(across(known), start=1)
        ]
        if wants_csv(request, query):
            rows = [_row(one, one.portfolio_rank) for one in found]
            return csv_response(list(InsightRow.model_fields), rows, query)
        return found

    return router


def _asked(insights: Sequence[Insight], query: InsightsQuery) -> list[Insight]:
    return [
        one
        for one in insights
        if (not query.kind or one.kind in query.kind)
        and (query.ongoing is None or one.ongoing is query.ongoing)
    ]


def _out(one: Insight, site: Site, query: InsightsQuery) -> InsightOut:
    text = insight_text(one, site, query.lang or site.settings.site.language)
    school = site.school_by_key[one.school]
    return InsightOut(
        **dict(one), school_name=school.name, place_name=place_name(one, site), text=words_out(text)
    )


def _row(one: InsightOut, rank: int) -> InsightRow:
    return InsightRow(
        rank=rank,
        school=one.school,
        room=one.room,
        meter=one.meter,
        kind=one.kind,
        title=one.text.title,
        first=one.first.isoformat(),
        last=one.last.isoformat(),
        ongoing=one.ongoing,
        year_kwh=one.year_kwh.value if one.year_kwh else None,
        year_kwh_low=one.year_kwh.low if one.year_kwh else None,
        year_kwh_high=one.year_kwh.high if one.year_kwh else None,
        year_kgco2e=one.year_kgco2e.value if one.year_kgco2e else None,
        year_sek=one.year_sek.value if one.year_sek else None,
        no_sek=one.no_sek,
        todo=one.text.todo,
    )
