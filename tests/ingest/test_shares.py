"""Several ingesters on one mosquitto: by shared subscription, and by shards of the topics."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from classroom.settings import Settings

pytestmark = pytest.mark.server

Member = Callable[..., Any]


@pytest.fixture
def broker(start_mosquitto: Any) -> Any:
    return start_mosquitto("max_queued_messages 100000", "max_inflight_messages 2000")


@pytest.fixture
def member(run: Any, broker: Any, root: str, tmp_path: Path) -> Member:
    """An ingester with a spool and a store of its own: ``member("a", share="group")``."""

    def start(name: str, **mqtt: Any) -> Any:
        settings = {
            "port": broker.port,
            "client_id": f"{root}-{name}",
            "topics": (f"classroom/{root}/#",),
            **mqtt,
        }
        return run(Settings.model_validate({"mqtt": settings}), folder=tmp_path / name)

    return start


def numbers(rig: Any, device: str) -> list[int]:
    return [int(reading.value) for reading in rig.readings(device)]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_members_of_a_group_share_the_work(
    member: Member, publisher: Any, root: str, co2: Any, wait: Any, protocol: str
) -> None:
    group = {"share": "group", "protocol": protocol}
    with member("a", **group) as a, member("b", **group) as b:
        publisher.publish([(f"classroom/{root}/1/d", co2(400 + n)) for n in range(600)])
        wait(lambda: a.count("messages_stored_total") + b.count("messages_stored_total") >= 600, "all stored")
        ours, theirs = numbers(a, f"{root}/d"), numbers(b, f"{root}/d")
        assert ours
        assert theirs
        assert sorted(ours + theirs) == list(range(400, 1_000))


def test_the_trap_an_absent_member_keeps_its_half_until_it_returns(
    member: Member, publisher: Any, root: str, co2: Any, wait: Any
) -> None:
    with member("a", share="group"):
        pass  # its session stays in the group
    with member("b", share="group") as b:
        publisher.publish([(f"classroom/{root}/1/d", co2(400 + n)) for n in range(400)])
        publisher.publish([(f"classroom/{root}/1/last", co2(1))] * 8)  # some of them are b's
        wait(lambda: numbers(b, f"{root}/last"), "what was published last has arrived")
        got = numbers(b, f"{root}/d")
        assert 100 < len(got) < 300  # the others are not late: they wait for a
        with member("a", share="group") as a:
            wait(lambda: len(numbers(a, f"{root}/d")) >= 400 - len(got), "they come when it returns")
            assert sorted(got + numbers(a, f"{root}/d")) == list(range(400, 800))


def test_the_trap_a_member_whose_session_ended_has_lost_its_share(
    member: Member, publisher: Any, root: str, co2: Any, wait: Any
) -> None:
    with member("a", share="group", session_expiry_s=2):
        pass
    with member("b", share="group") as b:
        publisher.publish([(f"classroom/{root}/1/d", co2(400 + n)) for n in range(200)])

        def all_are_ours(trial: int) -> bool:
            device = f"try-{trial}"
            publisher.publish([(f"classroom/{root}/1/{device}", co2(n)) for n in range(10)])
            publisher.publish([(f"classroom/{root}/1/last-{trial}", co2(1))] * 4)
            wait(lambda: numbers(b, f"{root}/last-{trial}"), "what was published last has arrived")
            return len(numbers(b, f"{root}/{device}")) == 10

        trials = count()
        wait(lambda: all_are_ours(next(trials)), "the session ends, and its share is dealt out again")
        got = len(numbers(b, f"{root}/d"))
        assert got < 200
        with member("a", share="group") as a:
            publisher.publish([(f"classroom/{root}/1/last", co2(1))] * 8)
            wait(lambda: numbers(a, f"{root}/last"), "it takes part again")
            assert numbers(a, f"{root}/d") == []  # what it had been dealt is gone


def test_the_trap_no_retained_messages_for_a_group(
    member: Member, publisher: Any, root: str, co2: Any, wait: Any
) -> None:
    publisher.publish([(f"classroom/{root}/1/kept", co2(400, time="2026-11-01T10:00:00Z"))], retain=True)
    with member("a", share="group") as a, member("b") as b:
        wait(lambda: numbers(b, f"{root}/kept") == [400], "a subscription of its own gets it")
        publisher.publish([(f"classroom/{root}/1/d", co2(401))])
        wait(lambda: numbers(a, f"{root}/d") == [401], "the group gets what comes")
        assert numbers(a, f"{root}/kept") == []


def test_shards_lose_nothing_and_wait_for_their_own(
    member: Member, publisher: Any, root: str, co2: Any, wait: Any
) -> None:
    north, south = {"topics": (f"{root}/north/#",)}, {"topics": (f"{root}/south/#",)}
    with member("a", **north) as a:
        with member("b", **south):
            pass
        batch = [(f"{root}/{side}/{n % 3}", co2(400 + n)) for n in range(200) for side in ("north", "south")]
        publisher.publish(batch)
        a.settled(200)
        assert a.count("messages_received_total") == 200
        with member("b", **south) as b:
            b.settled(200)
            assert b.count("messages_received_total") == 200
            for rig, topic in ((a, f"{root}/north"), (b, f"{root}/south")):
                letters = rig.pipeline.letters.list(limit=1_000)
                assert {letter.message.topic.rpartition("/")[0] for letter in letters} <= {topic}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_change_of_group_leaves_the_old_subscription(
    member: Member, publisher: Any, root: str, co2: Any, protocol: str
) -> None:
    sent = 0
    for number, share in enumerate((None, "one", "two", None)):
        with member("a", share=share, protocol=protocol) as rig:
            publisher.publish([(f"classroom/{root}/1/{number}", co2(400 + n)) for n in range(50)])
            rig.settled(50)
            sent += 50
            assert rig.count("messages_received_total") == 50
            assert numbers(rig, f"{root}/{number}") == list(range(400, 450))


def test_two_with_one_client_id_are_told_apart(member: Member, wait: Any, tmp_path: Path, run: Any) -> None:
    with member("a") as first:
        said: set[str] = set()

        def told() -> bool:
            said.update(check.message for check in first.pipeline.health() if check.name == "broker")
            return any("took the session over; give each ingester an id of its own" in text for text in said)

        twin = first.pipeline._settings
        with run(twin, folder=tmp_path / "twin", accepted=False):
            wait(told, "readiness names the client id")
