"""A repetition is recognised, a sensor that says the same again is not taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.redelivery import Arrival, Redeliveries

A, B, C = 11, 22, 33  # digests of payloads


@pytest.fixture
def memory() -> Any:
    return Redeliveries(tail=100)


def arrive(memory: Redeliveries, id_: int, generation: int, mid: int, digest: int, topic: str = "t") -> Any:
    """What the spool thread does with a delivery: the id of what it repeats, or None after it was spooled."""
    arrival = Arrival(generation, mid, topic, digest)
    found = memory.find(arrival)
    if found is None:
        memory.remember(id_, arrival)
    return found


def test_mosquitto_repeats_with_the_same_identifier(memory: Redeliveries) -> None:
    for id_, mid, digest in ((1, 5, A), (2, 6, B), (3, 7, A)):
        assert arrive(memory, id_, 1, mid, digest) is None
    assert [arrive(memory, 9, 2, mid, digest) for mid, digest in ((6, B), (7, A))] == [2, 3]
    assert arrive(memory, 4, 2, 8, A) is None  # the sensor says A again


def test_with_kept_identifiers_even_acknowledged_messages_are_known(memory: Redeliveries) -> None:
    arrive(memory, 1, 1, 5, A)
    memory.acknowledged([1])  # it left here, but mosquitto was killed before it saved that
    assert arrive(memory, 9, 2, 5, A) == 1


def test_with_kept_identifiers_an_equal_payload_under_another_one_is_new(memory: Redeliveries) -> None:
    arrive(memory, 1, 1, 5, A)
    assert arrive(memory, 2, 2, 6, A) is None


def test_rumqttd_numbers_from_one_again(memory: Redeliveries) -> None:
    for id_, mid, digest in ((1, 5, A), (2, 6, B), (3, 7, A)):
        arrive(memory, id_, 1, mid, digest)
    memory.acknowledged([1])
    assert [arrive(memory, 9, 2, mid, digest) for mid, digest in ((1, B), (2, A))] == [2, 3]
    assert arrive(memory, 4, 2, 3, A) is None
    assert arrive(memory, 5, 2, 4, B) is None


def test_renumbered_the_acknowledged_are_not_repeated(memory: Redeliveries) -> None:
    arrive(memory, 1, 1, 5, A)
    memory.acknowledged([1])
    assert arrive(memory, 2, 2, 1, A) is None


def test_renumbered_the_first_new_message_of_a_topic_ends_its_repetitions(memory: Redeliveries) -> None:
    arrive(memory, 1, 1, 5, A)
    arrive(memory, 2, 1, 6, A, topic="other")
    assert arrive(memory, 3, 2, 1, B) is None  # so the broker knew that we have message 1
    assert arrive(memory, 4, 2, 2, A) is None
    assert arrive(memory, 9, 2, 3, A, topic="other") == 2


def test_a_message_absorbs_one_delivery_of_a_connection(memory: Redeliveries) -> None:
    arrive(memory, 1, 1, 5, A)
    assert arrive(memory, 9, 2, 1, A) == 1
    assert arrive(memory, 2, 2, 2, A) is None
    assert [arrive(memory, 9, 3, mid, A) for mid in (1, 2)] == [1, 2]
    assert arrive(memory, 3, 3, 3, A) is None


def test_nothing_is_absorbed_within_a_connection(memory: Redeliveries) -> None:
    assert [arrive(memory, id_, 1, id_, A) for id_ in (1, 2, 3)] == [None, None, None]


def test_without_a_session_nothing_is_repeated(memory: Redeliveries) -> None:
    arrive(memory, 1, 1, 5, A)
    memory.forget()
    assert arrive(memory, 2, 2, 1, A) is None
    assert arrive(memory, 3, 2, 5, A) is None


def test_topics_are_apart(memory: Redeliveries) -> None:
    arrive(memory, 1, 1, 5, A, topic="a")
    assert arrive(memory, 2, 2, 5, A, topic="b") is None


def test_the_memory_is_bounded(memory: Redeliveries) -> None:
    for id_ in range(1, 1_001):
        arrive(memory, id_, 1, id_, id_)
        memory.acknowledged([id_])
    assert len(memory) == 100
    assert arrive(memory, 9_999, 2, 2, 2) is None
    assert arrive(memory, 9_999, 2, 950, 950) == 950
