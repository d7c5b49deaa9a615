"""Real brokers, a real store and a real publisher for the ingest tests."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from absent import AbsentStore
from mosquitto import Mosquitto, missing
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client import CollectorRegistry
from wire import Wire

from classroom.reading import Reading
from classroom.settings import Settings
from classroom.site import Site
from ingest.embedded import BrokerError, EmbeddedBroker
from ingest.pipeline import Pipeline
from store.base import Store
from store.duckdb_store import DuckDBStore


def until(true: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for a condition that will come; fail naming it if it does not."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"did not happen within {seconds:.0f} s: {what}")
        time.sleep(0.01)


def free_ports(number: int = 1) -> int:
    """The first of ``number`` free ports in a row."""
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                for other in range(port + 1, port + number):
                    with socket.socket() as probe:
                        probe.bind(("127.0.0.1", other))
            except OSError:
                continue
            return port


class Publisher:
    """A publisher that knows which of its messages the broker has acknowledged."""

    def __init__(self, port: int) -> None:
        self.client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        self.client.max_inflight_messages_set(100)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def publish(
        self, messages: Iterable[tuple[str, bytes | str]], qos: int = 1, retain: bool = False
    ) -> None:
        """Publish and wait until all are acknowledged (QoS 1) or sent (QoS 0)."""
        sent = [self.client.publish(topic, payload, qos, retain) for topic, payload in messages]
        for info in sent:
            info.wait_for_publish(30)
            assert info.is_published()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedBroker]:
    """The embedded broker; one for all tests of a worker."""
    for _ in range(5):  # another worker may be quicker to the ports
        broker = EmbeddedBroker(free_ports(2))
        try:
            broker.start()
        except BrokerError:
            continue
        break
    yield broker
    broker.stop()


@pytest.fixture
def start_mosquitto(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Start a mosquitto with further configuration lines."""
    if missing():
        pytest.skip(missing())
    numbers = count()
    with ExitStack() as stack:

        def start(*extra: str) -> Mosquitto:
            folder = tmp_path / f"mosquitto-{next(numbers)}"
            folder.mkdir()
            return stack.enter_context(Mosquitto(folder, extra))

        yield start


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Any:
    """A broker: the embedded one, or what the test asks for by an indirect parameter ``mosquitto``."""
    if getattr(request, "param", "embedded") == "embedded":
        return request.getfixturevalue("embedded")
    return request.getfixturevalue("start_mosquitto")("max_queued_messages 100000")


