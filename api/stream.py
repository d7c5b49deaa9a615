"""Server-sent events of one room."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable

import orjson
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from api.context import ApiContext
from api.live import Arrival, Subscription
from api.models import LiveReading, RoomNow
from api.now import room_now
from classroom.quantity import QUANTITIES
from classroom.reading import Reading

HEARTBEAT_S = 15.0
SEND_TIMEOUT_S = 30.0
RETRY_MS = 3_000

_log = logging.getLogger(__name__)


class EventStream(Response):
    """A response that lasts until the reader leaves, may read no more, lags too far, or the hub is closed."""

    media_type = "text/event-stream"

    def __init__(
        self,
        context: ApiContext,
        school: str,
        room: str,
        last_event_id: str | None,
        still_valid: Callable[[], bool],
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._context = context
        self._place = (school, room)
        self._last_event_id = last_event_id
        self._still_valid = still_valid

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream."""
        del scope
        subscription = self._context.live.subscribe(*self._place, self._last_event_id)
        leaving = asyncio.create_task(_left(receive, subscription))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for event in self._events(subscription):
                # a reader that takes nothing keeps send waiting: give up on it, as on one that lags behind
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await send({"type": "http.response.body", "body": event, "more_body": True})
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            _log.info("a reader of %s/%s took nothing for %g s and was dropped", *self._place, SEND_TIMEOUT_S)
        finally:
            leaving.cancel()
            self._context.live.unsubscribe(subscription)

    async def _events(self, subscription: Subscription) -> AsyncIterator[bytes]:
        state = self._state()
        yield f"retry: {RETRY_MS}\n\n".encode() + _now(state)
        asked = time.monotonic()
        while not subscription.closed:
            arrivals = await subscription.next(HEARTBEAT_S)
            if time.monotonic() - asked >= HEARTBEAT_S:
                if not self._still_valid():  # revoked, expired, signed out meanwhile
                    return
                asked = time.monotonic()
            before, state = state, self._state()
            if arrivals:
                yield b"".join(self._readings(arrival) for arrival in arrivals) + _now(state)
            elif subscription.closed:
                return
            elif _verdicts(state) != _verdicts(before):  # silence, too, changes what a room is like
                yield _now(state)
            else:
                yield b": heartbeat\n\n"

    def _state(self) -> RoomNow | None:
        """The room; None once it was taken out of the site."""
        context = self._context
        try:
            return room_now(context.site(), context.live, *self._place, context.clock())
        except KeyError:
            return None

    def _readings(self, arrival: Arrival) -> bytes:
        rows = [live_reading(reading).model_dump(mode="json") for reading in arrival.readings]
        head = f"id: {self._context.live.event_id(arrival)}\nevent: readings\ndata: ".encode()
        return head + orjson.dumps(rows) + b"\n\n"


def _now(state: RoomNow | None) -> bytes:
    return f"event: now\ndata: {state.model_dump_json()}\n\n".encode() if state else b""


def _verdicts(state: RoomNow | None) -> object:
    return (state.air, [(value.quantity, value.stale) for value in state.values]) if state else None


async def _left(receive: Receive, subscription: Subscription) -> None:
    """Close the subscription when the reader leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.close()


def live_reading(reading: Reading) -> LiveReading:
    """A reading as streams and device lists give it."""
    known = QUANTITIES.get(reading.quantity)
    return LiveReading(
        device=reading.device,
        quantity=reading.quantity,
        time=reading.time,
        value=reading.value,
        unit=known.unit if known else "",
        flag=reading.flag,
    )
