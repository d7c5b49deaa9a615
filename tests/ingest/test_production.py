"""The broker that ``init --broker`` writes, on a real mosquitto, with our pipeline and with gateways."""

from __future__ import annotations

import getpass
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from classroom.settings import Settings
from cli.broker import Wanted, write_broker
from ingest.certificates import CERTIFICATE_DAYS, Pair, issue, make_authority
from ingest.probe import look

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]
NOTHING = Wanted((), (), ())


class Gateway:
    """A client that remembers what it was told: reasons of its PUBACKs, and messages."""

    def __init__(self, broker: Broker, name: str, password: str, version: int = 5) -> None:
        protocol = paho.MQTTv5 if version == 5 else paho.MQTTv311
        self.client = paho.Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        if name:
            self.client.username_pw_set(name, password)
        self.client.tls_set(str(broker.folder / "ca.pem"))
        self.accepted: bool | None = None
        self.said: list[tuple[int, str]] = []
        self.granted: list[Any] = []
        self.heard: list[str] = []
        self.client.on_connect = lambda _, __, ___, reason, ____: setattr(
            self, "accepted", not reason.is_failure
        )
        self.client.on_publish = lambda _, __, mid, reason, ____: self.said.append((mid, str(reason)))
        self.client.on_subscribe = lambda _, __, ___, reasons, ____: self.granted.extend(reasons)
        self.client.on_message = lambda _, __, message: self.heard.append(message.topic)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@dataclass
class Broker:
    """A folder written by ``init --broker`` and the mosquitto that runs on it."""

    folder: Path
    port: int
    wait: Callable[..., None]
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(["mosquitto", "-c", str(self.folder / "mosquitto.conf")], stderr=log)
        self.wait(lambda: self.log.count(" running") or self.process.poll() is not None, "mosquitto runs")

    def plan(self, old: str, new: str) -> None:
        """Edit ``broker.toml`` and run ``init --broker`` again."""
        path = self.folder / "broker.toml"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        write_broker(self.folder, NOTHING)

    def reload(self) -> None:
        seen = self.log.count("Reloading config")
        self.process.send_signal(signal.SIGHUP)
        self.wait(lambda: self.log.count("Reloading config") > seen, "mosquitto read its files again")

    def password(self, name: str) -> str:
        return (self.folder / "accounts" / name / "password").read_text().strip()

    def settings(self, **mqtt: Any) -> Settings:
        account = self.folder / "accounts" / "ingester"
        access = {
            "port": self.port, "client_id": "ingester-1", "tls": True, "ca_file": account / "ca.pem",
            "username": "ingester", "password_file": account / "password",
        }  # fmt: skip
        return Settings.model_validate({"mqtt": {**access, **mqtt}})


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A broker's folder, made once: keys take a second."""
    folder = tmp_path_factory.mktemp("production") / "broker"
    write_broker(folder, Wanted(("127.0.0.1",), ("north=classroom/north/#", "south=classroom/south/#"), ()))
    path = folder / "broker.toml"
    text = path.read_text().replace("# listen", "listen")  # 127.0.0.1
    lines = [
        f'user = "{getpass.getuser()}"' if line.startswith("user = ") else line for line in text.splitlines()
    ]
    path.write_text("\n".join(lines) + "\n")
    write_broker(folder, NOTHING)
    return folder


@pytest.fixture
def broker(written: Path, tmp_path: Path, start_mosquitto: Any, wait: Any) -> Iterator[Broker]:
    """A running copy with the gateways north and south."""
    old = start_mosquitto()  # skips where there is none, or an old one; its port is free afterwards
    old.kill()
    broker = Broker(Path(shutil.copytree(written, tmp_path / "broker")), old.port, wait)
    broker.plan("# port = 8883", f"port = {broker.port}")
    broker.start()
    yield broker
    assert broker.process is not None
    broker.process.kill()
    broker.process.wait()


@pytest.fixture
def gateway(broker: Broker, wait: Any) -> Iterator[Callable[..., Gateway]]:
    """Connect as a gateway: ``gateway("north")``; ``accepted`` says whether it got in."""
    made: list[Gateway] = []

    def connect(name: str, password: str | None = None, version: int = 5) -> Gateway:
        made.append(Gateway(broker, name, broker.password(name) if password is None else password, version))
        wait(lambda: made[-1].accepted is not None, "the broker answers")
        return made[-1]

    yield connect
    for one in made:
        one.close()


