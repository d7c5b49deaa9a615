"""A simulator plays in portions, so that live messages do not stand behind history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from multiprocessing import Pipe

from classroom.sitefiles import parse_site
from cli.demo import _Admission
from cli.play import CHUNK, play_history
from ingest.embedded import EmbeddedBroker
from simulators.demo import demo_site
from simulators.messages import Stream
from simulators.publish import BrokerAddress
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town


def test_admission_keeps_a_few_portions_ahead_and_survives_the_end() -> None:
    ours, theirs = Pipe()
    spooled = [500]  # what was there before does not count
    admit = _Admission(ours, lambda: spooled[0])

    def words() -> int:
        found = 0
        while theirs.poll():
            theirs.recv()
            found += 1
        return found

    admit()
    assert words() == _Admission.AHEAD
    admit()
    assert words() == 0
    spooled[0] += 2 * CHUNK
    admit()
    assert words() == 2
    theirs.close()
    spooled[0] += CHUNK
    admit()


def test_history_asks_before_every_portion_and_ends_where_told(broker: EmbeddedBroker) -> None:
    texts = demo_site(datetime(2025, 11, 10, tzinfo=UTC).date())
    scenario = parse_scenario(texts.pop(SCENARIO_FILE))
    start = datetime(2025, 11, 10, tzinfo=UTC)
    asked: list[int] = []
    sent, reached, _ = play_history(
        parse_site(texts),
        scenario,
        start,
        BrokerAddress(port=broker.port),
        lambda: start,
        end=start + timedelta(days=1),
        before_chunk=lambda: asked.append(1),
    )
    assert sent == 6 * 288 + 96 + 24 + 144
    assert len(asked) == 2
    assert reached == start + timedelta(days=1)


def test_the_days_before_the_first_message_can_be_stopped() -> None:
    texts = demo_site(datetime(2025, 11, 10, tzinfo=UTC).date())
    scenario = parse_scenario(texts.pop(SCENARIO_FILE))
    town = Town(parse_site(texts), scenario)
    days: list[int] = []

    def stopped() -> bool:
        days.append(1)
        return len(days) == 2

    assert list(Stream(town, town.start + timedelta(days=30), stopped=stopped)) == []
    assert len(days) == 2
