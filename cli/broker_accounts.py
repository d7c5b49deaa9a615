"""Passwords and certificates of a broker's accounts: made once, kept, renewed when asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from classroom.faults import ConfigurationError, Fault
from cli.clock import utc_now
from cli.owned import Writer
from ingest import mosquitto
from ingest.certificates import Pair, hosts_of, issue, make_authority, valid_until
from ingest.mosquitto import INGESTER, Plan

RENEW_BEFORE = timedelta(days=30)
"""The server's certificate is issued again when it ends sooner than this."""


class Accounts:
    """The secrets in a broker's folder; ``news`` tells people what was made and where it lies.

    Args:
        renew: accounts that get a new password and certificate; ``server`` for the broker's certificate.
    """

    def __init__(self, folder: Path, writer: Writer, plan: Plan, renew: Iterable[str]) -> None:
        self._folder = folder
        self._writer = writer
        self._plan = plan
        self._renew = set(renew)
        self.news: list[str] = []
        self._hashes = self._read_hashes()

    def write_passwords(self) -> None:
        """Hashes of all accounts; a new random password for each that has none, in a file of its own."""
        wanted = {name: self._hash(name) for name in self._plan.accounts}
        for name in sorted(set(self._hashes) - set(wanted)):
            self._writer.remove(f"accounts/{name}")
            self.news.append(f"{name} may not come in any more; its password is deleted")
        self._writer.text("passwords", mosquitto.sealed(mosquitto.write_hashes(wanted)), 0o600, shared=True)

    def write_certificates(self) -> None:
        """The authority, the server's certificate and those of clients.

        Raises:
            ConfigurationError: a certificate must be made, and the authority's key is gone.
            CertificateError: openssl is not there or refused.
        """
        certificate, key = self._folder / "ca.pem", self._folder / "authority" / "ca.key"
        if not certificate.exists() and not key.exists():
            authority = make_authority("classroom-climate broker")
            self._writer.text("authority/ca.key", authority.key, 0o600)
            self._writer.text("ca.pem", authority.certificate, 0o644)
            self.news.append(
                f"a new authority: {key} signs for this broker; keep it, and let nobody else have it"
            )
        why = self._why_new_server()
        if why:
            self._write_pair(self._issue("server", self._plan.hosts), "server", shared=True)
            self.news.append(f"a certificate for the broker ({why}), valid {self._until('server.pem')}")
        for name in self._plan.accounts:
            self._write_client(name)

    def _write_client(self, name: str) -> None:
        place = f"accounts/{name}"
        is_new = name not in self._hashes or name in self._renew
        if not is_new and not (self._folder / place).is_dir():
            return  # handed over and deleted here: it stands as it is
        self._writer.folder(place, 0o700)
        self._writer.text(f"{place}/ca.pem", self._read("ca.pem"), 0o644)
        held = self._folder / place / "client.pem"
        if name == INGESTER or self._plan.require_certificate:
            if not held.exists() or name in self._renew:
                self._write_pair(self._issue(name), f"{place}/client")
                self.news.append(
                    f"a client certificate for {name}, valid {self._until(f'{place}/client.pem')}"
                )
            elif valid_until(held) - utc_now() < RENEW_BEFORE:
                self.news.append(
                    f"the client certificate of {name} is valid {self._until(f'{place}/client.pem')} only: "
                    f"renew it with --renew {name} and carry it over"
                )

    def _hash(self, name: str) -> str:
        path = self._folder / "accounts" / name / "password"
        known = self._hashes.get(name)
        if name in self._renew or (known is None and not path.exists()):
            password = mosquitto.new_password()
            self._writer.text(f"accounts/{name}/password", password + "\n", 0o600)
            self.news.append(f"a new password for {name}: {path}")
            return mosquitto.password_hash(password)
        if not path.exists():
            return known or ""
        password = path.read_text(encoding="utf-8").strip()
        if known is not None and mosquitto.matches(password, known):
            return known
        return mosquitto.password_hash(password)

    def _why_new_server(self) -> str:
        path = self._folder / "server.pem"
        if not path.exists() or not (self._folder / "server.key").exists():
            return "new"
        if "server" in self._renew:
            return "renewed"
        if hosts_of(path) != set(self._plan.hosts):
            return "its hosts changed"
        return "the old one was about to end" if valid_until(path) - utc_now() < RENEW_BEFORE else ""

    def _issue(self, name: str, hosts: Iterable[str] = ()) -> Pair:
        key = self._folder / "authority" / "ca.key"
        if not key.exists():
            cure = (
                f"put the authority's key back: {name} needs a certificate, and the others stay valid only so"
            )
            raise ConfigurationError([Fault(str(key), "(file)", "missing", cure)])
        return issue(Pair(self._read("ca.pem"), self._read("authority/ca.key")), name, hosts)

    def _write_pair(self, pair: Pair, name: str, shared: bool = False) -> None:
        self._writer.text(f"{name}.key", pair.key, 0o600, shared)
        self._writer.text(f"{name}.pem", pair.certificate, 0o644)

    def _read_hashes(self) -> dict[str, str]:
        path = self._folder / "passwords"
        return mosquitto.read_hashes(path.read_text(encoding="utf-8")) if path.exists() else {}

    def _read(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="utf-8")

    def _until(self, name: str) -> str:
        return f"until {valid_until(self._folder / name):%Y-%m-%d}"
