"""Which broker is published to, and as whom; over TLS with a password against a real one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from mosquitto import Mosquitto, guarded, missing
from typer.testing import CliRunner

from classroom.faults import ConfigurationError
from classroom.settings import MqttSettings
from cli.app import app
from cli.broker_meant import address, broker_meant

SITE = MqttSettings(
    host="mqtt.example", port=8883, username="gateway", password_file=Path("secret"), tls=True
)
NOTHING = (None, None, None, None, None, None)


def test_without_options_the_sites_broker_is_meant() -> None:
    assert broker_meant(SITE, *NOTHING) == SITE


def test_another_host_gets_neither_the_sites_password_nor_its_user() -> None:
    other = broker_meant(SITE, "127.0.0.1", None, None, None, None, None)
    assert other == MqttSettings(host="127.0.0.1", port=8883)
    assert broker_meant(SITE, "mqtt.example", 1, None, None, None, None).username == "gateway"


def test_another_user_does_not_come_with_the_sites_password() -> None:
    north = broker_meant(SITE, None, None, "north", None, None, None)
    assert (north.username, north.password_file, north.tls) == ("north", None, True)
    own = broker_meant(SITE, None, None, "north", Path("north"), None, None)
    assert own.password_file == Path("north")


def test_a_ca_asks_for_tls() -> None:
    assert broker_meant(MqttSettings(), None, None, None, None, None, Path("ca")).tls
    assert not broker_meant(SITE, None, None, None, None, False, None).tls


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (MqttSettings(tls=True, ca_file=Path("absent.pem")), "mqtt.ca_file"),
        (MqttSettings(username="u", password_file=Path("absent")), "mqtt.password_file"),
    ],
)
def test_a_file_that_is_not_there_is_refused_by_name(settings: MqttSettings, key: str) -> None:
    with pytest.raises(ConfigurationError, match=key):
        address(settings)


@pytest.mark.server
@pytest.mark.skipif(bool(missing()), reason=missing())
def test_replay_and_simulate_come_in_as_the_site_says(tmp_path: Path) -> None:
    certificate, settings = guarded(tmp_path, "site", "right")
    site, runner = tmp_path / "town", CliRunner()
    with Mosquitto(tmp_path, settings) as broker:
        played = [
            "simulate",
            "--site",
            str(site),
            "--write",
            "--days",
            "0",
            "--every",
            "1",
            "--stop-after",
            "3",
        ]
        (tmp_path / "password").write_text("right\n")
        options = ["--username", "site", "--password-file", str(tmp_path / "password")]
        there = ["--host", "localhost", "--port", str(broker.port), "--ca-file", str(certificate)]
        by_options = runner.invoke(app, [*played, *there, *options])
        assert by_options.exit_code == 0, by_options.output
        assert "3 live messages published" in by_options.output
        plain = runner.invoke(app, [*played, *there[:4]])
        assert plain.exit_code == 1

        (site / "password").write_text("right\n")
        shutil.copy(certificate, site / "ca.pem")
        (site / "classroom.toml").write_text(
            f'[mqtt]\nhost = "localhost"\nport = {broker.port}\nusername = "site"\n'
            'password_file = "password"\ntls = true\nca_file = "ca.pem"\n'
        )
        file = tmp_path / "recorded.jsonl"
        file.write_text(json.dumps({"topic": "t/1", "payload": "x"}) + "\n")
        by_site = runner.invoke(app, ["replay", str(file), "--site", str(site)])
        assert by_site.exit_code == 0, by_site.output
        assert "1 of 1 messages published" in by_site.output
        (site / "password").write_text("wrong\n")
        refused = runner.invoke(app, ["replay", str(file), "--site", str(site)])
        assert refused.exit_code == 1
        assert "user and password" in refused.output
