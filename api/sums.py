"""Sums of figures of several places: null as soon as one of them says nothing, since the sum of the others
would look like a saving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analytics.coverage import reasons, worst
from classroom.metric import Metric, Scope, Status


def summed(
    scope: Scope, key: str, parts: Sequence[str], told: Mapping[str, Metric], method: str, missing: str
) -> Metric:
    """The sum of a period over the places ``parts``, of which ``told`` holds the figures by key; others say
    nothing. ``missing`` names what they are in the reason, as in ``meter_missing``."""
    known = [told[part] for part in parts if part in told]
    silent = [part for part in parts if part not in told or told[part].value is None]
    common = next(iter(told.values()))._replace(
        scope=scope,
        id=key,
        coverage=sum(metric.coverage for metric in known) / len(parts),
        method=method,
        factors=tuple(dict.fromkeys(factor for metric in known for factor in metric.factors)),
        fingerprint="",
    )
    why = reasons(*(metric.reason for metric in known))
    if silent:
        nothing = all(metric.status is Status.NO_DATA for metric in known)
        return common._replace(
            value=None,
            low=None,
            high=None,
            status=Status.NO_DATA if nothing else Status.INSUFFICIENT,
            reason=reasons(f"{missing}:" + ",".join(silent), why),
        )
    lows = [_known(metric.low, metric.value) for metric in known]
    highs = [metric.high if metric.low is not None else metric.value for metric in known]
    bounded = any(metric.low is not None for metric in known)
    return common._replace(
        value=sum(metric.value for metric in known if metric.value is not None),
        low=_total(lows) if bounded else None,
        high=_total(highs) if bounded else None,
        status=worst(metric.status for metric in known),
        reason=why,
    )


def _known(bound: float | None, value: float | None) -> float | None:
    return value if bound is None else bound


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
