"""Scheduled reports: how they stand, and delivering one now."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.access.rules import ADMIN, TECHNICIAN
from api.context import ApiContext
from api.models import NOT_NOW, PROBLEMS
from api.problems import ProblemError
from reports.deliveries import Standing, State, TaskError
from reports.period import PeriodError


class DeliveryOut(BaseModel):
    """A scheduled report of a school (or ``portfolio``) and period."""

    schedule: str
    school: str
    period: str
    state: State
    tries: int
    at: datetime | None = Field(description="When it was tried last.")
    again_at: datetime | None = Field(description="When it is tried again.")
    files: list[str]
    trouble: str


class DeliveryOrder(BaseModel):
    """Which report to deliver; ``again``: though it was delivered."""

    model_config = ConfigDict(extra="forbid")

    schedule: str = Field(max_length=64)
    school: str = Field(max_length=64)
    period: str = Field(max_length=20)
    again: bool = False


def deliveries_router(context: ApiContext) -> APIRouter:
    """``/deliveries``; empty where the process delivers nothing."""
    router = APIRouter(tags=["reports"], responses=PROBLEMS)

    @router.get("/deliveries", dependencies=[Depends(TECHNICIAN)])
    def get_deliveries() -> list[DeliveryOut]:
        """Scheduled reports of the last twelve periods that are due or were tried."""
        found = [] if context.deliveries is None else context.deliveries.standing()
        return [_out(one) for one in found]

    @router.post("/deliveries", responses=NOT_NOW, dependencies=[Depends(ADMIN)])
    def deliver(order: DeliveryOrder) -> DeliveryOut:
        """Make a scheduled report and lay it down or mail it; what was delivered stays, unless ``again``."""
        if context.deliveries is None:
            detail = "This process delivers no reports; ask the one that ingests."
            raise ProblemError(409, detail)
        try:
            found = context.deliveries.deliver(order.schedule, order.school, order.period, again=order.again)
        except (TaskError, PeriodError) as error:
            raise ProblemError(422, f"Not delivered: {error}.") from error
        return _out(found)

    return router


def _out(one: Standing) -> DeliveryOut:
    return DeliveryOut(**{**one._asdict(), "files": list(one.files)})
