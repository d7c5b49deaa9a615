"""What staff type in once a day, since nobody measures it: the food that was thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.pages.language import Language
from api.pages.visit import Visit
from classroom.places import School
from store.base import Document

KIND = "daily_entry"
OLDEST = timedelta(days=60)
"""How far back a day may be typed in or mended."""


class DailyEntry(BaseModel):
    """A local day at a school, as people weighed and counted it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    food_waste_kg: Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]
    portions: Annotated[int, Field(ge=1, le=10_000)] | None = None

    @property
    def grams_a_portion(self) -> float | None:
        """Waste of one portion [g]."""
        return None if self.portions is None else self.food_waste_kg * 1_000 / self.portions


def entry_of(visit: Visit, school: str, day: date) -> DailyEntry | None:
    """What was typed in for ``day``; what a newer version wrote and this cannot read counts as nothing.

    Raises:
        StoreError: the store cannot serve now.
    """
    for document in visit.context.store.read_documents(KIND, school):
        if document.key == day.isoformat():
            try:
                return DailyEntry.model_validate_json(document.body)
            except ValidationError:
                return None
    return None


def keep_entry(visit: Visit, school: School, day: date, sent: Mapping[str, str]) -> list[str]:
    """Keep what a form says of ``day``, or forget the day if it says nothing; gives what is wrong with it.

    Raises:
        StoreError: the store cannot serve now.
    """
    say, store = visit.say, visit.context.store
    if not visit.today - OLDEST <= day <= visit.today:
        return [say.text("Only the last %(days)s days can be written down.") % {"days": OLDEST.days}]
    given = {key: value.strip().replace(",", ".") for key, value in sent.items() if value.strip()}
    if not given:
        store.delete_documents(KIND, school.key, [day.isoformat()])
        return []
    try:
        entry = DailyEntry.model_validate(given)
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
        return [text for key, text in _faults(say).items() if key in wrong]
    store.write_documents([Document(KIND, school.key, day.isoformat(), entry.model_dump_json())])
    return []


def _faults(say: Language) -> dict[str, str]:
    return {
        "food_waste_kg": say.text("Write the food waste in kilograms, from 0 to 1000."),
        "portions": say.text("Write the portions as a whole number, from 1 to 10 000."),
    }
