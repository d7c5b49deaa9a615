"""What a run of the job leaves behind for the next one, per school.

Kept as metrics of the interval year at the epoch, a place where no reader looks: ``analytics_inputs``
(fingerprint of the school's inputs; ``period_end`` is when the run was) and, for each device,
``device_interval_s``, the reporting interval that its hours were rolled up with; its fingerprint is that of
all that its rollups and verdicts depend on beside readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from analytics.fingerprint import device_inputs, school_inputs
from classroom.metric import Interval, Metric, Scope, Status
from classroom.site import Site


class Markers(NamedTuple):
    """The last run's marks; None and empty where there was no run."""

    inputs: str | None
    ran: datetime | None
    devices: dict[str, str]


def read_markers(rows: Sequence[Metric]) -> Markers:
    """Markers from the metrics that hold them."""
    inputs = next((row for row in rows if row.metric == "analytics_inputs"), None)
    devices = {row.id: row.fingerprint for row in rows if row.metric == "device_interval_s"}
    if inputs is None:
        return Markers(None, None, devices)
    return Markers(inputs.fingerprint, inputs.period_end, devices)


def new_markers(site: Site, school: str, now: datetime) -> list[Metric]:
    """The metrics that mark a run at ``now`` with the inputs of ``site``."""
    inputs = Metric(
        time=datetime(1970, 1, 1, tzinfo=UTC),
        period_end=now,
        interval=Interval.YEAR,
        school=school,
        scope=Scope.SCHOOL,
        id=school,
        metric="analytics_inputs",
        carrier=None,
        basis=None,
        value=None,
        low=None,
        high=None,
        unit="1",
        coverage=0.0,
        status=Status.NO_DATA,
        reason="marker",
        method="jobs/1",
        factors=(),
        fingerprint=school_inputs(site, school),
    )
    interval = inputs._replace(metric="device_interval_s", unit="s")
    devices = sorted({device.key for device in site.devices_of(school)})
    return [
        inputs,
        *(
            interval._replace(
                id=key, value=float(site.interval_s(key)), fingerprint=device_inputs(site.placements[key][-1])
            )
            for key in devices
        ),
    ]
