"""Plain forms as browsers send them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request

FORM_BYTES = 10_000

Fields = dict[str, str]


def form_of(*names: str) -> Callable[[Request], Awaitable[Fields]]:
    """A dependency that reads the fields ``names`` of a form; what is not ours is left out."""

    async def fields(request: Request) -> Fields:
        body = b""
        async for block in request.stream():
            body += block
            if len(body) > FORM_BYTES:
                raise HTTPException(413)
        pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20)
        return {key: value for key, value in pairs if key in names}

    return fields
