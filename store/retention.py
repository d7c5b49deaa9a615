"""What is deleted when: room readings and hours by rule; registers, energy, outdoor and metrics never."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from classroom.quantity import QUANTITIES, Domain
from store.base import Deleted, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rule:
    """How many whole months of a domain's raw readings and hourly rollups are kept; None is for ever."""

    readings_months: int | None
    hours_months: int | None


RULES: Mapping[Domain, Rule] = {Domain.INDOOR: Rule(readings_months=24, hours_months=60)}
"""The rules where the settings say nothing else; a domain without one is kept for ever."""


def months_before(now: datetime, months: int) -> datetime:
    """The first of the month (UTC) so many months before the one of ``now``."""
    number = now.astimezone(UTC).year * 12 + now.astimezone(UTC).month - 1 - months
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def run(store: Store, rules: Mapping[Domain, Rule], now: datetime) -> dict[Domain, Deleted]:
    """Delete what the rules no longer keep, and log what that was.

    An hour whose rollup is still to be computed is lost to its month: run it after analytics.

    Raises:
        StoreError: the store cannot serve; run it again.
    """
    found = {}
    for domain, rule in rules.items():
        readings = None if rule.readings_months is None else months_before(now, rule.readings_months)
        hours = None if rule.hours_months is None else months_before(now, rule.hours_months)
        found[domain] = deleted = store.delete_before(domain, readings, hours)
        if deleted != Deleted():
            log.info(
                "retention: deleted %d %s readings before %s and %d hours before %s",
                deleted.readings, domain, readings, deleted.hours, hours,
            )  # fmt: skip
    return found


def unsealed(rollups: pd.DataFrame, sealed: Mapping[Domain, datetime]) -> pd.DataFrame:
    """Rollups (HOUR_COLUMNS) less those of sealed hours, which must not be computed again."""
    if not sealed or rollups.empty:
        return rollups
    domains = rollups["quantity"].map(
        lambda key: QUANTITIES[key].domain if key in QUANTITIES else None, na_action="ignore"
    )
    keep = pd.Series(True, index=rollups.index)
    for domain, before in sealed.items():
        keep &= (domains != domain) | (rollups["hour"] >= before)
    return rollups[keep].reset_index(drop=True)
