"""All schools together: metrics and savings."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access.rules import CITY
from api.access.viewer import viewer_of
from api.comparison_models import PortfolioSavingsOut, portfolio_out
from api.comparison_tables import PORTFOLIO_COLUMNS, portfolio_rows
from api.context import ApiContext
from api.metrics import asked_metrics
from api.models import PROBLEMS, MetricPoint
from api.points import points_response
from api.portfolio import metrics_of_portfolio, metrics_of_schools
from api.problems import ProblemError, wrong
from api.query import PortfolioMetricsQuery
from api.routes.comparisons import SavingsAsked, asked_savings, sources_of
from api.tables import CSV_ANSWER, csv_response, wants_csv
from classroom.site import Site
from reports.portfolio import portfolio_savings
from reports.sources import OverlapError

_ANSWERS = {200: CSV_ANSWER, **PROBLEMS}

SavingsAnswer: TypeAlias = Response | PortfolioSavingsOut


def portfolio_router(context: ApiContext) -> APIRouter:
    """Routes under ``/portfolio``."""
    router = APIRouter(tags=["portfolio"], responses=_ANSWERS, dependencies=[Depends(CITY)])

    @router.get("/portfolio/metrics", response_model=list[MetricPoint])
    def get_metrics(request: Request, query: Annotated[PortfolioMetricsQuery, Query()]) -> Response:
        """Metrics of the schools one may see: sums, null where a school says nothing, or each school's."""
        wants_csv(request, query)
        sources = sources_of(context)
        asked = asked_metrics(query, sources.site.zone, sources.now)
        schools = seen(request, sources.site)
        gather = metrics_of_schools if query.by == "school" else metrics_of_portfolio
        return points_response(request, gather(sources, schools, asked), query)

    @router.get("/portfolio/savings", response_model=PortfolioSavingsOut)
    def get_savings(request: Request, query: SavingsAsked) -> SavingsAnswer:
        """Savings of the schools one may see, over the same periods, net of those that used more.

        What has no comparison is listed with its reason.
        """
        as_csv = wants_csv(request, query)
        sources = sources_of(context)
        asked = asked_savings(query, sources.yesterday)
        try:
            found = portfolio_savings(sources, seen(request, sources.site), asked)
        except OverlapError as error:
            raise wrong("reporting", query.reporting or "", f"{error}; choose periods apart") from error
        if found is None:
            raise ProblemError(404, "There are no schools yet; add them to schools.csv.")
        answer = portfolio_out(found)
        return csv_response(PORTFOLIO_COLUMNS, portfolio_rows(answer), query) if as_csv else answer

    return router


def seen(request: Request, site: Site) -> list[str]:
    """Keys of the schools that whoever asks may see."""
    return [school.key for school in viewer_of(request).schools(site)]
