"""Opening what lets people and programs into a site's API."""

from __future__ import annotations

from pathlib import Path

from api.access.file import AccessFile
from api.context import Access
from classroom.access import AccessSettings
from cli.secrets import secret
from cli.site import access_file


def open_access(settings: AccessSettings, folder: Path) -> Access:
    """The access file of the site in ``folder``, with our secret at its sign-in provider.

    Raises:
        ConfigurationError: the secret cannot be read, or others than its owner may read it.
        AccessError: the access file cannot be opened.
    """
    ours = ""
    if settings.oidc is not None:
        path = folder / settings.oidc.client_secret_file
        ours = secret("access.oidc.client_secret_file", path, "the client secret")
    return Access(AccessFile(access_file(folder)), ours)
