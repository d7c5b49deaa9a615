"""Reports to take away: of a school, of all schools one may read; where a figure comes from; verification."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.access.rules import SCHOOL, SCHOOLS, STAFF
from api.access.viewer import viewer_of
from api.context import ApiContext
from api.models import NOT_NOW, PROBLEMS, TOO_LARGE
from api.problems import ProblemError, wrong
from api.routes.schools import known_school
from reports.closing import CloseError
from reports.explain import Node
from reports.figures import SITE, FigureIdError, parse_figure_id
from reports.fits import here
from reports.make import MEDIA_TYPES, File, Shape
from reports.manifest import ManifestError, find_manifest
from reports.period import CURE, Period, PeriodError, parse_period
from reports.service import Reports, schools_of

FILE_LIMIT_BYTES = 50_000_000
"""Largest file that is verified."""

T = TypeVar("T")

_Lang = Literal["sv", "en"]
_Year = Annotated[int, Path(ge=1990, le=2100)]


def _schema(kind: str) -> dict[str, str]:
    """What a file of a media type is in the OpenAPI document."""
    if kind.endswith("json"):
        return {"type": "object"}
    return {"type": "string"} if kind.startswith("text/") else {"type": "string", "format": "binary"}


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": _schema(kind)} for kind in MEDIA_TYPES.values()}},
    **PROBLEMS,
}


class ReportQuery(BaseModel):
    """Parameters of a report."""

    model_config = ConfigDict(extra="forbid")

    period: str = Field(max_length=20, description=CURE, examples=["2026-10", "2026-Q4", "2025/26", "2026"])
    format: Literal["pdf", "xlsx", "csv", "json", "csvm"] = Field(
        "pdf", description="csvm: the metadata beside the CSV file, with its manifest."
    )
    lang: _Lang | None = Field(None, description="The site's language where missing.")
    delimiter: Literal[",", ";"] = Field(",", description="Between the cells of CSV.")
    decimal: Literal[".", ","] = Field(".", description="Decimal sign in CSV; a comma needs `delimiter=;`.")


class NodeOut(BaseModel):
    """A step on the way from a figure to its readings."""

    label: str
    value: str
    parts: list[NodeOut] = []


class DifferenceOut(BaseModel):
    """One thing that differs from when a report was made; ``cause`` figure is the effect."""

    cause: str
    what: str
    then: str
    now: str


class AccountsOut(BaseModel):
    """A year's climate accounts; the columns of its rows stand in docs/reports.md."""

    school: str
    year: str
    closed_at: str | None
    accounts: list[dict[str, Any]]
    energy_register: list[dict[str, Any]]
    restatements: list[dict[str, Any]]


class ClosedOut(BaseModel):
    """A year that was closed."""

    school: str
    year: str
    closed_at: str
    rows: int


class VerificationOut(BaseModel):
    """Whether the store still says what a report said."""

    school: str
    period: str
    made: str
    same: bool
    differences: list[DifferenceOut]


def reports_router(context: ApiContext) -> APIRouter:
    """Routes of reports; made in the calling thread where ``context`` names nobody else."""
    router = APIRouter(tags=["reports"], responses=PROBLEMS)
    reports = context.reports or Reports(
        context.store, context.site, context.clock, here, {}, fits=context.fits
    )
    _add_files(router, context, reports)
    _add_walks(router, context, reports)
    _add_city_walks(router, context, reports)
    _add_accounts(router, context, reports)
    return router


def _add_files(router: APIRouter, context: ApiContext, reports: Reports) -> None:
    @router.get(
        "/schools/{school}/report",
        response_class=Response,
        responses=_ANSWERS,
        dependencies=[Depends(SCHOOL)],
    )
    def get_report(school: str, query: Annotated[ReportQuery, Query()]) -> Response:
        """A school's report as a file."""
        known_school(context.site(), school)
        period, shape = _asked(context, query)
        return _sent(_now(lambda: reports.school(school, period, shape)), query)

    @router.get(
        "/portfolio/report", response_class=Response, responses=_ANSWERS, dependencies=[Depends(SCHOOLS)]
    )
    def get_portfolio_report(request: Request, query: Annotated[ReportQuery, Query()]) -> Response:
        """The report of all schools that one may read, as a file."""
        schools = _read_by(request, context)
        period, shape = _asked(context, query)
        return _sent(_now(lambda: reports.city(schools, period, shape))[0], query)


def _add_walks(router: APIRouter, context: ApiContext, reports: Reports) -> None:
    @router.get("/schools/{school}/report/explain", response_model=NodeOut, dependencies=[Depends(SCHOOL)])
    def get_explanation(school: str, figure: Annotated[str, Query(max_length=300)]) -> NodeOut:
        """From a figure of a report, by its id, through methods and factors to counts of readings."""
        known_school(context.site(), school)
        try:
            if parse_figure_id(figure).school != school:
                raise wrong("figure", figure, f"is a figure of another school than {school}")
            return _node(reports.explain(figure))
        except (FigureIdError, PeriodError) as error:
            raise wrong("figure", figure, str(error)) from error

    @router.post(
        "/schools/{school}/report/verify",
        response_model=VerificationOut,
        responses=TOO_LARGE,
        dependencies=[Depends(SCHOOL)],
    )
    async def verify_report(school: str, request: Request) -> VerificationOut:
        """Whether a report still holds; if not, what changed. The body is its PDF, XLSX or JSON file, or the
        metadata beside its CSV file."""
        known_school(context.site(), school)
        return await run_in_threadpool(_verified, reports, school, await _body(request))


