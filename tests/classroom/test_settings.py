"""Settings: the file, the environment above it, and where a fault came from."""

import pytest
from pydantic import ValidationError

from classroom.settings import build_settings, origin


def test_defaults_listen_on_this_machine_only() -> None:
    settings = build_settings({})
    assert (settings.api.host, settings.api.port) == ("127.0.0.1", 8000)
    assert settings.mqtt.password_file is None
    assert settings.mqtt.receive_maximum == 2000
    assert settings.site.zone.key == "Europe/Stockholm"


def test_the_environment_stands_above_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLASSROOM_API__PORT", "8123")
    monkeypatch.setenv("CLASSROOM_MQTT__TLS", "true")
    settings = build_settings({"api": {"port": 9000}, "mqtt": {"host": "broker", "tls": False}})
    assert settings.api.port == 8123
    assert (settings.mqtt.host, settings.mqtt.tls) == ("broker", True)


@pytest.mark.parametrize("text", ["a/#,b/#", "a/# , b/#", '["a/#", "b/#"]'])
def test_a_list_in_the_environment(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CLASSROOM_MQTT__TOPICS", text)
    assert build_settings({}).mqtt.topics == ("a/#", "b/#")


def test_a_file_says_false_and_zero_and_is_believed() -> None:
    settings = build_settings({"mqtt": {"tls": False, "session_expiry_s": 0}, "ingest": {"backfill_days": 0}})
    assert settings.mqtt.tls is False
    assert settings.mqtt.session_expiry_s == 0
    assert settings.ingest.backfill_days == 0


def test_the_folder_of_the_site_is_not_a_section(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLASSROOM_SITE", "/srv/helsingborg")
    assert build_settings({"site": {"name": "Skolor i norr"}}).site.name == "Skolor i norr"


@pytest.mark.parametrize(
    ("variable", "value", "key"),
    [
        ("CLASSROOM_API__PROT", "80", ("api", "prot")),
        ("CLASSROOM_APU__PORT", "80", ("apu",)),
        ("CLASSROOM_API__PORT", "70000", ("api", "port")),
        ("CLASSROOM_MQTT__TOPICS", "12", ("mqtt", "topics")),
    ],
)
def test_a_wrong_variable_is_refused_and_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, key: tuple[str, ...]
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError) as caught:
        build_settings({})
    assert [error["loc"] for error in caught.value.errors()] == [key]
    assert origin(".".join(key)) == f"environment {variable}"
    assert origin("analytics.every_s") == "classroom.toml"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::"])  # noqa: S104
def test_the_api_cannot_be_opened_to_the_network(host: str) -> None:
    with pytest.raises(ValidationError, match=r"listens on 127\.0\.0\.1 only"):
        build_settings({"api": {"host": host}})