@pytest.fixture
def words_of(run: Any, wait: Any) -> Callable[[Settings], str]:
    """What readiness says of the broker once it did not work out."""

    def words(settings: Settings) -> str:
        found: list[str] = []

        def told(rig: Any) -> bool:
            found[:] = [check.message for check in rig.pipeline.health() if check.name == "broker"]
            return not found[0].endswith("connecting")

        with run(settings, accepted=False) as rig:
            wait(lambda: told(rig), "readiness says why")
        return found[0]

    return words


def test_it_starts_without_a_warning_and_lets_nobody_in_without_a_password(
    broker: Broker, gateway: Any
) -> None:
    assert not gateway("", "").accepted
    assert not gateway("north", "wrong").accepted
    assert not gateway("nobody", broker.password("north")).accepted
    assert gateway("north").accepted
    assert gateway("north", version=3).accepted
    lines = [line for line in broker.log.splitlines() if "Warning" in line or "Error" in line]
    assert [line for line in lines if "should not be run as root" not in line] == []


def test_a_gateway_writes_its_own_topics_and_reads_nothing(
    broker: Broker, gateway: Any, run: Any, co2: Any, wait: Any
) -> None:
    with run(broker.settings()) as rig:
        north, south, old = gateway("north"), gateway("south"), gateway("south", version=3)
        south.client.subscribe("#", 1)
        old.client.subscribe("classroom/#", 1)
        wait(lambda: south.granted and old.granted, "mosquitto grants what it will not deliver")
        topics = ["classroom/north/1/d", "classroom/south/1/stolen", "other/1", "$SYS/broker/stolen"]
        sent = [north.client.publish(topic, co2(800 + n), 1).mid for n, topic in enumerate(topics)]
        wait(lambda: len(north.said) == len(topics), "every message is answered")
        said = dict(north.said)
        assert [said[mid] for mid in sent] == ["Success", *["Not authorized"] * 3]
        old.client.publish("classroom/north/1/stolen", co2(810), 1)
        old.client.publish("classroom/south/1/d", co2(811), 1)
        wait(lambda: len(old.said) == 2, "3.1.1 cannot be told, and both are acknowledged")
        rig.settled(2)
        assert rig.count("messages_received_total") == 2
        assert [r.value for r in rig.readings("north/d")] == [800]
        assert [r.value for r in rig.readings("south/d")] == [811]
        assert south.heard == old.heard == []


def test_required_certificates(broker: Broker, run: Any, words_of: Any, gateway: Any, wait: Any) -> None:
    broker.plan("# require_certificate = false", "require_certificate = true")
    broker.process.kill()
    broker.process.wait()
    (broker.folder / "log").unlink()
    broker.start()
    account = broker.folder / "accounts" / "ingester"
    with run(broker.settings(cert_file=account / "client.pem", key_file=account / "client.key")) as rig:
        assert rig.health()["broker"]
    assert "set mqtt.cert_file and mqtt.key_file" in words_of(broker.settings())
    stranger = issue(make_authority("another"), "ingester")
    (account / "other.pem").write_text(stranger.certificate)
    (account / "other.key").write_text(stranger.key)
    other = broker.settings(cert_file=account / "other.pem", key_file=account / "other.key")
    assert "does not accept mqtt.cert_file" in words_of(other)


