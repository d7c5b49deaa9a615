"""Uvicorn around the application, so that open streams do not keep it from stopping."""

from __future__ import annotations

import socket

import uvicorn

from api.app import create_app
from api.context import ApiContext
from api.live import LiveHub

_GRACE_S = 5


class Server(uvicorn.Server):
    """Ends the live streams before it waits for its connections to close.

    Otherwise it would wait for ever.
    """

    def __init__(self, config: uvicorn.Config, live: LiveHub) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the streams, then the server."""
        self._live.close()
        await super().shutdown(sockets)


def make_server(context: ApiContext, port: int | None = None) -> Server:
    """A server of the site's ``api.host`` and ``api.port`` (or ``port``; 0 picks a free one).

    Call its ``run``.
    """
    settings = context.site().settings.api
    config = uvicorn.Config(
        create_app(context),
        host=settings.host,
        port=settings.port if port is None else port,
        log_config=None,  # logging is set up at the entry point
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    return Server(config, context.live)
