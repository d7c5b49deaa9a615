"""Reports that are made by themselves: once after each period, into a folder or by mail.

What became of each is kept beside the figures, as a document of kind ``report_delivery``: a report that was
delivered is never delivered again by itself, whoever asks and however often the process was started. A
process that ends between sending a mail and noting it sends it once more, with the same Message-ID.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from classroom.access import ALL_SCHOOLS
from classroom.metric import Interval
from classroom.report_settings import ScheduleSettings
from classroom.site import Site
from classroom.timetable import day_span
from reports.figures import SITE
from reports.language import language
from reports.mail import TROUBLES, Post, message_of, told
from reports.make import File, Shape
from reports.period import Period, last_ended, parse_period, period_at
from reports.service import FAILURES, Reports
from store.base import Document, Store

KIND = "report_delivery"
TRIES = 10
"""So often is a report tried by itself: for a day and a half."""

_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=6)
_CATCH_UP = 12
_DAY = timedelta(days=1)


class State(StrEnum):
    """How a delivery stands."""

    DUE = "due"
    WAITING = "waiting"  # failed, and will be tried again
    FAILED = "failed"  # tried so often that a person must look
    DELIVERED = "delivered"


class Task(NamedTuple):
    """A report to deliver; ``school`` is :data:`reports.figures.SITE` for the one of all schools."""

    schedule: ScheduleSettings
    school: str
    period: Period


class Standing(NamedTuple):
    """How a task stands. ``again_at``: when it is tried next; ``trouble`` also names refused addresses of a
    mail that others got."""

    schedule: str
    school: str
    period: str
    state: State
    tries: int = 0
    at: datetime | None = None
    again_at: datetime | None = None
    files: tuple[str, ...] = ()
    trouble: str = ""


class TaskError(ValueError):
    """No such task; the message says what there is."""


class Deliveries:
    """Deliveries of a site. Methods may be called from any thread; one report is delivered at a time.

    Args:
        store: holds what became of each; it is written.
        site: as it is now.
        clock: the present time (aware).
        reports: makes them.
        folder: what a schedule's relative folder lies in.
        post: takes mail; None where no schedule mails.
        alone: held around each delivery, against other processes.
    """

    def __init__(
        self,
        store: Store,
        site: Callable[[], Site],
        clock: Callable[[], datetime],
        reports: Reports,
        folder: Path,
        post: Post | None,
        alone: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._store = store
        self._site = site
        self._clock = clock
        self._reports = reports
        self._folder = folder
        self._post = post
        self._alone = alone
        self._one = threading.Lock()

    def standing(self) -> list[Standing]:
        """Every task of the last twelve periods that is due or was tried, newest period first.

        Raises:
            store.base.StoreError: the store cannot serve now.
        """
        site, now = self._site(), self._clock()
        marks = self._marks()
        found = [
            marks.get((task.schedule.key, task.school, task.period.key), _due(task))
            for task in tasks(site, marks, now)
        ]
        return sorted(found, key=lambda one: (one.period, one.schedule, one.school), reverse=True)

    def ready(self) -> list[Standing]:
        """What is to be delivered now: due, or waiting and its time has come; errors as :meth:`standing`."""
        now = self._clock()
        return [
            one
            for one in self.standing()
            if one.state is State.DUE or (one.state is State.WAITING and (one.again_at or now) <= now)
        ]

    def deliver(self, schedule: str, school: str, period: str, *, again: bool = False) -> Standing:
        """Make and deliver one report; what was delivered is left alone unless ``again``.

        Raises:
            TaskError: no such schedule, school or period of it.
            store.base.StoreError: the store cannot serve now.
        """
        with self._one, self._alone():
            task = self._task(schedule, school, period)
            before = self._marks().get((schedule, school, task.period.key))
            if before is not None and before.state is State.DELIVERED and not again:
                return before
            found = self._tried(task, before)
            place = "" if school == SITE else school
            body = json.dumps(_written(found), ensure_ascii=False)
            self._store.write_documents([Document(KIND, place, f"{schedule}:{task.period.key}", body)])
            return found

    def _tried(self, task: Task, before: Standing | None) -> Standing:
        tries = 1 + (before.tries if before is not None and before.state is not State.DELIVERED else 0)
        key = (task.schedule.key, task.school, task.period.key)
        names: tuple[str, ...] = ()
        try:
            files = self._made(task)
            names = tuple(file.name for file in files)
            self._lay_down(task.schedule, files)
            refused = self._mail(task, files)
        except (*FAILURES, *TROUBLES) as error:
            at = self._clock()
            state = State.FAILED if tries >= TRIES else State.WAITING
            again_at = at + _wait(tries) if state is State.WAITING else None
            return Standing(*key, state, tries, at, again_at, names, told(error))
        trouble = "; ".join(f"refused: {address}: {why}" for address, why in refused.items())
        return Standing(*key, State.DELIVERED, tries, self._clock(), None, names, trouble)

    def _made(self, task: Task) -> list[File]:
        site, asked = self._site(), task.schedule
        shape = Shape(
            asked.formats, asked.lang or site.settings.site.language, asked.delimiter, asked.decimal
        )
        if task.school != SITE:
            return self._reports.school(task.school, task.period, shape)
        return self._reports.city(list(site.school_by_key), task.period, shape)[0]

    def _lay_down(self, schedule: ScheduleSettings, files: list[File]) -> None:
        if schedule.folder is None:
            return
        folder = self._folder / schedule.folder
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            draft = folder / f".{file.name}.new"
            draft.write_bytes(file.content)
            draft.replace(folder / file.name)

    def _mail(self, task: Task, files: list[File]) -> dict[str, str]:
        schedule, site = task.schedule, self._site()
        if not schedule.mail or self._post is None:
            return {}
        settings = site.settings.site
        name = settings.name if task.school == SITE else site.school_by_key[task.school].name
        mark = f"{settings.key}/{schedule.key}/{task.school}/{task.period.key}"
        names = {"site": settings.name, "sender": self._post.sender, "mark": mark}
        words = language(schedule.lang or settings.language, site.zone)
        about = name, task.period
        message = message_of(files, about, names, schedule.mail, self._clock(), words)
        return self._post.send(message, schedule.mail)

    def _task(self, schedule: str, school: str, period: str) -> Task:
        site = self._site()
        known = {one.key: one for one in site.settings.reports.schedule}
        if schedule not in known:
            raise TaskError(f"no schedule {schedule!r}; there are: {', '.join(known) or 'none'}")
        if school not in subjects(known[schedule], site):
            raise TaskError(f"schedule {schedule!r} makes no report of {school!r}")
        found = parse_period(period)
        if found.interval != known[schedule].every or found.running_at(self._clock(), site.zone):
            raise TaskError(f"{period} is no {known[schedule].every} that is over")
        return Task(known[schedule], school, found)

    def _marks(self) -> dict[tuple[str, str, str], Standing]:
        found = {}
        for one in self._store.read_documents(KIND):
            schedule, _, period = one.key.rpartition(":")
            mark = _read(schedule, one.school or SITE, period, json.loads(one.body))
            found[mark.schedule, mark.school, mark.period] = mark
        return found


def tasks(site: Site, marks: Mapping[tuple[str, str, str], Standing], now: datetime) -> list[Task]:
    """Tasks of the newest period of each schedule, and of those before it back to the first that was ever
    tried for the same school, at most twelve: a service that was off for a time makes up for it."""
    found = []
    for schedule in site.settings.reports.schedule:
        for school in subjects(schedule, site):
            tried = {key[2] for key in marks if key[:2] == (schedule.key, school)}
            first = min((parse_period(one).first for one in tried), default=None)
            period = newest(schedule, site, now)
            for _ in range(_CATCH_UP):
                found.append(Task(schedule, school, period))
                period = period_at(period.first - _DAY, period.interval)
                if first is None or period.first < first:
                    break
    return found


def subjects(schedule: ScheduleSettings, site: Site) -> list[str]:
    """Schools a schedule makes a report of, in the site's order; the one of all schools is last."""
    schools = [
        key for key in site.school_by_key if key in schedule.schools or ALL_SCHOOLS in schedule.schools
    ]
    return [*schools, *([SITE] if schedule.portfolio else [])]


