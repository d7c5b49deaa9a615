"""Against a real mosquitto: window, protocol versions, passwords, TLS, restarts."""

from __future__ import annotations

import json
import logging
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from classroom.faults import ConfigurationError
from ingest import pipeline
from ingest.probe import look

pytestmark = pytest.mark.server


@pytest.fixture
def nothing_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipeline leaves a thread stopped that a test has stopped."""
    monkeypatch.setattr(pipeline, "_RESTART_S", math.inf)


def test_receive_maximum_raises_the_brokers_window(
    run: Any,
    settings_for: Any,
    changed: Any,
    start_mosquitto: Any,
    publisher_at: Any,
    root: str,
    co2: Any,
    wait: Any,
    nothing_restarts: None,
) -> None:
    """mosquitto's own limit is 20; asked for 300, it sends 300 before the first acknowledgement."""
    broker = start_mosquitto()
    settings = changed(settings_for(broker.port, spool_limit_mb=1), mqtt={"receive_maximum": 300})
    with run(settings) as rig:
        fill = [(f"{root}/fill", "x" * 60_000)] * 20
        publisher = publisher_at(broker.port)
        rig.pipeline._storing._freed.stored_id = 0
        rig.pipeline._storing.stop()  # nothing is stored, so the spool of 1 MB fills
        publisher.publish(fill)
        publisher.publish([(f"classroom/{root}/1/d", co2(400 + n)) for n in range(400)])
        wait(lambda: not rig.health()["spool"], "the spool is full")
        wait(lambda: rig.count("messages_unacknowledged") == 300, "the whole window is used")
        rig.pipeline._storing.start()
        rig.settled(420)
        assert sorted(r.value for r in rig.readings(f"{root}/d")) == list(range(400, 800))


def test_qos_0_is_dropped_and_counted_while_the_spool_is_full(
    run: Any,
    settings_for: Any,
    start_mosquitto: Any,
    publisher_at: Any,
    root: str,
    co2: Any,
    wait: Any,
    nothing_restarts: None,
) -> None:
    broker = start_mosquitto()
    with run(settings_for(broker.port, spool_limit_mb=1)) as rig:
        publisher = publisher_at(broker.port)
        rig.pipeline._storing.stop()
        publisher.publish([(f"{root}/fill", "x" * 60_000)] * 20)
        publisher.publish([(f"classroom/{root}/1/d", co2(800))])
        wait(lambda: not rig.health()["spool"], "the spool is full")
        publisher.publish([(f"classroom/{root}/1/d", co2(801))] * 10, qos=0)
        wait(lambda: rig.count("messages_dropped_total") == 10, "QoS 0 is dropped")
        rig.pipeline._storing.start()
        rig.settled(21)
        wait(lambda: rig.health()["spool"], "there is room again")
        publisher.publish([(f"classroom/{root}/1/d", co2(802))], qos=0)
        rig.settled(22)
        assert [r.value for r in rig.readings(f"{root}/d")] == [800, 802]


