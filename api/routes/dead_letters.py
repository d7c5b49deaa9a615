"""The messages that could not be read, or not wholly: listed, replayed, deleted."""

from __future__ import annotations

import base64
import codecs
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.access.rules import ADMIN, TECHNICIAN
from api.context import ApiContext, DeadLetter, LetterControl, NotNowError
from api.letter_models import DeadLetterOut, DeadLetterPage, PurgeIn, PurgeOut, ReplayIn, ReplayOut
from api.models import NOT_NOW, PROBLEMS
from api.problems import ProblemError
from api.query import LettersQuery, instant
from api.tables import CSV_ANSWER, csv_response, wants_csv

_utf8 = codecs.getincrementaldecoder("utf-8")
_EXCERPT_BYTES = 1_000


def dead_letters_router(context: ApiContext) -> APIRouter:
    """Routes for those who look after what was sent."""
    router = APIRouter(tags=["dead letters"], responses=PROBLEMS)
    reading = APIRouter(dependencies=[Depends(TECHNICIAN)])

    @reading.get("/dead-letters", response_model=DeadLetterPage, responses={200: CSV_ANSWER})
    def list_letters(request: Request, query: Annotated[LettersQuery, Query()]) -> Response | DeadLetterPage:
        """Messages that could not become readings, newest first, and how many there are for each reason.

        Under ``value_refused`` stand messages that were stored without some of their values.
        """
        found = context.letters.list(
            query.reason, query.before, query.limit + 1, family=query.family, topic=query.topic
        )
        rows = [_letter(letter, _EXCERPT_BYTES) for letter in found[: query.limit]]
        if wants_csv(request, query):
            return csv_response(list(DeadLetterOut.model_fields), rows, query)
        return DeadLetterPage(
            counts=dict(sorted(context.letters.count_by_reason().items())),
            items=rows,
            next=rows[-1].id if len(found) > query.limit else None,
        )

    @reading.get("/dead-letters/{number}", response_model=DeadLetterOut)
    def get_letter(number: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> DeadLetterOut:
        """One letter with its whole payload."""
        letter = context.letters.get(number)
        if letter is None:
            detail = f"There is no dead letter {number}. /api/v1/dead-letters lists those kept."
            raise ProblemError(404, detail)
        return _letter(letter, None)

    router.include_router(reading)
    if context.control is not None and context.control.letters is not None:
        router.include_router(_writing(context, context.control.letters))
    return router


def _writing(context: ApiContext, control: LetterControl) -> APIRouter:
    """Routes that change something."""
    router = APIRouter(dependencies=[Depends(ADMIN)], responses=NOT_NOW)

    @router.post("/dead-letters/replay", response_model=ReplayOut)
    def replay(asked: ReplayIn) -> ReplayOut:
        """Read letters again, oldest first, a page a call; answers when they were read.

        What can be read now is stored at its time of receipt and leaves the letters.
        """
        try:
            found = control.replay(**asked.model_dump())
        except NotNowError as why:
            raise ProblemError(409, str(why)) from why
        return ReplayOut(**{name: getattr(found, name) for name in ReplayOut.model_fields})

    @router.post("/dead-letters/purge", response_model=PurgeOut)
    def purge(asked: PurgeIn) -> PurgeOut:
        """Delete letters for good."""
        text, zone = asked.received_before, context.site().settings.site.zone
        before = None if text is None else instant("received_before", text, zone)
        try:
            purged = control.purge(**{**asked.model_dump(), "received_before": before})
        except NotNowError as why:
            raise ProblemError(409, str(why)) from why
        return PurgeOut(purged=purged)

    return router


def _letter(letter: DeadLetter, excerpt_bytes: int | None) -> DeadLetterOut:
    message = letter.message
    shown = message.payload if excerpt_bytes is None else message.payload[:excerpt_bytes]
    text = _text(shown, whole=len(shown) == letter.size)
    return DeadLetterOut(
        id=letter.id,
        received=message.received,
        topic=message.topic,
        device=letter.device,
        reason=letter.reason,
        detail=letter.detail,
        payload_bytes=letter.size,
        encoding="base64" if text is None else "utf-8",
        payload=base64.b64encode(shown).decode() if text is None else text,
        family=letter.family,
        tries=letter.tries,
    )


def _text(payload: bytes, *, whole: bool) -> str | None:
    """Printable UTF-8 (unless ``whole``, a character cut off at the end is dropped).

    None for binary payloads.
    """
    try:
        text = _utf8().decode(payload, final=whole)
    except UnicodeDecodeError:
        return None
    return text if all(c.isprintable() or c in "\r\n\t" for c in text) else None