def newest(schedule: ScheduleSettings, site: Site, now: datetime) -> Period:
    """The newest period whose days of grace are over at ``now`` (aware)."""
    period = last_ended(now, site.zone, Interval(schedule.every))
    grace = day_span(period.last + schedule.after_days * _DAY, site.zone)[1]
    return period if grace <= now else period_at(period.first - _DAY, period.interval)


def _wait(tries: int) -> timedelta:
    """Five minutes, then four times as long each time, at most six hours."""
    times: int = 4 ** min(tries - 1, 6)
    return min(_LONGEST_WAIT, _FIRST_WAIT * times)


def _due(task: Task) -> Standing:
    return Standing(task.schedule.key, task.school, task.period.key, State.DUE)


def _written(one: Standing) -> dict[str, object]:
    return {
        "state": one.state,
        "tries": one.tries,
        "at": one.at.isoformat() if one.at else None,
        "again_at": one.again_at.isoformat() if one.again_at else None,
        "files": one.files,
        "trouble": one.trouble,
    }


def _read(schedule: str, school: str, period: str, body: dict[str, object]) -> Standing:
    at, again_at = (
        datetime.fromisoformat(str(body[name])) if body[name] else None for name in ("at", "again_at")
    )
    files = tuple(str(name) for name in body["files"]) if isinstance(body["files"], list) else ()
    tries = int(str(body["tries"]))
    state = State(str(body["state"]))
    return Standing(schedule, school, period, state, tries, at, again_at, files, str(body["trouble"]))
