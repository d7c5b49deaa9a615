"""Several ingesters beside one bucket, and their rolling restart under a numbered publisher's load."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from course import Outcome, judge
from lives import PipelineLife
from mosquitto import Mosquitto
from numbered import DEVICES

from running import until
from store.influx_server import Address

How = Literal["shared", "shards"]


@dataclass
class Members:
    """``number`` ingesters: a group with one subscription, or each with the topics of some devices; ``more``
    stands in the ``[mqtt]`` of all."""

    folder: Path
    broker: Mosquitto
    root: str
    bucket: Address
    how: How
    number: int = 3
    more: Mapping[str, object] = field(default_factory=dict)
    lives: dict[int, PipelineLife] = field(default_factory=dict)

    def start(self, member: int) -> PipelineLife:
        """Begin a life of a member; its folder and its session are those of the life before."""
        mqtt: dict[str, object] = {"client_id": f"{self.root}-{member}", **self.more}
        if self.how == "shared":
            mqtt["share"] = "group"
        else:
            ours = range(member, DEVICES, self.number)
            mqtt["topics"] = [f"classroom/{self.root}/1/d{device}" for device in ours]
        folder = self.folder / str(member)
        folder.mkdir(exist_ok=True)
        more = {"INGESTER_MQTT": json.dumps(mqtt), "INGESTER_WRITER": str(member)}
        life = PipelineLife(folder, self.broker.port, self.root, bucket=self.bucket, more=more)
        self.lives[member] = life
        return life

    def start_all(self) -> None:
        """Begin, and wait until each is subscribed."""
        for member in range(self.number):
            self.start(member)
        for life in self.lives.values():
            life.wait_ready()

    def end(self) -> None:
        """Kill what still runs."""
        for life in self.lives.values():
            life.kill()


@contextmanager
def publishing(members: Members, messages: int, rate: float) -> Iterator[subprocess.Popen[bytes]]:
    """``messages`` and more at ``rate`` [1/s], until ``communicate`` is asked what was acknowledged."""
    script = str(Path(__file__).with_name("numbered.py"))
    command = [sys.executable, script, str(members.broker.port), members.root, str(messages), str(rate)]
    publisher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert publisher.stdout is not None
        assert publisher.stdout.readline() == b"publishing\n"
        yield publisher
    finally:
        publisher.kill()


def rolling(
    members: Members,
    messages: int,
    rate: float,
    rounds: Iterable[Literal["stop", "kill"]],
    stored: Callable[[], Counter[int]],
) -> Outcome:
    """Restart one member after the other, in each of ``rounds`` in an orderly way or not, while ``messages``
    and more are published at ``rate`` [1/s]; what is stored against what was acknowledged."""
    members.start_all()
    with publishing(members, messages, rate) as publisher:
        for how in rounds:
            for member in range(members.number):
                time.sleep(0.3)
                getattr(members.lives[member], how)()
                members.start(member).wait_ready()
        told = json.loads(publisher.communicate()[0])
    for life in members.lives.values():
        life.finish()
    return judge(told["messages"], told["republished"], stored(), told["seconds"])


def away(members: Members, messages: int, rate: float, stored: Callable[[], Counter[int]]) -> tuple[int, int]:
    """One of two members is away while ``messages`` are published: how many are stored before it returns,
    and how many once it has. If its session ends meanwhile (``session_expiry_s``) it returns after that."""
    members.start_all()
    members.lives[0].stop()
    with publishing(members, messages, rate) as publisher:
        told = json.loads(publisher.communicate()[0])
    assert told["messages"] == messages
    members.lives[1].finish()
    before = sum(stored().values())
    if "session_expiry_s" in members.more:
        until(lambda: members.broker.held() < messages // 10, "the session has ended", 120)
    for member in range(2):
        members.start(member)
    for life in members.lives.values():
        life.wait_ready()
        life.finish()
    return before, sum(stored().values())
