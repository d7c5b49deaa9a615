"""How we come into the broker: password, certificates, and in words why it did not let us in."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.reasoncodes import ReasonCode

from classroom.faults import ConfigurationError, Fault
from classroom.settings import SETTINGS_FILE, MqttSettings

_NO_ENTRY = (0x86, 0x87)  # MQTT 5: bad user name or password; not authorized (what mosquitto says to both)
_TAKEN_OVER = 0x8E  # MQTT 5: session taken over
UNSUPPORTED_VERSION = 0x84
"""Reason code of a broker that does not speak MQTT 5."""

# X509_V_ERR_…, from OpenSSL's x509_vfy.h
_NOT_YET_VALID, _EXPIRED = 9, 10
_ISSUER_UNKNOWN = (2, 18, 19, 20, 21)
_OTHER_HOST = (62, 64)  # another name, another IP address


def set_access(client: paho.Client, settings: MqttSettings) -> None:
    """Give ``client`` the user, password and certificates that ``settings`` name.

    Raises:
        ConfigurationError: a certificate or password file cannot be used.
    """
    password = read_password(settings)
    if settings.username is not None:
        client.username_pw_set(settings.username, password)
    if settings.tls:
        _set_tls(client, settings)


def why_not_connected(error: OSError | ValueError, settings: MqttSettings) -> str:
    """In words why no connection came about (ValueError: ``ssl.CertificateError`` of a host name)."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _why_not_trusted(error, settings)
    broken_off = isinstance(error, (ssl.SSLError, ConnectionResetError))  # in the middle of the handshake
    if settings.tls and broken_off:
        return f"cannot connect: {error}; is TLS spoken on mqtt.port = {settings.port}? 8883 is usual"
    return f"cannot connect: {error}"


def why_closed(settings: MqttSettings) -> str:
    """In words why a broker may close the connection without an answer."""
    causes = []
    if settings.protocol == "5":
        causes.append('does not speak MQTT 5: set mqtt.protocol = "3.1.1"')
    if not settings.tls:
        causes.append("wants TLS on this port: set mqtt.tls and mqtt.ca_file")
    elif settings.cert_file is None:
        causes.append("wants a client certificate: set mqtt.cert_file and mqtt.key_file")
    else:
        causes.append("does not accept mqtt.cert_file: is it expired, or signed by another CA?")
    return "the broker closed the connection before answering; perhaps it " + ", or it ".join(causes)


def why_refused(reason: ReasonCode, settings: MqttSettings) -> str:
    """In words why the broker answered no."""
    if reason.value == UNSUPPORTED_VERSION:
        return f'refused: {reason}; set mqtt.protocol = "3.1.1"'
    if reason.value not in _NO_ENTRY:
        return f"refused: {reason}"
    who = (
        "no mqtt.username is set" if settings.username is None else f"mqtt.username is {settings.username!r}"
    )
    return f"refused: {reason}; {who}: correct it or mqtt.password_file, or add the user to the broker"


def why_denied(filters: Sequence[str], reasons: Sequence[ReasonCode]) -> str:
    """In words which topic filters the broker does not grant; empty if it grants all."""
    denied = [text for text, reason in zip(filters, reasons, strict=False) if reason.is_failure]
    return f"subscription denied: {', '.join(denied)} (the user's access list?)" if denied else ""


def why_lost(reason: ReasonCode, settings: MqttSettings) -> str:
    """In words why an accepted connection ended."""
    if reason.value == _TAKEN_OVER:
        return (
            f"another client came with mqtt.client_id = {settings.client_id!r} and took the session over; "
            "give each ingester an id of its own"
        )
    return f"connection lost: {reason}"


def _why_not_trusted(error: ssl.SSLCertVerificationError, settings: MqttSettings) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        why = "has expired; renew it at the broker: classroom-climate init --broker DIR --renew server"
    elif code == _NOT_YET_VALID:
        why = "is not valid yet; is this machine's clock right?"
    elif code in _OTHER_HOST:
        why = f"is not for {settings.host!r}; set mqtt.host to a name it is for, or add this one to its hosts"
    elif code in _ISSUER_UNKNOWN:
        trusted = "this machine's CAs" if settings.ca_file is None else str(settings.ca_file)
        why = f"is not signed by one of {trusted}; set mqtt.ca_file to the CA that signed it"
    else:
        why = "is not trusted"
    return f"cannot connect: the broker's certificate {why} ({error.verify_message})"


def read_password(settings: MqttSettings) -> str | None:
    """The password in the file that ``settings`` name.

    Raises:
        ConfigurationError: it cannot be read, or no user is named.
    """
    path = settings.password_file
    if path is None:
        return None
    cure = "give mqtt.username too" if settings.username is None else ""
    try:
        password = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        cure = f"cannot be read: {error}"
    if cure:
        raise ConfigurationError([Fault(SETTINGS_FILE, "mqtt.password_file", str(path), cure)])
    return password


def files_to_read(settings: MqttSettings) -> tuple[Path | None, Path | None, Path | None]:
    """CA, certificate and key that ``settings`` name.

    Raises:
        ConfigurationError: one of them does not exist.
    """
    files = {"ca_file": settings.ca_file, "cert_file": settings.cert_file, "key_file": settings.key_file}
    faults = [
        Fault(SETTINGS_FILE, f"mqtt.{key}", str(path), "this file does not exist")
        for key, path in files.items()
        if path is not None and not path.is_file()
    ]
    if faults:
        raise ConfigurationError(faults)
    return settings.ca_file, settings.cert_file, settings.key_file


def _set_tls(client: paho.Client, settings: MqttSettings) -> None:
    files = files_to_read(settings)
    ca, certificate, key = (str(path) if path else None for path in files)
    try:
        client.tls_set(ca, certificate, key, cert_reqs=ssl.CERT_REQUIRED)
    except (ssl.SSLError, ValueError, OSError) as error:
        named = ", ".join(str(path) for path in files if path)
        cure = f"certificate or key cannot be used: {error}"
        raise ConfigurationError([Fault(SETTINGS_FILE, "mqtt.tls", named, cure)]) from error
