"""The analytics job of the running service, for ``classroom-climate analyze``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from api.access.rules import ADMIN
from api.context import Analysis, ApiContext, NotNowError
from api.models import NOT_NOW, PROBLEMS
from api.problems import ProblemError, no_such
from api.query import instant


class AnalysisIn(BaseModel):
    """What to compute; nothing named: whatever is not up to date, everywhere."""

    model_config = ConfigDict(extra="forbid")

    school: str | None = Field(None, max_length=64, description="Only this school")
    start: str | None = Field(None, alias="from", max_length=40, description="Only local days that end after")
    end: str | None = Field(None, alias="to", max_length=40, description="Only local days that begin before")
    full: bool = Field(False, description="All of it anew, not only what changed")


class AnalysisAsked(BaseModel):
    """A run that will come; ask for ``/api/v1/analysis/{id}``."""

    id: int


class AnalysisReport(BaseModel):
    """What a run did."""

    hours: int
    room_days: int
    school_days: int
    batches: int
    metrics: int
    withdrawn: int
    seconds: float


class AnalysisOut(BaseModel):
    """How far a run is: ``state`` is waiting, running, done or failed."""

    id: int
    state: str
    step: str = ""
    done: int = 0
    total: int = 0
    report: AnalysisReport | None = None
    trouble: str = ""


def analysis_router(context: ApiContext) -> APIRouter:
    """Routes to run the job and to see how far it is; none where the process does not run it."""
    router = APIRouter(tags=["analysis"], responses=PROBLEMS | NOT_NOW, dependencies=[Depends(ADMIN)])
    if context.control is not None and context.control.analysis is not None:
        _add_routes(router, context, context.control.analysis)
    return router


def _add_routes(router: APIRouter, context: ApiContext, analysis: Analysis) -> None:
    @router.post("/analysis", status_code=202, response_model=AnalysisAsked)
    def ask(asked: AnalysisIn) -> Any:  # noqa: ANN401
        """Run the analytics job soon, narrowed as said."""
        site = context.site()
        if asked.school is not None and asked.school not in site.school_by_key:
            raise no_such("school", asked.school, "/api/v1/schools")
        start, end = (
            None if text is None else instant(name, text, site.zone)
            for name, text in (("from", asked.start), ("to", asked.end))
        )
        try:
            return {"id": analysis.ask(asked.school, start, end, full=asked.full)}
        except NotNowError as why:
            raise ProblemError(409, str(why)) from why

    @router.get("/analysis/{id}", response_model=AnalysisOut)
    def state(id: Annotated[int, Path(ge=1, le=2**53)]) -> Any:  # noqa: A002, ANN401
        """How far a run is that was asked for."""
        found = analysis.state(id)
        if found is None:
            raise no_such("analysis", str(id), "/api/v1/analysis")
        return found