def _add_city_walks(router: APIRouter, context: ApiContext, reports: Reports) -> None:
    @router.get("/portfolio/report/explain", response_model=NodeOut, dependencies=[Depends(SCHOOLS)])
    def get_city_explanation(request: Request, figure: Annotated[str, Query(max_length=300)]) -> NodeOut:
        """From a figure of all schools together to those of the schools that one may read."""
        schools = _read_by(request, context)
        try:
            if parse_figure_id(figure).school != SITE:
                raise wrong("figure", figure, "is a figure of a school; ask that school's route")
            return _node(reports.explain(figure, schools))
        except (FigureIdError, PeriodError) as error:
            raise wrong("figure", figure, str(error)) from error

    @router.post("/portfolio/report/verify", response_model=VerificationOut, dependencies=[Depends(SCHOOLS)])
    async def verify_city_report(request: Request) -> VerificationOut:
        """Whether a report of all schools still holds, for those who may read each of them."""
        may = _read_by(request, context)
        return await run_in_threadpool(_verified, reports, SITE, await _body(request), may)


def _read_by(request: Request, context: ApiContext) -> list[str]:
    viewer = viewer_of(request)
    schools = [one.key for one in context.site().schools if viewer.reads(one.key)]
    if not schools:
        raise ProblemError(403, "A report is for those of a school; sign in or send a token.")
    return schools


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > FILE_LIMIT_BYTES:
            raise ProblemError(413, f"A report has at most {FILE_LIMIT_BYTES / 1e6:.0f} MB.")
    return bytes(body)


def _add_accounts(router: APIRouter, context: ApiContext, reports: Reports) -> None:
    @router.get(
        "/schools/{school}/accounts/{year}", response_model=AccountsOut, dependencies=[Depends(SCHOOL)]
    )
    def get_accounts(school: str, year: _Year) -> AccountsOut:
        """A year's climate accounts: frozen where the year is closed, with what would be restated."""
        known_school(context.site(), school)
        found = reports.accounts(school, year)
        closed = found.closed_at.isoformat() if found.closed_at is not None else None
        return AccountsOut(**{**found._asdict(), "closed_at": closed})

    @router.post(
        "/schools/{school}/accounts/{year}/close",
        response_model=ClosedOut,
        responses=NOT_NOW,
        dependencies=[Depends(STAFF)],
    )
    def close_accounts(school: str, year: _Year) -> ClosedOut:
        """Close a year for good; later data make restatements."""
        known_school(context.site(), school)
        try:
            found = reports.close(school, year)
        except CloseError as error:
            raise ProblemError(409, f"Not closed: {error}.") from error
        return ClosedOut(
            school=school, year=found.year, closed_at=found.closed_at.isoformat(), rows=len(found.accounts)
        )


def _verified(reports: Reports, school: str, content: bytes, may: list[str] | None = None) -> VerificationOut:
    try:
        manifest = find_manifest(content)
        if manifest.school != school:
            raise wrong("file", manifest.school, f"is a report of another school than {school}")
        if may is not None and schools_of(manifest) - set(may):
            raise ProblemError(403, "This report speaks of schools that you may not read.")
        found = reports.verify(manifest)
    except (ManifestError, PeriodError) as error:
        raise ProblemError(422, f"This file cannot be verified: {error}.") from error
    return VerificationOut(
        school=manifest.school,
        period=manifest.period,
        made=manifest.made.isoformat(),
        same=found.same,
        differences=[DifferenceOut(**one._asdict()) for one in found.differences],
    )


def _asked(context: ApiContext, query: ReportQuery) -> tuple[Period, Shape]:
    try:
        period = parse_period(query.period)
    except PeriodError as error:
        raise wrong("period", query.period, CURE) from error
    if query.decimal == query.delimiter:
        raise wrong("decimal", query.decimal, "needs delimiter=; beside it")
    lang = query.lang or context.site().settings.site.language
    kind = "csv" if query.format == "csvm" else query.format
    return period, Shape((kind,), lang, query.delimiter, query.decimal)


def _now(make: Callable[[], T]) -> T:
    try:
        return make()
    except BrokenExecutor as error:
        detail = "The process that makes reports was ended; ask again, another one is started."
        raise ProblemError(503, detail) from error


def _sent(files: list[File], query: ReportQuery) -> Response:
    (file,) = (one for one in files if one.format == query.format)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, media_type=MEDIA_TYPES[file.format], headers=headers)


def _node(node: Node) -> NodeOut:
    return NodeOut(label=node.label, value=node.value, parts=[_node(part) for part in node.parts])
