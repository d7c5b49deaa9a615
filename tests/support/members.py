"""Several ingesters beside one bucket, and their rolling restart under a numbered publisher's load."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from course import Outcome, judge
from lives import PipelineLife
from mosquitto import Mosquitto
from numbered import DEVICES

from store.influx_server import Address

How = Literal["shared", "shards"]


@dataclass
class Members:
    """``number`` ingesters: a group with one subscription, or each with the topics of some devices."""

    folder: Path
    broker: Mosquitto
    root: str
    bucket: Address
    how: How
    number: int = 3
    lives: dict[int, PipelineLife] = field(default_factory=dict)

    def start(self, member: int) -> PipelineLife:
        """Begin a life of a member; its folder and its session are those of the life before."""
        mqtt: dict[str, object] = {"client_id": f"{self.root}-{member}"}
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
    script = str(Path(__file__).with_name("numbered.py"))
    command = [sys.executable, script, str(members.broker.port), members.root, str(messages), str(rate)]
    publisher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert publisher.stdout is not None
        assert publisher.stdout.readline() == b"publishing\n"
        for how in rounds:
            for member in range(members.number):
                time.sleep(0.3)
                getattr(members.lives[member], how)()
                members.start(member).wait_ready()
        told = json.loads(publisher.communicate()[0])
    finally:
        publisher.kill()
    for life in members.lives.values():
        life.finish()
    return judge(told["messages"], told["republished"], stored(), told["seconds"])
