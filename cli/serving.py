"""The API's server beside whatever else a process does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.context import ApiContext
from api.server import make_server
from classroom.site import Site
from cli.children import ChildCompute
from cli.clock import utc_now
from cli.versions import versions
from reports.fits import Fits
from reports.service import Reports
from store.base import Store

_ARRIVALS = 150_000


def kept_arrivals(site: Site) -> int:
    """Arrivals kept of a room for readers that come back: 100, fewer in a region (1.5 kB each)."""
    return max(5, min(100, _ARRIVALS // max(1, len(site.rooms))))


@contextmanager
def serving(context: ApiContext, sock: socket.socket) -> Iterator[None]:
    """Serve on ``sock``, which listens already, around a block."""
    server = make_server(context)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="api", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        sock.close()


@contextmanager
def fits_in_a_child() -> Iterator[Fits]:
    """Fits made in a child of their own: a page would wait for the whole batch of an analysis."""
    child = ChildCompute()
    try:
        yield Fits(child.submit)
    finally:
        child.close()


@contextmanager
def reports_in_a_child(store: Store, site: Callable[[], Site], fits: Fits) -> Iterator[Reports]:
    """Reports drawn in a child of their own: they wait for no analysis, and no page waits for them."""
    child = ChildCompute()
    try:
        yield Reports(store, site, utc_now, child.submit, versions(), fits=fits)
    finally:
        child.close()