@pytest.fixture
def root() -> str:
    """A topic level of the test's own: brokers are shared."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def publisher(broker: Any) -> Iterator[Publisher]:
    """A publisher at ``broker``."""
    with closing(Publisher(broker.port)) as publisher:
        yield publisher


@pytest.fixture
def settings(broker: Any, root: str) -> Settings:
    """Settings for ``broker``: native topics below ``classroom/<root>`` and everything below ``<root>``."""
    return make_settings(broker.ingest_port, root)


def make_settings(port: int, root: str, **ingest: Any) -> Settings:
    mqtt = {"port": port, "client_id": root, "topics": (f"classroom/{root}/#", f"{root}/#")}
    return Settings.model_validate({"mqtt": mqtt, "ingest": ingest})


def change(settings: Settings, **sections: dict[str, Any]) -> Settings:
    """Settings with some values replaced."""
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update=values) for name, values in sections.items()}
    )


class Rig:
    """A running pipeline with what a test looks at."""

    def __init__(self, pipeline: Pipeline, store: Store, registry: CollectorRegistry) -> None:
        self.pipeline = pipeline
        self.store = store
        self.registry = registry
        self.live: list[Reading] = []

    def count(self, name: str, **labels: str) -> float:
        """A metric's value, 0 if it was never counted."""
        return self.registry.get_sample_value(f"classroom_{name}", labels) or 0.0

    def health(self) -> dict[str, bool]:
        return {check.name: check.ok for check in self.pipeline.health()}

    def settled(self, messages: int, seconds: float = 30) -> None:
        """Wait until ``messages`` came and every one ended as stored or as a dead letter."""

        def ended() -> bool:
            kept = self.pipeline.letters.count_by_reason().items()
            dead = sum(number for reason, number in kept if reason != "value_refused")
            return self.count("messages_stored_total") + dead >= messages

        until(ended, f"{messages} messages stored or dead", seconds)

    def readings(self, device: str) -> list[Reading]:
        """Stored readings of a device in order of time."""
        frame = self.store.read_readings(
            [device], None, datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        )
        rows = [
            Reading(row.device, row.quantity, row.time.to_pydatetime(), row.value, int(row.flag))
            for row in frame.itertuples()
        ]
        return sorted(rows, key=lambda reading: (reading.time, reading.quantity))


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., AbstractContextManager[Rig]]:
    """Run a pipeline in ``folder`` on a DuckDB store or the one given; ``accepted=False``: no entry."""

    @contextmanager
    def running(settings: Settings, store: Store | None = None, **changes: Any) -> Iterator[Rig]:
        patience, accepted = changes.pop("patience", 30), changes.pop("accepted", True)
        folder = changes.pop("folder", tmp_path)
        folder.mkdir(exist_ok=True)
        own = DuckDBStore(folder / "store.duckdb") if store is None else None
        registry = CollectorRegistry()
        live: list[Reading] = []
        pipeline = Pipeline(
            settings,
            changes.pop("site", lambda: Site(settings)),
            own or store,
            folder,
            changes.pop("clock", lambda: datetime.now(UTC)),
            live.extend,
            registry,
            **changes,
        )
        rig = Rig(pipeline, own or store, registry)
        rig.live = live
        pipeline.start()
        try:
            if accepted:
                until(lambda: rig.health()["broker"], "the broker accepts the pipeline", patience)
            yield rig
        finally:
            pipeline.stop()
            if own is not None:
                own.close()

    return running


@pytest.fixture
def make_absent() -> Iterator[Callable[[Path], Any]]:
    """Make a store that can be cut off, in the given file."""
    made: list[AbsentStore] = []

    def make(path: Path) -> AbsentStore:
        made.append(AbsentStore(path))
        return made[-1]

    yield make
    for absent in made:
        absent.store.close()


@pytest.fixture
def absent(tmp_path: Path, make_absent: Callable[[Path], Any]) -> Any:
    """A store that can be cut off."""
    return make_absent(tmp_path / "store.duckdb")


@pytest.fixture
def wait() -> Callable[..., None]:
    """Wait for a condition: ``wait(true, what, seconds)``."""
    return until


@pytest.fixture
def co2() -> Callable[..., str]:
    """Make a native payload: ``co2(812, time=…)``."""
    return lambda value, **more: json.dumps({"co2_ppm": value, **more})


@pytest.fixture
def changed() -> Callable[..., Settings]:
    """Settings with some values replaced: ``changed(settings, ingest={...})``."""
    return change


@pytest.fixture
def publisher_at() -> Iterator[Callable[[int], Publisher]]:
    """Make publishers for brokers a test starts itself."""
    made: list[Publisher] = []

    def make(port: int) -> Publisher:
        made.append(Publisher(port))
        return made[-1]

    yield make
    for publisher in made:
        publisher.close()


@pytest.fixture
def settings_for(root: str) -> Callable[..., Settings]:
    """Settings for a broker a test starts itself: ``settings_for(port, spool_limit_mb=1)``."""
    return lambda port, **ingest: make_settings(port, root, **ingest)


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A broker that says exactly what the test says."""
    with closing(Wire()) as wire:
        yield wire


@pytest.fixture
def one_filter(wire: Any, root: str) -> Any:
    """Settings for the wire broker, which grants one filter."""
    return Settings.model_validate({"mqtt": {"port": wire.port, "client_id": root, "topics": ["#"]}})


@pytest.fixture
def connected(run: Any, wire: Any, one_filter: Any) -> Any:
    """Run a pipeline against the wire broker."""

    @contextmanager
    def connected(session: bool = False, listen: bool = True, **more: Any) -> Iterator[Any]:
        accepting = threading.Thread(target=wire.accept, args=(session, 5, listen))
        accepting.start()
        with run(one_filter, **more) as rig:
            accepting.join()
            yield rig

    return connected