def test_why_we_do_not_come_in_is_said_in_words(broker: Broker, words_of: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong\n")
    stranger = tmp_path / "stranger.pem"
    stranger.write_text(make_authority("another").certificate)
    assert "mqtt.username is 'ingester'" in words_of(broker.settings(password_file=wrong))
    assert "no mqtt.username is set" in words_of(broker.settings(username=None, password_file=None))
    words = words_of(broker.settings(ca_file=stranger))
    assert f"is not signed by one of {stranger}; set mqtt.ca_file" in words
    assert "is not for 'localhost'; set mqtt.host" in words_of(broker.settings(host="localhost"))
    assert "set mqtt.tls and mqtt.ca_file" in words_of(broker.settings(tls=False))


def test_an_expired_certificate_and_a_port_without_tls(
    broker: Broker, words_of: Any, start_mosquitto: Any
) -> None:
    authority = Pair((broker.folder / "ca.pem").read_text(), (broker.folder / "authority/ca.key").read_text())
    old = issue(authority, "server", ["127.0.0.1"], days=-1)
    (broker.folder / "server.pem").write_text(old.certificate)
    (broker.folder / "server.key").write_text(old.key)
    broker.reload()
    assert "has expired; renew it at the broker" in words_of(broker.settings())
    plain = start_mosquitto()
    assert f"is TLS spoken on mqtt.port = {plain.port}?" in words_of(broker.settings(port=plain.port))


def test_a_look_from_outside_says_the_same(
    broker: Broker, run: Any, tmp_path: Path, gateway: Any, co2: Any
) -> None:
    """What ``doctor`` does: it must neither take the session over nor take messages away."""
    shared = broker.settings(share="group")
    with run(shared) as rig:
        found = look(shared.mqtt)
        assert found.trouble == ""
        assert found.certificate_until is not None
        assert (found.certificate_until - datetime.now(UTC)).days in (CERTIFICATE_DAYS - 1, CERTIFICATE_DAYS)
        gateway("north").client.publish("classroom/north/1/d", co2(800), 1)
        rig.settled(1)
        assert rig.count("mqtt_connections_total") == 1
    (tmp_path / "wrong").write_text("wrong")
    assert (
        "mqtt.username is 'ingester'" in look(broker.settings(password_file=tmp_path / "wrong").mqtt).trouble
    )
    assert "is not for 'localhost'" in look(broker.settings(host="localhost").mqtt).trouble
    assert "set mqtt.tls and mqtt.ca_file" in look(broker.settings(tls=False).mqtt).trouble
    assert look(broker.settings(protocol="3.1.1").mqtt).trouble == ""


def test_gateways_come_and_go_without_a_restart(broker: Broker, gateway: Any, wait: Any) -> None:
    south, north = gateway("south"), gateway("north")
    write_broker(broker.folder, Wanted((), ("west=classroom/west/#",), ()))
    assert not gateway("west").accepted
    broker.reload()
    assert gateway("west").accepted
    assert gateway("north").accepted
    password = broker.password("north")
    broker.plan('"north" = ["classroom/north/#"]', "")
    broker.reload()
    assert not gateway("north", password).accepted
    assert south.client.is_connected()
    wait(lambda: not north.client.is_connected(), "its open connection ends too")


@pytest.mark.slow
def test_a_long_absence_and_a_crash_of_the_broker_lose_nothing(
    broker: Broker, gateway: Any, run: Any, co2: Any, wait: Any
) -> None:
    """mosquitto's own limit is 1,000 messages; it saves every half hour and does not keep QoS 0 at all."""
    settings = broker.settings()
    with run(settings):
        pass  # the broker knows the session now
    north = gateway("north")
    for n in range(2_500):
        north.client.publish("classroom/north/1/d", co2(400 + n), 1)
    for n in range(50):
        north.client.publish("classroom/north/1/q", co2(400 + n), 0)
    wait(lambda: len(north.said) == 2_550, "everything is published")
    published, saved = time.time(), broker.folder / "data" / "mosquitto.db"
    wait(lambda: saved.exists() and saved.stat().st_mtime > published + 0.1, "the broker saves, every 5 s")
    broker.process.kill()
    broker.process.wait()
    (broker.folder / "log").unlink()
    broker.start()
    with run(settings) as rig:
        rig.settled(2_550)
        assert [r.value for r in rig.readings("north/d")] == list(range(400, 2_900))
        assert [r.value for r in rig.readings("north/q")] == list(range(400, 450))


def test_a_packet_too_large_ends_its_senders_connection(
    broker: Broker, gateway: Any, run: Any, co2: Any, wait: Any
) -> None:
    with run(broker.settings()) as rig:
        north, south = gateway("north", version=3), gateway("south")
        north.client.publish("classroom/north/1/d", b"x" * 1_100_000, 1)
        wait(
            lambda: "oversize" in broker.log or "Oversize" in broker.log or not north.client.is_connected(),
            "it ends",
        )
        south.client.publish("classroom/south/1/d", b"x" * 900_000, 1)
        rig.settled(1)
        assert rig.pipeline.letters.count_by_reason() == {"too_large": 1}
