from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Thread

import pytest
from prometheus_client import CollectorRegistry

from api.live import LiveHub
from classroom.air import Air
from classroom.reading import Reading
from classroom.site import Site
from store.duckdb_store import DuckDBStore

MakeCo2 = Callable[..., Reading]
SOON_S = 0.01
LONG_S = 30.0


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def hub(site: Site, registry: CollectorRegistry) -> LiveHub:
    return LiveHub(lambda: site, registry, queue_size=3, history=4)


def test_the_newest_reading_of_each_quantity_is_kept(hub: LiveHub, co2: MakeCo2) -> None:
    warm = Reading("first", "temperature_c", co2("first", 9, 0).time, 21.0)
    hub.publish([co2("first", 5, 600.0), co2("first", 10, 500.0), warm])
    hub.publish([co2("first", 7, 550.0)])  # back-filled history is not live
    assert hub.latest("first") == [co2("first", 5, 600.0), warm]
    hub.publish([co2("first", 5, 610.0)])  # the last received wins
    assert hub.latest("first")[0].value == 610.0
    assert hub.latest("unknown") == []


def test_seeded_from_the_store_with_the_run_of_the_present_level(
    hub: LiveHub, store: DuckDBStore, co2: MakeCo2
) -> None:
    store.write_readings(
        [
            co2("first", 80, 1100.0),
            co2("first", 40, 1100.0),  # after a silence, so a new run
            co2("first", 30, 900.0),
            co2("first", 25, 1050.0),
            co2("first", 15, 1200.0),
            co2("first", 5, 1399.0),
            co2("moved", 60 * 30, 500.0),
        ]
    )
    hub.seed(store, co2("first", 0, 0).time)

    assert hub.latest("first") == [co2("first", 5, 1399.0)]
    assert hub.level_of("first") == (Air.SOON, co2("first", 25, 0).time)
    assert hub.latest("moved")[0].value == 500.0
    hub.publish([co2("first", 0, 1451.0)])
    assert hub.level_of("first") == (Air.NOW, co2("first", 0, 0).time)
    hub.publish([co2("first", -1, 32767.0, 4)])
    assert hub.level_of("first") is None


def test_a_value_near_a_limit_turns_the_light_after_ten_minutes(hub: LiveHub, co2: MakeCo2) -> None:
    hub.publish([co2("first", 30, 990.0), co2("first", 25, 1010.0), co2("first", 20, 1020.0)])
    assert hub.level_of("first") == (Air.GOOD, None)
    hub.publish([co2("first", 15, 1010.0)])
    assert hub.level_of("first") == (Air.SOON, co2("first", 15, 0).time)


def test_a_run_is_broken_by_silence(hub: LiveHub, co2: MakeCo2) -> None:
    hub.publish([co2("first", 80, 700.0), co2("first", 40, 700.0), co2("first", 30, 710.0)])
    assert hub.level_of("first") == (Air.GOOD, co2("first", 40, 0).time)


def test_a_run_whose_beginning_nobody_saw_has_no_since(hub: LiveHub, co2: MakeCo2) -> None:
    hub.publish([co2("first", 20, 700.0), co2("first", 10, 710.0)])
    assert hub.level_of("first") == (Air.GOOD, None)
    hub.publish([co2("first", 5, 1200.0)])
    assert hub.level_of("first") == (Air.SOON, co2("first", 5, 0).time)


async def _read(hub: LiveHub, co2: MakeCo2) -> None:
    here = hub.subscribe("tagaborg", "a101")
    there = hub.subscribe("tagaborg", "a102")
    thread = Thread(target=hub.publish, args=([co2("first", 1, 700.0), co2("stranger", 1, 500.0)],))
    thread.start()

    arrived = await here.next(LONG_S)
    thread.join()

    assert [arrival.readings for arrival in arrived] == [(co2("first", 1, 700.0),)]
    assert await there.next(SOON_S) == []
    hub.publish([co2("first", 1, 700.0)])  # nothing new
    assert await here.next(SOON_S) == []


def test_a_room_hears_of_its_devices_only(hub: LiveHub, co2: MakeCo2) -> None:
    asyncio.run(_read(hub, co2))


def test_without_a_history_a_room_is_heard_live(
    site: Site, registry: CollectorRegistry, co2: MakeCo2
) -> None:
    """As in a process that only ingests: what nobody reads is only remembered."""
    hub = LiveHub(lambda: site, registry, history=0)
    hub.publish([co2("first", 10, 500.0)])
    assert hub.latest("first") == [co2("first", 10, 500.0)]
    asyncio.run(_read(hub, co2))


async def _resume(hub: LiveHub, co2: MakeCo2) -> None:
    for minute in (5, 4, 3):
        hub.publish([co2("first", minute, 700.0)])
    first = hub.subscribe("tagaborg", "a101")
    hub.publish([co2("first", 2, 700.0)])
    seen = hub.event_id((await first.next(LONG_S))[0])
    hub.publish([co2("first", 1, 700.0)])
    hub.publish([co2("first", 0, 700.0)])

    async def missed(last_event_id: str | None) -> list[Reading]:
        again = hub.subscribe("tagaborg", "a101", last_event_id)
        return [arrival.readings[0] for arrival in await again.next(SOON_S)]

    assert await missed(seen) == [co2("first", 1, 700.0), co2("first", 0, 700.0)]
    assert len(await missed(f"{hub.epoch}-0")) == 4  # as far as it is kept
    for stranger in (
        None,
        "",
        "x",
        "other-1",
        f"{hub.epoch}-",
        f"{hub.epoch}-²",
        f"{hub.epoch}-{'9' * 5000}",
    ):
        assert await missed(stranger) == []


def test_a_reader_that_comes_back_gets_what_it_missed(hub: LiveHub, co2: MakeCo2) -> None:
    asyncio.run(_resume(hub, co2))


async def _lag(hub: LiveHub, registry: CollectorRegistry, co2: MakeCo2) -> None:
    slow = hub.subscribe("tagaborg", "a101")
    quick = hub.subscribe("tagaborg", "a101")
    taken = 0
    for minute in range(10, 5, -1):
        hub.publish([co2("first", minute, 700.0)])
        taken += len(await quick.next(LONG_S))
    assert slow.closed
    assert await slow.next(LONG_S) == []  # returns at once
    assert (quick.closed, taken) == (False, 5)
    assert registry.get_sample_value("classroom_live_readers_dropped_total") == 1
    assert registry.get_sample_value("classroom_live_readers") == 2
    hub.unsubscribe(slow)
    hub.unsubscribe(quick)
    assert registry.get_sample_value("classroom_live_readers") == 0


def test_a_slow_reader_is_dropped_and_hinders_nobody(
    hub: LiveHub, registry: CollectorRegistry, co2: MakeCo2
) -> None:
    asyncio.run(_lag(hub, registry, co2))


async def _close(hub: LiveHub) -> None:
    open_now = hub.subscribe("tagaborg", "a101")
    hub.close()
    assert open_now.closed
    assert hub.subscribe("tagaborg", "a101").closed


def test_a_closed_hub_ends_its_streams(hub: LiveHub) -> None:
    asyncio.run(_close(hub))


def test_publishing_survives_readers_whose_loop_is_gone(
    hub: LiveHub, registry: CollectorRegistry, co2: MakeCo2
) -> None:
    async def subscribe() -> None:
        hub.subscribe("tagaborg", "a101")

    asyncio.run(subscribe())
    hub.publish([co2("first", 1, 700.0)])
    assert registry.get_sample_value("classroom_live_readers_dropped_total") == 1
