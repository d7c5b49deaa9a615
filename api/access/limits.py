"""How often somebody may ask: a bucket of requests for each, in memory, that fills steadily."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_CLIENTS = 20_000


class Limit:
    """``per_minute`` requests a minute for each client, up to ``burst`` of them at once.

    For one event loop. Of very many clients those that have been silent longest are forgotten.
    """

    def __init__(self, per_minute: int, burst: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_minute / 60
        self._burst = float(burst)
        self._clock_s = clock_s
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> int | None:
        """Count a request; None lets it pass, else the seconds to wait."""
        level, now = self._level(client)
        if level < 1:
            return math.ceil((1 - level) / self._per_s)
        self._keep(client, level - 1, now)
        return None

    def exhausted(self, client: str) -> int | None:
        """As :meth:`take`, without counting one."""
        level, _ = self._level(client)
        return math.ceil((1 - level) / self._per_s) if level < 1 else None

    def _level(self, client: str) -> tuple[float, float]:
        now = self._clock_s()
        level, since = self._buckets.get(client, (self._burst, now))
        return min(self._burst, level + (now - since) * self._per_s), now

    def _keep(self, client: str, level: float, now: float) -> None:
        self._buckets[client] = (level, now)
        self._buckets.move_to_end(client)
        if len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)


def network(host: str) -> str:
    """Whom an address stands for: an IPv4 address itself, of IPv6 the network of 2^64 that one site has."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
