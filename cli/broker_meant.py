"""Which broker a command publishes to, and as whom: the site's ``[mqtt]``, or what its options say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from classroom.faults import ConfigurationError, Fault
from classroom.settings import MqttSettings
from classroom.sitefiles import SETTINGS_FILE
from ingest.access import files_to_read, read_password
from ingest.mosquitto import INGESTER
from simulators.publish import BrokerAddress

HostOption = Annotated[
    str | None,
    typer.Option(help="Broker's host, instead of the site's; then account and TLS are by option too."),
]
PortOption = Annotated[int | None, typer.Option(min=1, max=65_535, help="Broker's port (MQTT 3.1.1).")]
UsernameOption = Annotated[
    str | None,
    typer.Option(help="User at the broker; one that init --broker made for the site may only read."),
]
PasswordOption = Annotated[
    Path | None, typer.Option(help="File with the password.", exists=True, dir_okay=False)
]
CaOption = Annotated[
    Path | None,
    typer.Option(help="Speak TLS, and trust the CA in this file (PEM).", exists=True, dir_okay=False),
]
TlsOption = Annotated[
    bool | None, typer.Option("--tls/--no-tls", help="Speak TLS, and trust this machine's CAs.")
]


def broker_meant(
    site: MqttSettings,
    host: str | None,
    port: int | None,
    username: str | None,
    password_file: Path | None,
    tls: bool | None,
    ca_file: Path | None,
) -> MqttSettings:
    """``site`` with what the options say instead; a password of the site goes to no other host or user.

    Raises:
        ConfigurationError: the account may only read; mosquitto would acknowledge its messages and drop them.
    """
    found = MqttSettings(port=site.port) if host is not None and host != site.host else site
    if username is not None:
        found = found.model_copy(update={"password_file": None})
    given = {
        "host": host,
        "port": port,
        "username": username,
        "password_file": password_file,
        "tls": True if ca_file is not None and tls is None else tls,
        "ca_file": ca_file,
    }
    found = found.model_copy(update={key: value for key, value in given.items() if value is not None})
    if found.username == INGESTER:
        cure = "this account reads only: name one that may write (--username, or CLASSROOM_MQTT__USERNAME)"
        raise ConfigurationError([Fault(SETTINGS_FILE, "mqtt.username", INGESTER, cure)])
    return found


def address(settings: MqttSettings) -> BrokerAddress:
    """Where and as whom a simulator publishes.

    Raises:
        ConfigurationError: a certificate or password file cannot be used.
    """
    password = read_password(settings)
    ca, certificate, key = files_to_read(settings) if settings.tls else (None, None, None)
    return BrokerAddress(
        settings.host, settings.port, settings.username, password, settings.tls, ca, certificate, key
    )
