"""``classroom-climate init --compose``: what ``docker-compose.yml`` reads and the repository must not hold.

Every container runs as one user, who owns the site, the broker's files and the secrets; so each secret can
be a file that only this user reads.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from api.access.file import AccessFile
from api.access.tokens import Tokens
from classroom.access import ALL_SCHOOLS, Grant, Role
from classroom.faults import ConfigurationError, Fault
from classroom.sitefiles import SETTINGS_FILE
from cli.broker import Wanted, write_broker
from cli.clock import utc_now
from cli.owned import Owner, Writer
from cli.site import access_file
from cli.town import write_demo

COMPOSE_FILE = "docker-compose.yml"
BROKER_HOST = "mosquitto"
"""What the other containers call the broker: a name its certificate must hold."""
SIMULATOR = "simulator"
RANDOM = ("influxdb_password", "influxdb_admin_token", "grafana_admin_password")
GRAFANA_TOKEN = "grafana_api_token"  # noqa: S105 - a file's name
TOWN_DAYS = 3
"""How far back a simulated town begins: as many days of history as the compose file's simulator plays."""
STORE_FOLDERS = ("store-write", "store-read")
"""Where ``store init`` puts the tokens of the bucket once InfluxDB runs."""

_DEFAULT_URL = "http://127.0.0.1:8000"
_ORDINARY = Owner(1000, 1000)


class Asked(NamedTuple):
    """What the command line asks for. ``owner`` is ``UID:GID``; ``town``: a simulated one as the site."""

    hosts: Sequence[str]
    gateways: Sequence[str]
    schools: Sequence[str]
    url: str | None
    owner: str | None
    town: bool


def write_compose(folder: Path, asked: Asked) -> list[str]:
    """Write or complete what the compose file in ``folder`` reads; the news for people, a line each.

    Raises:
        ConfigurationError: an option cannot be used, or there is no compose file.
        CertificateError: openssl is not there or refused.
        OSError: the folder cannot be written.
    """
    if not (folder / COMPOSE_FILE).exists():
        cure = "name the folder of the repository, which holds it"
        raise ConfigurationError([Fault(str(folder), COMPOSE_FILE, "missing", cure)])
    owner = _owner(asked.owner)
    writer = Writer(folder, owner if os.geteuid() == 0 else None)
    _write_site(folder, writer, asked)
    news = _write_broker(folder, asked, owner)
    _write_secrets(folder, writer)
    _write_environment(folder, writer, asked.url, owner)
    if os.geteuid() == 0:
        accounts = folder / "broker" / "accounts"
        _give(owner, [folder / "site", *accounts.glob("*")])
    return [*news, *writer.news]


def _owner(text: str | None) -> Owner:
    """Who the containers run as: whoever runs this, or as root the one that was named."""
    if text is None:
        return _ORDINARY if os.geteuid() == 0 else Owner(os.geteuid(), os.getegid())
    match = re.fullmatch(r"([1-9]\d*):([1-9]\d*)", text)
    cure = "write UID:GID, neither of them 0, for example 1000:1000"
    if match and os.geteuid() not in (0, int(match[1])):
        match, cure = None, "only root can give files to another user: run this as root or as that user"
    if match is None:
        raise ConfigurationError([Fault("(command line)", "--owner", text, cure)])
    return Owner(int(match[1]), int(match[2]))


def _write_site(folder: Path, writer: Writer, asked: Asked) -> None:
    from cli.init import templates

    for name in ("site", "site/data", "site/imports"):
        writer.folder(name, 0o700 if name == "site/data" else 0o755, shared=True)
    if (folder / "site" / SETTINGS_FILE).exists():
        return
    if asked.town:
        write_demo(folder / "site", TOWN_DAYS)
        writer.news.append(f"written: a simulated town in {folder / 'site'}")
        return
    for name, text in templates().items():
        writer.text(f"site/{name}", text, 0o644, shared=True)


def _write_broker(folder: Path, asked: Asked, owner: Owner) -> list[str]:
    broker = folder / "broker"
    is_new = not (broker / "broker.toml").exists()
    hosts = [BROKER_HOST, *(asked.hosts or ["localhost", "127.0.0.1"])] if is_new else asked.hosts
    gateways = [*asked.gateways, *([f"{SIMULATOR}=#"] if asked.town else [])]
    wanted = Wanted(hosts, gateways, (), asked.schools, str(owner.uid), "/mosquitto/config")
    return [line for line in write_broker(broker, wanted).news if not line.startswith("written")]


def _write_secrets(folder: Path, writer: Writer) -> None:
    writer.folder("secrets", 0o700, shared=True)
    for name in STORE_FOLDERS:
        writer.folder(f"secrets/{name}", 0o700, shared=True)
    for name in RANDOM:
        if not (folder / "secrets" / name).exists():
            writer.text(f"secrets/{name}", secrets.token_urlsafe(32), 0o600, shared=True)
    if not (folder / "secrets" / GRAFANA_TOKEN).exists():
        file = AccessFile(access_file(folder / "site"))
        try:
            grant = Grant(role=Role.READ, schools=(ALL_SCHOOLS,))
            _, text = Tokens(file).create(grant, "Grafana beside it (init --compose)", utc_now(), None)
        finally:
            file.close()
        writer.text(f"secrets/{GRAFANA_TOKEN}", text, 0o600, shared=True)


def _write_environment(folder: Path, writer: Writer, url: str | None, owner: Owner) -> None:
    """``.env`` as compose reads it; lines of others stay."""
    path = folder / ".env"
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    known = dict(line.split("=", 1) for line in before.splitlines() if "=" in line and line[:1] != "#")
    ours = {
        "SITE_UID": str(owner.uid),
        "SITE_GID": str(owner.gid),
        "PUBLIC_URL": url or known.get("PUBLIC_URL", _DEFAULT_URL),
    }
    kept = [line for line in before.splitlines() if line.split("=", 1)[0] not in ours]
    lines = [*kept, *(f"{key}={value}" for key, value in ours.items())]
    writer.text(".env", "\n".join([*lines, ""]), 0o600, shared=True)


def _give(owner: Owner, places: Iterable[Path]) -> None:
    """Let folders and all in them belong to ``owner``."""
    for place in places:
        for path in [place, *place.rglob("*")]:
            os.chown(path, *owner, follow_symlinks=False)
