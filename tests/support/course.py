"""The crash test's course: a numbered publisher goes on while ingester, broker and store fail by turns.

What it shows is counted by number. *Lost*: acknowledged to the publisher and not stored. *Doubled*: stored
more than once, though the publisher sent it once. What the publisher had under way when the broker was killed
it sends again, as it must; such a message may be there twice if it carries no time, and is counted apart.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from mosquitto import Mosquitto
from numbered import DEVICES, WITHOUT_TIME

from running import until
from store.base import Store

_SENT = 1_000  # messages held by the broker that fit into the window: all of them were sent
_ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class Life(Protocol):
    """One life of an ingester process."""

    def wait_ready(self) -> None:
        """Wait until it is connected and its store serves."""

    def kill(self) -> None:
        """SIGKILL."""

    def finish(self) -> None:
        """Wait until nothing comes any more and all is stored, then stop it."""


@dataclass(frozen=True)
class Course:
    """How much at least at what rate [1/s], and what happens meanwhile.

    ``life_s`` bounds the random life of what is killed [s], from its start or from when it is ready.
    """

    messages: int
    rate: float
    kills: int
    broker_kills: int = 0
    outage_s: float = 0
    life_s: tuple[float, float] = (0.5, 2.5)
    from_ready: bool = False
    seed: int = 7


@dataclass(frozen=True)
class Outcome:
    """What came of it, in numbers of messages."""

    messages: int
    lost: tuple[int, ...]
    doubled: tuple[int, ...]
    republished: int
    republished_doubled: int
    seconds: float

    @property
    def without_time(self) -> int:
        """How many of the messages carried none."""
        return len(range(0, self.messages, WITHOUT_TIME))


def run(
    course: Course,
    root: str,
    broker: Mosquitto,
    start: Callable[[], Life],
    stored: Callable[[], Counter[int]],
    outage: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Outcome:
    """Go through the course; the publisher goes on until the last failure is over."""
    random_ = random.Random(course.seed)
    life = start()
    life.wait_ready()  # from here on the broker keeps a session for it
    command = [sys.executable, str(Path(__file__).with_name("numbered.py")), str(broker.port), root]
    command += [str(course.messages), str(course.rate)]
    publisher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert publisher.stdout is not None
        assert publisher.stdout.readline() == b"publishing\n"
        for _ in range(course.kills):
            if course.from_ready:
                life.wait_ready()
            time.sleep(random_.uniform(*course.life_s))
            life.kill()
            life = start()
        for _ in range(course.broker_kills):
            life.wait_ready()
            time.sleep(random_.uniform(*course.life_s))
            until(lambda: broker.held() < _SENT, "the broker has sent all it holds", 120)
            broker.kill()
            time.sleep(0.2)
            broker.start()
        life.wait_ready()
        with outage():
            time.sleep(course.outage_s)
        told = json.loads(publisher.communicate()[0])
    finally:
        publisher.kill()
    life.finish()
    return judge(told["messages"], told["republished"], stored(), told["seconds"])


def judge(messages: int, republished: list[int], found: Counter[int], seconds: float) -> Outcome:
    """What is stored (``found``: how often each number) against what was acknowledged: all of it."""
    again = set(republished)
    twice = {number for number, times in found.items() if times > 1}
    excused = {number for number in twice & again if number % WITHOUT_TIME == 0 and found[number] == 2}
    return Outcome(
        messages,
        lost=tuple(number for number in range(messages) if not found[number]),
        doubled=tuple(sorted(twice - excused)),
        republished=len(again),
        republished_doubled=len(excused),
        seconds=seconds,
    )


def count_stored(store: Store, root: str) -> Counter[int]:
    """How often each number is stored."""
    frame = store.read_readings([f"{root}/d{n}" for n in range(DEVICES)], None, *_ALWAYS)
    return Counter(int(value) for value in frame["value"])
