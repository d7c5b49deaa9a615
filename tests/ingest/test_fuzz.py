"""Damaged messages of every family through the pipeline; the million is ``make evidence NAME=fuzz``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import fuzz
import pytest

from ingest.codecs.runner import Codecs
from ingest.embedded import EmbeddedBroker
from ingest.letter import VALUE_REFUSED
from running import free_ports

MESSAGES = 20_000
BY_BROKER = 1_000
LETTERS_MB = 8  # so that the oldest letters have to go
SEED = 7


@pytest.fixture
def lonely() -> Iterator[EmbeddedBroker]:
    """A broker that holds nothing of other tests: here every topic is read."""
    with EmbeddedBroker(free_ports(2)) as broker:
        yield broker


def test_every_message_ends_in_one_place_and_the_good_ones_are_right(
    run: Any, settings_for: Any, changed: Any, publisher_at: Any, lonely: EmbeddedBroker, wait: Any
) -> None:
    pytest.importorskip("quickjs", reason="the extra `codecs` is not installed")
    messages = [fuzzed.message for fuzzed in fuzz.stream(SEED, MESSAGES)]
    published = [message for message in messages[:BY_BROKER] if fuzz.publishable(message)]
    rest = [message for message in messages[:BY_BROKER] if not fuzz.publishable(message)]
    settings = settings_for(lonely.ingest_port, dead_letters_limit_mb=LETTERS_MB)
    settings = changed(settings, mqtt={"topics": ("#",)})
    with closing(Codecs(fuzz.codecs())) as codecs, run(settings, decode=codecs.decode) as rig:
        publisher_at(lonely.port).publish([(message.topic, message.payload) for message in published])
        rest += messages[BY_BROKER:]
        for first in range(0, len(rest), 2_000):
            rig.pipeline.submit(rest[first : first + 2_000]).result(60)
        wait(lambda: rig.count("messages_spooled_total") >= MESSAGES, "everything is spooled")
        wait(lambda: rig.pipeline.backlog() == 0, "everything is stored")

        samples = [sample for family in rig.registry.collect() for sample in family.samples]
        dead = {s.labels["reason"]: s.value for s in samples if s.name == "classroom_dead_letters_total"}
        kept = rig.pipeline.letters.count_by_reason()
        stored, partial = rig.count("messages_stored_total"), rig.count("messages_partial_total")
        assert rig.count("messages_spooled_total") == MESSAGES == stored + sum(dead.values())
        assert sum(kept.values()) + rig.count("dead_letters_discarded_total") == sum(dead.values()) + partial
        assert fuzz.wrong(rig.store, MESSAGES) == (MESSAGES // fuzz.EVERY, 0)
        assert rig.pipeline.letters.path.stat().st_size < 3 * LETTERS_MB * 1_000_000
        assert all(rig.health().values()), rig.pipeline.health()
        assert partial > 100
        assert VALUE_REFUSED not in dead
        assert {"not_json", "no_decoder", "no_codec", "no_reading", "wrong_type", "codec_failed"} <= set(dead)
        assert "decoder_fault" not in dead
        assert not any(s.value for s in samples if s.name == "classroom_ingest_thread_restarts_total")
