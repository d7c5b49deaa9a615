"""``classroom-climate init --broker``: a folder with all that a production mosquitto needs.

``broker.toml`` says what is wanted, everything else follows from it; a second run adds what is missing and
leaves passwords and keys as they are.
"""

from __future__ import annotations

import json
import os
import pwd
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from classroom.faults import ConfigurationError, Fault, faults_of
from cli.broker_accounts import Accounts
from cli.owned import Owner, Writer
from ingest import mosquitto
from ingest.mosquitto import INGESTER, Plan

PLAN_FILE = "broker.toml"
_SEALED = ("mosquitto.conf", "acl", "passwords")
_MADE = (*_SEALED, "ca.pem", "server.pem", "server.key", "authority", "accounts", "data", "local.d")

_SEEN_AS = '# seen_as = "/mosquitto/config"'

_PLAN = """\
# The broker: edit this, then run `classroom-climate init --broker {folder}` again and let mosquitto read its
# files again (systemctl reload mosquitto, or kill -HUP; port, listen and max_connections need a restart).

# Names and addresses by which gateways and the ingester reach it.
hosts = {hosts}
# System user that mosquitto runs as. A number (1883 in the image eclipse-mosquitto) only gets the files.
user = {user}
# port = 8883
# listen = "127.0.0.1"        # one address only; not set: all of this machine
{seen_as}  # this folder as mosquitto sees it, when it runs in a container
# require_certificate = false # true: gateways need a client certificate too, it lies in accounts/NAME
# max_connections = 1000
# max_queued_messages = 1000000 # kept for an ingester that is away; about 0.5 kB of memory each
# max_queued_mb = 1000

[gateways]
# name = [topic filters it may write]; adding a line leaves the others' passwords as they are
"""


class Wanted(NamedTuple):
    """What the command line asks for."""

    hosts: Sequence[str]
    gateways: Sequence[str]
    renew: Sequence[str]
    schools: Sequence[str] = ()
    user: str | None = None
    """System user of a new broker; None: mosquitto's."""
    seen_as: str | None = None
    """A new broker's folder as its container sees it."""


class Written(NamedTuple):
    """What a run did: ``news`` for people, one line each; ``settings`` is the ``[mqtt]`` table that fits."""

    plan: Plan
    news: list[str]
    settings: str


def write_broker(folder: Path, wanted: Wanted) -> Written:
    """Write or complete the broker's folder.

    Raises:
        ConfigurationError: an option or ``broker.toml`` cannot be used, or a file is not ours.
        CertificateError: openssl is not there or refused.
        OSError: the folder cannot be written.
    """
    folder = folder.absolute()
    text = _planned(folder, wanted)
    plan = _parse(folder, text)
    faults = [*_foreign(folder), *_unknown(wanted.renew, plan)]
    if faults:
        raise ConfigurationError(faults)
    writer = Writer(folder, _owner(folder, plan))
    writer.folder("", 0o755)
    writer.text(PLAN_FILE, text, 0o644)
    for name in ("authority", "accounts"):
        writer.folder(name, 0o700)
    writer.folder("local.d", 0o755)
    writer.folder("data", 0o700, shared=True)
    accounts = Accounts(folder, writer, plan, wanted.renew)
    accounts.write_certificates()
    accounts.write_passwords()
    writer.text("mosquitto.conf", mosquitto.sealed(mosquitto.configuration(plan, folder)), 0o644)
    writer.text("acl", mosquitto.sealed(mosquitto.access_list(plan)), 0o600, shared=True)
    settings = _settings(plan)
    if (folder / "accounts" / INGESTER).is_dir():
        writer.text(f"accounts/{INGESTER}/mqtt.toml", settings, 0o600)
    return Written(plan, [*accounts.news, *writer.news], settings)


