"""Keeping the findings of schools up to date: what is due is found anew and replaces the documents.

A school is looked at once a day, when yesterday is whole; within the day again, at most once an hour, if
days that are over were computed again (late readings), and at once if it was a week of them or more (an
import, a first start) or if its tables, tariffs or factors changed. A school of which nothing changed is not
loaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from analytics.fingerprint import fingerprint, school_inputs
from analytics.insights.find import METHOD, find
from analytics.insights.load import load
from analytics.insights.model import KIND, Insight
from analytics.submitting import Submit, in_turn, loaded
from classroom.site import Site
from store.base import Document, Store

RUN_KIND = "insight_run"
"""Kind of the documents that say when a school was last looked at, and with what."""

_PATIENCE = timedelta(hours=1)
_HISTORY_DAYS = 7
"""So many days computed again at once are no late readings: somebody waits for what history tells."""
_KEY = "last"


def update(
    store: Store,
    site: Site,
    schools: Iterable[str],
    recomputed: Mapping[str, int],
    now: datetime,
    compute: Submit,
    at_once: int = 1,
) -> int:
    """Find anew where it is due among ``schools``; the number of schools looked at.

    ``recomputed`` are the schools of which days that are over were computed again since the last call, and
    how many.

    Raises:
        StoreError: the store cannot serve now; what was written stands, the call can be repeated.
    """
    runs = {one.school: json.loads(one.body) for one in store.read_documents(RUN_KIND)}
    due = []
    for school in schools:
        run = runs.get(school)
        mark = _mark(site, school, now)
        late = school in recomputed or bool(run and run["late"])
        if run is not None and run["mark"] == mark:
            if not late:
                continue
            waited = now - datetime.fromisoformat(run["at"])
            if waited < _PATIENCE and recomputed.get(school, 0) < _HISTORY_DAYS:
                if not run["late"]:
                    store.write_documents([_run(school, mark, run["at"], late=True)])
                continue
        due.append((school, mark))
    schools_data = loaded(due, lambda key: load(store, site, key[0], now), ahead=2)  # longer than finding
    parts = ((key, find, data) for key, data in schools_data)
    for (school, mark), insights in in_turn(parts, compute, at_once):
        replace(store, school, insights)
        store.write_documents([_run(school, mark, now.astimezone(UTC).isoformat(), late=False)])
    return len(due)


def replace(store: Store, school: str, insights: Sequence[Insight]) -> None:
    """Make ``insights`` the school's: new and changed ones are written, withdrawn ones deleted."""
    stored = {one.key: one for one in store.read_documents(KIND, school)}
    made = {one.key: Document(KIND, school, one.key, one.model_dump_json()) for one in insights}
    changed = [one for key, one in made.items() if stored.get(key) != one]
    if changed:
        store.write_documents(changed)
    gone = sorted(stored.keys() - made.keys())
    if gone:
        store.delete_documents(KIND, school, gone)


def read_insights(store: Store, school: str | None = None) -> list[Insight]:
    """The stored insights of a school, or of all, by school and rank.

    Raises:
        StoreError: the store cannot serve now.
    """
    found = [Insight.model_validate_json(one.body) for one in store.read_documents(KIND, school)]
    return sorted(found, key=lambda one: (one.school, one.rank))


def _mark(site: Site, school: str, now: datetime) -> str:
    """Changes with the local day and with everything but readings that the findings depend on."""
    tariffs = [row.model_dump_json() for row in site.tariffs if row.school in (None, school)]
    stations = [row.model_dump_json() for row in site.stations]
    today = now.astimezone(site.zone).date()
    return fingerprint(METHOD, str(today), school_inputs(site, school), tariffs, stations)


def _run(school: str, mark: str, at: str, *, late: bool) -> Document:
    return Document(RUN_KIND, school, _KEY, json.dumps({"mark": mark, "at": at, "late": late}))