def test_mqtt_3_works_and_warns_once_about_the_window(
    run: Any,
    settings_for: Any,
    changed: Any,
    start_mosquitto: Any,
    publisher_at: Any,
    root: str,
    co2: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker = start_mosquitto("max_queued_messages 10000")
    settings = changed(settings_for(broker.port), mqtt={"protocol": "3.1.1"})
    with caplog.at_level(logging.WARNING), run(settings) as rig:
        publisher_at(broker.port).publish([(f"classroom/{root}/1/d", co2(400 + n)) for n in range(200)])
        rig.settled(200)
        assert sorted(r.value for r in rig.readings(f"{root}/d")) == list(range(400, 600))
    assert sum("20 messages a commit" in record.getMessage() for record in caplog.records) == 1


def test_a_killed_broker_repeats_what_it_forgot_was_acknowledged(
    run: Any,
    settings_for: Any,
    start_mosquitto: Any,
    publisher_at: Any,
    root: str,
    co2: Any,
    wait: Any,
) -> None:
    """With persistence mosquitto's saved state is older than its last second.

    Repeated payloads have no time.
    """
    broker = start_mosquitto(
        "persistence true",
        "autosave_interval 100",
        "autosave_on_changes true",
        "max_inflight_messages 2000",
    )
    with run(settings_for(broker.port)) as rig:
        publisher_at(broker.port).publish([(f"classroom/{root}/1/d", co2(400 + n)) for n in range(460)])
        rig.settled(460)
        broker.kill()
        wait(lambda: not rig.health()["broker"], "the connection is lost")
        broker.start()
        wait(lambda: rig.health()["broker"], "connected again")
        publisher_at(broker.port).publish([(f"classroom/{root}/1/d", co2(1_000 + n)) for n in range(10)])
        rig.settled(470)
        found = [r.value for r in rig.readings(f"{root}/d")]
        assert found == [*range(400, 860), *range(1_000, 1_010)]
        assert rig.count("messages_redelivered_total") > 0


def test_password_and_refusal(
    run: Any,
    settings_for: Any,
    changed: Any,
    start_mosquitto: Any,
    root: str,
    tmp_path: Path,
    publisher_at: Any,
    co2: Any,
) -> None:
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto_passwd is not installed")
    users, secret = tmp_path / "users", tmp_path / "secret"
    users.touch()
    subprocess.run(["mosquitto_passwd", "-b", str(users), "reader", "correct horse"], check=True)
    users.chmod(0o644)
    secret.write_text("correct horse\n")
    broker = start_mosquitto(f"password_file {users}", "allow_anonymous false")
    settings = changed(settings_for(broker.port), mqtt={"username": "reader", "password_file": secret})
    with run(settings) as rig:
        assert rig.health()["broker"]
    secret.write_text("wrong\n")
    with (
        pytest.raises(pytest.fail.Exception, match="the broker accepts the pipeline"),
        run(settings, patience=2),
    ):
        pass


def test_tls(run: Any, settings_for: Any, changed: Any, start_mosquitto: Any, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    request = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -addext subjectAltName=IP:127.0.0.1"
    )
    written = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*request.split(), *written], check=True, capture_output=True)
    broker = start_mosquitto(f"certfile {certificate}", f"keyfile {key}")
    settings = changed(settings_for(broker.port), mqtt={"tls": True, "ca_file": certificate})
    with run(settings) as rig:
        assert rig.health()["broker"]


@pytest.mark.parametrize(
    ("mqtt", "key"),
    [
        ({"tls": True, "ca_file": "absent.pem"}, "mqtt.ca_file"),
        ({"username": "u", "password_file": "absent"}, "mqtt.password_file"),
        ({"password_file": "absent"}, "mqtt.password_file"),
    ],
)
def test_files_that_are_not_there_are_refused_by_name(
    run: Any, settings_for: Any, changed: Any, tmp_path: Path, mqtt: dict[str, Any], key: str
) -> None:
    files = {name: tmp_path / value if name.endswith("file") else value for name, value in mqtt.items()}
    with pytest.raises(ConfigurationError, match=key), run(changed(settings_for(1883), mqtt=files)):
        pass


def test_a_denied_subscription_is_said_in_words(
    run: Any, settings_for: Any, start_mosquitto: Any, root: str, tmp_path: Path, wait: Any
) -> None:
    """mosquitto's file of rights never refuses a subscription; its dynamic security does."""
    plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"), None)
    if plugin is None:
        pytest.skip("mosquitto_dynamic_security.so is not installed")
    rights = tmp_path / "rights.json"
    rights.write_text(
        json.dumps(
            {
                "defaultACLAccess": {
                    "publishClientSend": True,
                    "publishClientReceive": True,
                    "subscribe": False,
                    "unsubscribe": True,
                },
                "clients": [],
                "groups": [{"groupname": "all", "roles": [{"rolename": "some"}]}],
                "roles": [
                    {
                        "rolename": "some",
                        "acls": [{"acltype": "subscribePattern", "topic": "classroom/#", "allow": True}],
                    }
                ],
                "anonymousGroup": "all",
            }
        )
    )
    broker = start_mosquitto(f"plugin {plugin}", f"plugin_opt_config_file {rights}")
    settings = settings_for(broker.port)
    words = f"subscription denied: {root}/# (the user's access list?)"
    with run(settings, accepted=False) as rig:
        wait(
            lambda: any(c.name == "broker" and c.message.endswith(words) for c in rig.pipeline.health()),
            "readiness names the filter",
        )
        assert not rig.pipeline.connected
    assert look(settings.mqtt).trouble == words