def _planned(folder: Path, wanted: Wanted) -> str:
    """The text of ``broker.toml`` as it is to be."""
    path = folder / PLAN_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        taken = [name for name in _MADE if (folder / name).exists()]
        if taken:
            cure = f"this folder is another's ({', '.join(taken)}); name an empty one"
            raise ConfigurationError([Fault(str(folder), PLAN_FILE, "missing", cure)]) from None
        if not wanted.hosts:
            cure = "name what gateways call the broker by: --host mqtt.example.se (several may be given)"
            raise ConfigurationError([Fault("(command line)", "--host", "missing", cure)]) from None
        text = _PLAN.format(
            folder=folder,
            hosts=json.dumps(list(wanted.hosts)),
            user=json.dumps(wanted.user or _system_user()),
            seen_as=_SEEN_AS if wanted.seen_as is None else f"seen_as = {json.dumps(wanted.seen_as)}",
        )
    except UnicodeDecodeError as error:
        raise ConfigurationError([Fault(str(path), "(encoding)", str(error), "save it as UTF-8")]) from error
    plan = _parse(folder, text)
    missing = [host for host in wanted.hosts if host not in plan.hosts]
    if missing:
        cure = f"add it to hosts in {path}, then run again without --host"
        raise ConfigurationError([Fault("(command line)", "--host", host, cure) for host in missing])
    lines = [
        f"{json.dumps(name)} = {json.dumps(list(filters), ensure_ascii=False)}\n"
        for name, filters in _added(wanted, plan, path)
    ]
    return text + ("\n" if lines and not text.endswith("\n") else "") + "".join(lines)


def _added(wanted: Wanted, plan: Plan, path: Path) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Gateways of the command line that are not in the plan yet."""
    asked: dict[str, tuple[str, ...]] = {}
    for text in wanted.gateways:
        name, equals, topic = text.partition("=")
        if not (name and equals and topic):
            cure = "write NAME=TOPICFILTER, for example north=classroom/north/#"
            raise ConfigurationError([Fault("(command line)", "--gateway", text, cure)])
        asked[name] = (*asked.get(name, ()), topic)
    for school in wanted.schools:
        if school not in plan.gateways:
            asked.setdefault(school, (f"classroom/{school}/#",))
    for name, filters in asked.items():
        known = plan.gateways.get(name)
        if known is None:
            yield name, filters
        elif not set(filters) <= set(known):
            cure = f"it has {', '.join(known)}; change it in {path}, then run again"
            raise ConfigurationError(
                [Fault("(command line)", "--gateway", f"{name}={', '.join(filters)}", cure)]
            )


def _parse(folder: Path, text: str) -> Plan:
    path = str(folder / PLAN_FILE)
    try:
        return Plan.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        cure = "correct the TOML at that place"
        raise ConfigurationError([Fault(path, "(syntax)", str(error), cure)]) from error
    except ValidationError as error:
        raise ConfigurationError(faults_of(error, path)) from error


def _foreign(folder: Path) -> Iterable[Fault]:
    for name in _SEALED:
        path = folder / name
        if path.exists() and not mosquitto.is_sealed(path.read_text(encoding="utf-8", errors="replace")):
            cure = (
                f"move it away and run again; what the broker is stands in {PLAN_FILE}, "
                "own lines of mosquitto's go to local.d/NAME.conf"
            )
            yield Fault(str(path), "(file)", "changed by hand or another's", cure)


def _unknown(renew: Iterable[str], plan: Plan) -> Iterable[Fault]:
    for name in renew:
        if name not in ("server", *plan.accounts):
            cure = f"renew one of: {', '.join(('server', *plan.accounts))}"
            yield Fault("(command line)", "--renew", name, cure)


def _owner(folder: Path, plan: Plan) -> Owner | None:
    """Whom the files belong to that mosquitto reads; None: to whoever runs this."""
    if os.geteuid() != 0:
        return None
    if plan.user.isdigit():
        return Owner(int(plan.user), int(plan.user))
    try:
        found = pwd.getpwnam(plan.user)
    except KeyError as error:
        cure = "no such user here: install mosquitto first, or name its user (a number for a container's)"
        raise ConfigurationError([Fault(str(folder / PLAN_FILE), "user", plan.user, cure)]) from error
    return Owner(found.pw_uid, found.pw_gid)


def _system_user() -> str:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    try:
        return pwd.getpwnam("mosquitto").pw_name
    except KeyError:
        return "root"


def _settings(plan: Plan) -> str:
    return f"""\
# For classroom.toml, when accounts/{INGESTER} is copied into the site's folder as {INGESTER}/.
[mqtt]
host = {json.dumps(plan.hosts[0])}
port = {plan.port}
tls = true
ca_file = "{INGESTER}/ca.pem"
cert_file = "{INGESTER}/client.pem"
key_file = "{INGESTER}/client.key"
username = "{INGESTER}"
password_file = "{INGESTER}/password"
"""
