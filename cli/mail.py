"""The mail server that a site's settings name, its password and certificates read."""

from __future__ import annotations

import ssl
from pathlib import Path

from classroom.faults import ConfigurationError, Fault
from classroom.settings import SETTINGS_FILE, Settings
from cli.secrets import secret
from reports.mail import Post


def open_post(settings: Settings, folder: Path) -> Post | None:
    """The site's mail server; None where no schedule mails. It is not spoken to yet.

    Raises:
        ConfigurationError: password or certificates cannot be read, or others than the owner may read the
            password.
    """
    smtp = settings.smtp
    if smtp.sender is None or not any(one.mail for one in settings.reports.schedule):
        return None
    password = ""
    if smtp.password_file is not None:
        password = secret("smtp.password_file", folder / smtp.password_file, "the password of smtp.username")
    context = _context(None if smtp.ca_file is None else folder / smtp.ca_file)
    return Post(smtp.host, smtp.port, smtp.tls, context, smtp.sender, smtp.username, password, smtp.timeout_s)


def _context(ca_file: Path | None) -> ssl.SSLContext:
    """Believes the system's authorities, or the one of ``ca_file`` only; the server's name is checked."""
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        cure = f"name a file with certificates in PEM that can be read ({error})"
        raise ConfigurationError([Fault(SETTINGS_FILE, "smtp.ca_file", str(ca_file), cure)]) from error
