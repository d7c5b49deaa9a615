"""Two ingesters and two APIs, each a process of its own, on one mosquitto and one bucket."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.publish
import pytest
from lives import influx_settings
from mosquitto import DURABLE, Mosquitto, missing

from running import TABLES, Running, command, environment, free_ports, until
from store.influx_server import Address

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]

_SPOOLED, _STORED = "classroom_messages_spooled_total", "classroom_readings_stored_total"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    if missing():
        pytest.skip(missing())
    (tmp_path / "mosquitto").mkdir()
    with Mosquitto(tmp_path / "mosquitto", DURABLE) as broker:
        yield broker


@pytest.fixture
def start(bucket: Address, broker: Mosquitto, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a process of the one site: ``start("api")``, ``start("ingest", "1")`` for a member of the
    group."""
    folder, started = tmp_path / "site", list[Running]()
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    group = f"[mqtt]\nport = {broker.port}\ntopics = ['classroom/#']\nshare = 'group'\n"
    (folder / "classroom.toml").write_text(influx_settings(folder, bucket) + group)

    def begin(part: str, name: str = "") -> Running:
        port = free_ports(1)
        named = {"CLASSROOM_INGEST__NAME": name} if name else {}
        process = subprocess.Popen(
            command(part, "--site", folder, "--port", str(port)),
            env={**environment(), **named},
            stderr=(folder / f"{part}{name}.log").open("a"),
        )
        started.append(Running(folder, port, process))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.kill()


def say(broker: Mosquitto, first: datetime, ppm: range) -> dict[datetime, float]:
    """A value a minute from ``first`` on; what was said."""
    said = {first + timedelta(minutes=n): float(value) for n, value in enumerate(ppm)}
    topic = "classroom/lindhaga/101/air"
    payloads = [json.dumps({"co2_ppm": value, "time": at.isoformat()}) for at, value in said.items()]
    messages = [{"topic": topic, "payload": payload, "qos": 1} for payload in payloads]
    paho.mqtt.publish.multiple(messages, port=broker.port)
    return said


def seen(api: Running, said: dict[datetime, float]) -> dict[datetime, float]:
    """The same minutes, as an API tells them."""
    span = {"from": min(said).isoformat(), "to": (max(said) + timedelta(minutes=1)).isoformat()}
    found = api.get("/api/v1/schools/lindhaga/rooms/101/series", quantity="co2_ppm", points=5_000, **span)
    values = {datetime.fromisoformat(point["time"]): point["value"] for point in found["points"]}
    return {at: value for at, value in values.items() if value is not None}  # null is a gap


def test_each_stores_a_share_and_all_tell_the_whole(start: Callable[..., Running], broker: Mosquitto) -> None:
    one, two, api, other = start("ingest", "1"), start("ingest", "2"), start("api"), start("api")
    until(lambda: all(each.ready() for each in (one, two, api, other)), "all are ready", 300)
    first = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=20)
    said = say(broker, first, range(400, 700))
    for each in (api, other):
        until(lambda each=each: seen(each, said) == said, "every value is told", 120)  # type: ignore[misc]
    shares = [each.counts() for each in (one, two)]
    assert all(share[_SPOOLED] > 0 for share in shares)
    assert sum(share[_STORED] for share in shares) == len(said)

    assert one.stop() == 0  # what it is dealt meanwhile waits for it
    later = say(broker, first + timedelta(hours=6), range(800, 1_000))
    until(lambda: sum(each.counts()[_SPOOLED] for each in (two,)) > shares[1][_SPOOLED], "two goes on", 60)
    assert api.stop() == 0
    one = start("ingest", "1")
    until(lambda: seen(other, later) == later, "the one that was away had the rest", 300)
    assert 0 < one.counts()[_STORED] < len(later)
    assert (one.stop(), two.stop(), other.stop()) == (0, 0, 0)
