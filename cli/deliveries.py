"""Scheduled reports of a site: opened for a service or a command; in a service a thread that delivers what is
due, and what Prometheus is told of it."""

from __future__ import annotations

import logging
import threading
from collections import Counter as Tally
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge

from api.context import PartHealth
from classroom.site import Site
from cli.clock import utc_now
from cli.job_files import held
from cli.mail import open_post
from cli.site import data_folder
from reports.deliveries import Deliveries, Standing, State
from reports.service import Reports
from store.base import Store, StoreError

log = logging.getLogger(__name__)

LOCK = "deliveries.lock"
"""Held while a report is delivered: processes that share a site's folder deliver it once."""

_LOOK_S = 600.0
_NAMED = 5


def open_deliveries(site: Callable[[], Site], folder: Path, store: Store, reports: Reports) -> Deliveries:
    """Deliveries of the site in ``folder``.

    Raises:
        ConfigurationError: the mail password or certificates cannot be used.
    """
    data, post = data_folder(folder), open_post(site().settings, folder)
    alone = lambda: held(data, LOCK, wait=lambda _holder: True)  # noqa: E731
    return Deliveries(store, site, utc_now, reports, folder, post, alone)


class DeliveryCounters:
    """What Prometheus is told."""

    def __init__(self, registry: CollectorRegistry) -> None:
        name = "classroom_report"
        self._tries = Counter(
            f"{name}_deliveries", "Scheduled reports that were tried", ["result"], registry=registry
        )
        self._standing = Gauge(
            f"{name}_deliveries_standing", "Scheduled reports by state", ["state"], registry=registry
        )
        self._last = Gauge(
            f"{name}_last_delivery_timestamp_seconds", "Newest delivery that went well", registry=registry
        )
        for result in ("delivered", "failed"):
            self._tries.labels(result)

    def tried(self, one: Standing) -> None:
        """A report was tried."""
        self._tries.labels("delivered" if one.state is State.DELIVERED else "failed").inc()

    def stand(self, standing: list[Standing]) -> None:
        """How all of them stand."""
        counts = Tally(one.state for one in standing)
        for state in State:
            self._standing.labels(state.value).set(counts[state])
        newest = max((one.at for one in standing if one.state is State.DELIVERED and one.at), default=None)
        if newest is not None:
            self._last.set(newest.timestamp())


class DeliveryThread:
    """Looks every ten minutes, and when woken, for reports that are due; first once it was woken."""

    def __init__(self, deliveries: Deliveries, registry: CollectorRegistry) -> None:
        self.deliveries = deliveries
        self._counters = DeliveryCounters(registry)
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._trouble = ""
        self._last: datetime | None = None
        self._standing: list[Standing] = []
        self._next: datetime | None = None
        self._thread = threading.Thread(target=self._loop, name="deliveries", daemon=True)

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def wake(self) -> None:
        """The figures are up to date: look soon, unless that was done within ten minutes."""
        now = utc_now()
        if self._last is None or (now - self._last).total_seconds() >= _LOOK_S:
            self._wake.set()

    def stop(self) -> None:
        """End after the report in hand."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def health(self) -> PartHealth:
        """Whether scheduled reports arrive. A report that does not is told, but nothing else suffers by it,
        so the part stays ready."""
        if not self._thread.is_alive():
            return PartHealth(
                "reports", False, "their thread has ended; restart the service and report the log"
            )
        if self._trouble:
            return PartHealth("reports", False, self._trouble)
        bad = [one for one in self._standing if one.state in (State.WAITING, State.FAILED)]
        if bad:
            named = "; ".join(
                f"{one.schedule} {one.school} {one.period}: {one.trouble}" for one in bad[:_NAMED]
            )
            return PartHealth(
                "reports", True, f"{len(bad)} not delivered (classroom-climate report due): {named}"
            )
        done = sum(one.state is State.DELIVERED for one in self._standing)
        return PartHealth(
            "reports", True, f"{done} delivered, none waits" if self._last else "not looked yet"
        )

    def _loop(self) -> None:
        self._wake.wait(_LOOK_S)  # figures first: before the first analysis a report would miss everything
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self._turn()
            except StoreError as error:
                if not self._trouble:
                    log.warning("reports cannot be delivered, trying again every %.0f s: %s", _LOOK_S, error)
                self._trouble = f"nothing can be delivered: {error}"
            else:
                if self._trouble:
                    log.info("reports are delivered again")
                self._trouble = ""
            self._last = utc_now()
            self._wake.wait(_LOOK_S)

    def _turn(self) -> None:
        for one in self.deliveries.ready():
            if self._stop.is_set():
                return
            found = self.deliveries.deliver(one.schedule, one.school, one.period)
            self._counters.tried(found)
            if found.trouble and found.trouble != one.trouble:
                log.warning(
                    "report %s %s %s: %s: %s",
                    one.schedule,
                    one.school,
                    one.period,
                    found.state,
                    found.trouble,
                )
        self._standing = self.deliveries.standing()
        self._counters.stand(self._standing)
