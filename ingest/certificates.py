"""A private certificate authority for one broker, made with the ``openssl`` program (1.1.1 or newer).

RSA of 2048 bits, because small gateways (Tasmota, older LoRaWAN gateways) cannot check elliptic curves; the
extensions are those of RFC 5280 that strict clients ask for.
"""

from __future__ import annotations

import ipaddress
import secrets
import ssl
import subprocess
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

AUTHORITY_DAYS = 3_650
CERTIFICATE_DAYS = 825

_CONFIG = """
[req]
distinguished_name = dn
[dn]
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
_EXTENSIONS = """
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""
_KEY = ["-newkey", "rsa:2048", "-nodes", "-sha256"]


class CertificateError(Exception):
    """openssl is not there or refused; the message says why."""


class Pair(NamedTuple):
    """A certificate and its private key, both PEM."""

    certificate: str
    key: str


def make_authority(name: str, days: int = AUTHORITY_DAYS) -> Pair:
    """A certificate authority that signs itself.

    Raises:
        CertificateError: openssl is not there or refused.
    """
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        _request(folder, name, "-x509", "-extensions", "authority", "-days", str(days))
        return Pair((folder / "out.pem").read_text(), (folder / "out.key").read_text())


def issue(authority: Pair, name: str, hosts: Iterable[str] = (), days: int = CERTIFICATE_DAYS) -> Pair:
    """A certificate for a server at ``hosts`` (names or IP addresses), or for a client where there are none.

    Raises:
        CertificateError: openssl is not there or refused.
    """
    alternative = ", ".join(f"{'IP' if _is_address(host) else 'DNS'}:{host}" for host in hosts)
    purpose = f"serverAuth\nsubjectAltName = {alternative}" if alternative else "clientAuth"
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        _request(folder, name)
        (folder / "ca.pem").write_text(authority.certificate)
        (folder / "ca.key").write_text(authority.key)
        (folder / "extensions").write_text(f"{_EXTENSIONS}extendedKeyUsage = {purpose}\n")
        files = {"-in": "out.pem", "-out": "signed.pem", "-CA": "ca.pem", "-CAkey": "ca.key"}
        named = [word for option, file in files.items() for word in (option, str(folder / file))]
        serial = str(secrets.randbits(127))
        asked = ["-sha256", "-days", str(days), "-set_serial", serial, "-extfile", str(folder / "extensions")]
        _openssl("x509", "-req", *named, *asked)
        return Pair((folder / "signed.pem").read_text(), (folder / "out.key").read_text())


def valid_until(certificate: Path) -> datetime:
    """When a certificate ends (aware UTC).

    Raises:
        CertificateError: it cannot be read, or openssl is not there.
    """
    said = _openssl("x509", "-in", certificate, "-noout", "-enddate")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(said.strip().removeprefix("notAfter=")), UTC)


def hosts_of(certificate: Path) -> set[str]:
    """Names and IP addresses a server's certificate is for.

    Raises:
        CertificateError: it cannot be read, or openssl is not there.
    """
    said = _openssl("x509", "-in", certificate, "-noout", "-ext", "subjectAltName")
    entries = said.replace("\n", ",").split(",")
    named = {
        entry.partition(":")[2].strip() for entry in entries if entry.strip().startswith(("DNS:", "IP "))
    }
    return {str(ipaddress.ip_address(host)) if _is_address(host) else host for host in named}


def _request(folder: Path, name: str, *options: str) -> None:
    (folder / "config").write_text(_CONFIG)
    asked = ["-config", str(folder / "config"), "-subj", f"/CN={name}", *options]
    _openssl("req", "-new", *_KEY, *asked, "-keyout", folder / "out.key", "-out", folder / "out.pem")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _openssl(*arguments: str | Path) -> str:
    try:
        done = subprocess.run(
            ["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
        )
    except FileNotFoundError as error:
        raise CertificateError("the program openssl is not installed: apt-get install openssl") from error
    except subprocess.TimeoutExpired as error:
        raise CertificateError(f"openssl {arguments[0]} did not end within 60 s") from error
    if done.returncode:
        raise CertificateError(f"openssl {arguments[0]} refused: {done.stderr.strip()[-300:]}")
    return done.stdout
