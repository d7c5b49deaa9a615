"""Comparisons of a school with itself: savings, heating signature, bridge."""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access.rules import PUBLIC_SCHOOL
from api.bridge_models import BRIDGE_COLUMNS, BridgeOut, bridge_out, bridge_rows
from api.comparison_models import SavingsOut, SignatureOut, savings_out, signature_out
from api.comparison_tables import (
    SAVINGS_COLUMNS,
    SIGNATURE_COLUMNS,
    savings_rows,
    signature_rows,
)
from api.context import ApiContext
from api.models import PROBLEMS
from api.problems import wrong
from api.query import BridgeQuery, SavingsQuery, SignatureQuery, dates
from api.routes.schools import known_school
from api.tables import CSV_ANSWER, csv_response, wants_csv
from reports.bridges import school_bridge
from reports.comparison import CONFIDENCE, school_savings
from reports.dates import parse_dates
from reports.signatures import school_signature
from reports.sources import Asked, OverlapError, Sources

_ANSWERS = {200: CSV_ANSWER, **PROBLEMS}

SavingsAsked = Annotated[SavingsQuery, Query()]
SavingsAnswer: TypeAlias = Response | SavingsOut
SignatureAnswer: TypeAlias = Response | SignatureOut
BridgeAnswer: TypeAlias = Response | BridgeOut


def comparisons_router(context: ApiContext) -> APIRouter:
    """Routes of comparisons under ``/schools``."""
    router = APIRouter(tags=["comparisons"], responses=_ANSWERS, dependencies=[Depends(PUBLIC_SCHOOL)])

    @router.get("/schools/{school}/savings", response_model=SavingsOut)
    def get_savings(school: str, request: Request, query: SavingsAsked) -> SavingsAnswer:
        """Savings against a baseline, by carrier and together, or no claim and why (IPMVP option C)."""
        as_csv = wants_csv(request, query)
        sources = sources_of(context)
        known_school(sources.site, school)
        asked = asked_savings(query, sources.yesterday)
        try:
            found = savings_out(school_savings(sources, school, asked))
        except OverlapError as error:
            raise wrong("reporting", query.reporting or "", f"{error}; choose periods apart") from error
        return csv_response(SAVINGS_COLUMNS, savings_rows(found), query) if as_csv else found

    @router.get("/schools/{school}/signature", response_model=SignatureOut)
    def get_signature(
        school: str, request: Request, query: Annotated[SignatureQuery, Query()]
    ) -> SignatureAnswer:
        """Energy by outdoor temperature and kind of day: balance temperature, W/K, base load, and the days.

        CSV holds the days.
        """
        as_csv = wants_csv(request, query)
        sources = sources_of(context)
        known_school(sources.site, school)
        asked = None if query.period is None else dates("period", query.period, sources.yesterday)
        found = signature_out(school_signature(sources, school, asked))
        return csv_response(SIGNATURE_COLUMNS, signature_rows(found), query) if as_csv else found

    @router.get("/schools/{school}/bridge", response_model=BridgeOut)
    def get_bridge(school: str, request: Request, query: Annotated[BridgeQuery, Query()]) -> BridgeAnswer:
        """Why a school used another amount than before: weather + calendar + area + own use + factor =
        change, in kWh and in kgCO2e."""
        as_csv = wants_csv(request, query)
        sources = sources_of(context)
        known_school(sources.site, school)
        before, after = (
            None if text is None else dates(key, text, sources.yesterday)
            for key, text in (("before", query.before), ("after", query.after))
        )
        try:
            found = bridge_out(school_bridge(sources, school, before, after), CONFIDENCE)
        except OverlapError as error:
            raise wrong("after", query.after or "", f"{error}; choose periods apart") from error
        return csv_response(BRIDGE_COLUMNS, bridge_rows(found), query) if as_csv else found

    return router


def sources_of(context: ApiContext) -> Sources:
    """What comparisons of one request are made from."""
    return Sources.of(context.store, context.site(), context.fits, context.clock())


def asked_savings(query: SavingsQuery, yesterday: date) -> Asked:
    """The periods of a query.

    Raises:
        ProblemError: 422; a period or day is wrong.
    """
    baseline, reporting = (
        None if text is None else dates(key, text, yesterday)
        for key, text in (("baseline", query.baseline), ("reporting", query.reporting))
    )
    if query.measure is None:
        return Asked(baseline, reporting)
    cure = f"write the day of the measure as 2025-08-15, not after {yesterday}"
    try:
        measure = parse_dates(query.measure, yesterday)
    except ValueError:
        raise wrong("measure", query.measure, cure) from None
    if measure.days != 1 or measure.last > yesterday:
        raise wrong("measure", query.measure, cure)
    return Asked(baseline, reporting, measure.first)
