"""A production mosquitto (2.0.21 or newer) in the texts it reads: configuration, access list, passwords.

Measured on 2.0.21, and why the configuration is what it is:

* Its queue for a client that is away is 1,000 messages unless told; the others were acknowledged and lost.
* It saves its memory every 30 minutes unless told: a crash loses that much.
* ``message_size_limit`` acknowledges what it throws away; ``max_packet_size`` ends the sender's connection,
  which somebody notices.
* A message travels with the QoS it was published with, and QoS 0 is not kept for a client that is away:
  ``upgrade_outgoing_qos`` delivers it with ours.
* An access list does not refuse a subscription; what may not be read just does not come.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from classroom.places import PATTERN_CURES, Key
from classroom.section import Section
from classroom.settings import Port
from classroom.topics import filter_fault, overlap

INGESTER = "ingester"
"""The account that reads everything and writes nothing."""

_ITERATIONS = 101  # mosquitto's own; the passwords are random, so that more would protect nothing
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_MARK = "# Written by `classroom-climate init --broker` from broker.toml: edit that and run it again."


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if not _HOST.fullmatch(text):
            raise ValueError("write a host name or an IP address, without scheme and port") from None
    return text


def _written(text: str) -> str:
    if fault := filter_fault(text) or ("leave $-topics to the broker" if text.startswith("$") else ""):
        raise ValueError(fault)
    return text


_USER, _ABSOLUTE = r"^[A-Za-z0-9_][A-Za-z0-9_-]*$", r"^/[^\x00-\x1f]*$"
PATTERN_CURES.update(
    {
        _USER: "write the name of a system user: letters, digits, dash and underscore",
        _ABSOLUTE: "write a folder from the root on, as /etc/mosquitto/classroom",
    }
)


class Plan(Section):
    """``broker.toml``: what the broker is and which gateways there are."""

    hosts: Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], Field(min_length=1)]
    port: Port = 8883
    listen: Annotated[str, AfterValidator(_host)] | None = None
    user: Annotated[str, Field(pattern=_USER)] = "mosquitto"
    seen_as: Annotated[str, Field(pattern=_ABSOLUTE)] | None = None
    require_certificate: bool = False
    max_connections: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    max_queued_messages: Annotated[int, Field(ge=1_000, le=100_000_000)] = 1_000_000
    max_queued_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    gateways: dict[
        Key, Annotated[tuple[Annotated[str, AfterValidator(_written)], ...], Field(min_length=1)]
    ] = Field(default_factory=dict)

    @field_validator("gateways")
    @classmethod
    def _each_its_own(cls, gateways: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if INGESTER in gateways:
            raise ValueError(f"{INGESTER} is the account that reads; give the gateway another name")
        owned = [(name, text) for name, filters in gateways.items() for text in filters]
        for number, (name, text) in enumerate(owned):
            for other, theirs in owned[:number]:
                if other != name and overlap(text, theirs):
                    raise ValueError(
                        f"{other} may write {theirs} and {name} {text}, which match the same topics; "
                        "a gateway writes its own topics only: narrow one, or use one account for both"
                    )
        return gateways

    @property
    def accounts(self) -> tuple[str, ...]:
        """Everybody who may come in."""
        return (INGESTER, *self.gateways)


def configuration(plan: Plan, folder: Path) -> str:
    """``mosquitto.conf`` for the files in ``folder``."""
    place = plan.seen_as or str(folder)
    listener = f"listener {plan.port}" + (f" {plan.listen}" if plan.listen else "")
    user = "" if plan.user.isdigit() else f"user {plan.user}\n"
    return f"""\
{user}
# Who may come in: only with TLS (1.2 or newer) and a password; see acl for who may do what.
{listener}
max_connections {plan.max_connections}
cafile {place}/ca.pem
certfile {place}/server.pem
keyfile {place}/server.key
tls_version tlsv1.2
require_certificate {str(plan.require_certificate).lower()}
allow_anonymous false
password_file {place}/passwords
acl_file {place}/acl

# Nothing lost while the ingester is away, down or slow.
max_inflight_messages 2000
max_queued_messages {plan.max_queued_messages}
max_queued_bytes {plan.max_queued_mb * 1_000_000}
# What a gateway publishes with QoS 0 is kept and delivered with the ingester's QoS 1.
upgrade_outgoing_qos true
# A client that stays away longer loses its session; longer than mqtt.session_expiry_s of classroom.toml.
persistent_client_expiration 14d

# On disk every 5 s; what came after the last save is lost if the machine or the broker crashes.
persistence true
persistence_location {place}/data
autosave_interval 5

# A larger packet ends its sender's connection. (message_size_limit would acknowledge it and throw it away.)
max_packet_size 1048576

log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
log_timestamp_format %Y-%m-%dT%H:%M:%S

# Your own lines.
include_dir {place}/local.d
"""


def access_list(plan: Plan) -> str:
    """``acl``: a gateway writes its own topics, the ingester reads all, nobody does anything else."""
    lines = [f"user {INGESTER}", "topic read #", "topic read $SYS/#"]
    for name, filters in plan.gateways.items():
        lines += ["", f"user {name}", *(f"topic write {text}" for text in filters)]
    return "\n".join([*lines, ""])


def new_password() -> str:
    """A random password of 192 bits."""
    return secrets.token_urlsafe(24)


def password_hash(password: str) -> str:
    """As ``mosquitto_passwd`` writes it: PBKDF2 with HMAC-SHA-512, ``$7$iterations$salt$hash``."""
    salt = secrets.token_bytes(12)
    return _encoded(password, _ITERATIONS, salt)


def matches(password: str, hashed: str) -> bool:
    """Whether ``hashed`` is of ``password``; False for a hash of another kind."""
    try:
        _, kind, iterations, salt, _ = hashed.split("$")
        again = _encoded(password, int(iterations), base64.b64decode(salt))
    except ValueError:
        return False
    return kind == "7" and hmac.compare_digest(again, hashed)


def read_hashes(text: str) -> dict[str, str]:
    """Hashes by account from the text of a password file."""
    lines = [line.partition(":") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: hashed for name, _, hashed in lines}


def write_hashes(hashes: Mapping[str, str]) -> str:
    """The text of a password file."""
    return "".join(f"{name}:{hashed}\n" for name, hashed in hashes.items())


def sealed(body: str) -> str:
    """``body`` under a line that says whose it is and would show a change by hand."""
    return f"{_MARK} [{_checksum(body)}]\n{body}"


def is_sealed(text: str) -> bool:
    """Whether a text is ours and as we wrote it."""
    first, _, body = text.partition("\n")
    return first == f"{_MARK} [{_checksum(body)}]"


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def _encoded(password: str, iterations: int, salt: bytes) -> str:
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    return f"$7${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"
