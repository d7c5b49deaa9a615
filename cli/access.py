"""Opening what lets people and programs into a site's API."""

from __future__ import annotations

from pathlib import Path

from api.access.file import AccessFile
from api.context import Access
from classroom.access import AccessSettings
from classroom.faults import ConfigurationError, Fault
from classroom.settings import SETTINGS_FILE
from cli.site import access_file


def open_access(settings: AccessSettings, folder: Path) -> Access:
    """The access file of the site in ``folder``, with our secret at its sign-in provider.

    Raises:
        ConfigurationError: the secret cannot be read, or others than its owner may read it.
        AccessError: the access file cannot be opened.
    """
    secret = "" if settings.oidc is None else _secret(folder / settings.oidc.client_secret_file)
    return Access(AccessFile(access_file(folder)), secret)


def _secret(path: Path) -> str:
    key = "access.oidc.client_secret_file"
    try:
        if path.stat().st_mode & 0o007:
            cure = f"everybody on this machine may read it: chmod 600 {path}"
            raise ConfigurationError([Fault(SETTINGS_FILE, key, str(path), cure)])
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        cure = f"name a file that holds the client secret and can be read ({error})"
        raise ConfigurationError([Fault(SETTINGS_FILE, key, str(path), cure)]) from error
    if not text:
        raise ConfigurationError([Fault(SETTINGS_FILE, key, str(path), "the file is empty")])
    return text
