"""Topic filters as MQTT 5, 4.7 has them."""

from __future__ import annotations

from itertools import product

import pytest
from paho.mqtt.client import topic_matches_sub
from pydantic import ValidationError

from classroom.settings import build_settings
from classroom.topics import filter_fault, overlap


@pytest.mark.parametrize("text", ["#", "+", "a", "a/#", "+/a/+", "/", "a b/å", "$SYS/#"])
def test_what_can_be_used(text: str) -> None:
    assert filter_fault(text) == ""


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "for example"),
        ("a+/b", "whole level"),
        ("#/a", "at the end"),
        ("a/b#", "at the end"),
        (" a", "blanks"),
        ("a\n", "control characters"),
        ("$share/g/a", "mqtt.share"),
        ("a" * 70_000, "for example"),
    ],
)
def test_what_cannot_is_named_with_its_cure(text: str, cure: str) -> None:
    assert cure in filter_fault(text)


@pytest.mark.parametrize(
    ("a", "b", "both"),
    [
        ("#", "a/b", True),
        ("a/#", "a", True),
        ("a/+/c", "a/b/#", True),
        ("a/+", "+/b", True),
        ("a/#", "b/#", False),
        ("a/+", "a/b/c", False),
        ("+", "a/b", False),
        ("#", "$SYS/#", False),
        ("+/x", "$SYS/x", False),
        ("a/b", "a/b", True),
    ],
)
def test_filters_that_match_the_same(a: str, b: str, both: bool) -> None:
    assert overlap(a, b) is overlap(b, a) is both


def test_overlap_is_that_a_topic_exists() -> None:
    """All filters up to three levels, against paho's matching of all topics up to four."""
    plain = ["/".join(levels) for n in (1, 2, 3) for levels in product(["a", "b", "+"], repeat=n)]
    topics = ["/".join(levels) for n in (1, 2, 3, 4) for levels in product(["a", "b", "c"], repeat=n)]
    filters = ["#", *plain, *(f"{text}/#" for text in plain)]
    matched = {text: {topic for topic in topics if topic_matches_sub(text, topic)} for text in filters}
    assert all(overlap(a, b) is bool(matched[a] & matched[b]) for a in filters for b in filters)


@pytest.mark.parametrize(
    ("mqtt", "words"),
    [
        ({"topics": ["a/#", "a/b"]}, "would come twice"),
        ({"topics": ["a/#", "a/#"]}, "would come twice"),
        ({"topics": ["a#"]}, "at the end"),
        ({"share": "a/b"}, "String should match"),
    ],
)
def test_settings_refuse_them(mqtt: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        build_settings({"mqtt": mqtt})


def test_a_group_shares_every_filter() -> None:
    settings = build_settings({"mqtt": {"topics": ["a/#", "b/#"], "share": "ingest"}})
    assert settings.mqtt.filters == ("$share/ingest/a/#", "$share/ingest/b/#")
    assert build_settings({}).mqtt.filters == ("#",)
