"""A Grafana server over its HTTP API: the calls that grafana-client and grafana-api both have, and no other.

Either library's object is a :class:`Client`; :class:`Server` asks it, and says in words what went wrong and
what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import quote, urlsplit

from dashboards.infinity import UID

Json = dict[str, Any]
Credential = str | tuple[str, str]
"""A token of a service account, or user and password."""

ValueT = TypeVar("ValueT")

TIMEOUT_S = 10.0


class _Folders(Protocol):
    def get_folder(self, uid: str) -> Json: ...
    def create_folder(self, title: str, uid: str) -> Json: ...
    def update_folder(self, uid: str, title: str, *, overwrite: bool) -> Json: ...
    def get_folder_permissions(self, uid: str) -> list[Json]: ...
    def update_folder_permissions(self, uid: str, items: Json) -> Json: ...


class _Datasources(Protocol):
    def get_datasource_by_name(self, datasource_name: str) -> Json: ...
    def create_datasource(self, datasource: Json) -> Json: ...
    def update_datasource(self, datasource_id: str, datasource: Json) -> Json: ...


class _Dashboards(Protocol):
    def get_dashboard(self, dashboard_uid: str) -> Json: ...
    def update_dashboard(self, dashboard: Json) -> Json: ...


class _Teams(Protocol):
    def get_team_by_name(self, team_name: str) -> list[Json]: ...
    def add_team(self, team: Json) -> Json: ...


class _Organization(Protocol):
    def get_current_organization(self) -> Json: ...
    def find_organization(self, org_name: str) -> Json: ...
    def create_organization(self, organization: Json) -> Json: ...


class _User(Protocol):
    def switch_actual_user_organisation(self, organisation_id: int) -> Json: ...


class Client(Protocol):
    """What grafana-client's ``GrafanaApi`` and grafana-api's ``GrafanaFace`` have in common and we use."""

    folder: _Folders
    datasource: _Datasources
    dashboard: _Dashboards
    teams: _Teams
    organization: _Organization
    user: _User


class GrafanaError(Exception):
    """Grafana did not do what was asked; the message says why and what to do."""


def grafana_client(url: str, credential: Credential) -> Server:
    """A server through grafana-client."""
    return _server("grafana_client", "GrafanaApi", "grafana_client.client", url, credential)


def grafana_api(url: str, credential: Credential) -> Server:
    """A server through grafana-api (1.0.3, its last release), for those who have it."""
    return _server("grafana_api.grafana_face", "GrafanaFace", "grafana_api.grafana_api", url, credential)


def _server(module: str, name: str, errors: str, url: str, credential: Credential) -> Server:
    """A server through either library: they take the same arguments and raise exceptions of the same names.

    Raises:
        GrafanaError: the address is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise GrafanaError(f"--url {url}: write scheme and host, as http://127.0.0.1:3000")
    make: Callable[..., Client] = getattr(import_module(module), name)
    path = parts.path.strip("/")
    client = make(
        credential,
        host=f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname,
        port=parts.port,
        protocol=parts.scheme,
        url_path_prefix=f"{path}/" if path else "",
        timeout=TIMEOUT_S,
    )
    failed = cast("type[Exception]", import_module(errors).GrafanaException)
    away = cast("type[Exception]", import_module("requests").exceptions.RequestException)
    return Server(client, url, failed, away)


class Server:
    """A Grafana. What is not there is None; what goes wrong is a :class:`GrafanaError`.

    Args:
        failed: what the client raises for an answer of 400 and above, with ``status_code`` and ``message``.
        away: what it raises without an answer.
    """

    def __init__(self, client: Client, url: str, failed: type[Exception], away: type[Exception]) -> None:
        self._client, self._url, self._failed, self._away = client, url, failed, away

    def folder(self, uid: str) -> Json | None:
        """A folder."""
        return self._find(lambda: self._client.folder.get_folder(uid), "read the folder")

    def create_folder(self, uid: str, title: str) -> None:
        """Make a folder."""
        self._do(lambda: self._client.folder.create_folder(title, uid), f"create the folder {title}")

    def rename_folder(self, uid: str, title: str) -> None:
        """Give a folder its title."""
        folder = self._client.folder
        self._do(lambda: folder.update_folder(uid, title, overwrite=True), f"rename the folder {title}")

    def folder_permissions(self, uid: str) -> list[Json]:
        """Who may do what in a folder."""
        return self._do(
            lambda: self._client.folder.get_folder_permissions(uid), "read the permissions of the folder"
        )

    def set_folder_permissions(self, uid: str, items: Sequence[Json]) -> None:
        """Replace who may do what in a folder."""
        self._do(
            lambda: self._client.folder.update_folder_permissions(uid, {"items": list(items)}),
            "set the permissions of the folder",
        )

    def datasource(self, name: str) -> Json | None:
        """A data source by name."""
        return self._find(
            lambda: self._client.datasource.get_datasource_by_name(quote(name, safe="")),
            "read the data source",
        )

    def create_datasource(self, body: Json) -> None:
        """Make a data source."""
        self._do(lambda: self._client.datasource.create_datasource(body), "create the data source")

    def update_datasource(self, body: Json) -> None:
        """Replace the data source of the body's uid."""
        # Both libraries put this into the path as it is; numbers are no longer taken from Grafana 13 on.
        place = f"uid/{body['uid']}"
        self._do(lambda: self._client.datasource.update_datasource(place, body), "change the data source")

    def dashboard(self, uid: str) -> Json | None:
        """A dashboard with what Grafana knows of it (``dashboard``, ``meta``)."""
        return self._find(lambda: self._client.dashboard.get_dashboard(uid), "read the dashboard")

    def save_dashboard(self, body: Json, title: str) -> None:
        """Make or change a dashboard."""
        self._do(lambda: self._client.dashboard.update_dashboard(body), f"save the dashboard {title}")

    def team(self, name: str) -> int | None:
        """Number of the team of that name."""
        found = self._do(
            lambda: self._client.teams.get_team_by_name(quote(name, safe="")), f"look for the team {name}"
        )
        return next((int(team["id"]) for team in found if team["name"] == name), None)

    def create_team(self, name: str) -> int:
        """Make a team; gives its number."""
        made = self._do(lambda: self._client.teams.add_team({"name": name}), f"create the team {name}")
        return int(made["teamId"])

    def organisation(self) -> int:
        """Number of the organisation in which is worked."""
        found = self._do(self._client.organization.get_current_organization, "read the organisation")
        return int(found["id"])

    def find_organisation(self, name: str) -> int | None:
        """Number of the organisation of that name."""
        found = self._find(
            lambda: self._client.organization.find_organization(quote(name, safe="")),
            "look for an organisation",
        )
        return None if found is None else int(found["id"])

    def create_organisation(self, name: str) -> int:
        """Make an organisation; gives its number."""
        made = self._do(
            lambda: self._client.organization.create_organization({"name": name}),
            f"create the organisation {name}",
        )
        return int(made["orgId"])

    def work_in(self, number: int) -> None:
        """Go to an organisation: everything after happens there."""
        self._do(lambda: self._client.user.switch_actual_user_organisation(number), "go to the organisation")

    def _find(self, call: Callable[[], ValueT], what: str) -> ValueT | None:
        try:
            return self._call(call, what)
        except _MissingError:
            return None

    def _do(self, call: Callable[[], ValueT], what: str) -> ValueT:
        try:
            return self._call(call, what)
        except _MissingError as error:
            raise GrafanaError(
                f"Grafana knows no way to {what}: is {self._url} really a Grafana of 9.4 or newer?"
            ) from error

    def _call(self, call: Callable[[], ValueT], what: str) -> ValueT:
        try:
            return call()
        except self._failed as error:
            status = int(getattr(error, "status_code", 0) or 0)
            if status == 404:
                raise _MissingError from error
            raise GrafanaError(_words(status, str(getattr(error, "message", error)), what)) from error
        except self._away as error:
            raise GrafanaError(
                f"No Grafana answers at {self._url}: is it running, and is that the address that this "
                f"machine "
                "reaches it by?"
            ) from error
        except ValueError as error:  # an answer that is no JSON
            raise GrafanaError(
                f"What answers at {self._url} is no Grafana: could not {what}; look at --url"
            ) from error


class _MissingError(Exception):
    """404."""


def _words(status: int, message: str, what: str) -> str:
    """Why Grafana would not, and what to do."""
    if status == 401:
        return (
            "Grafana does not know this token or password: make a service account token in Grafana "
            "(Administration, Service accounts) and hand it in with --token-file"
        )
    if status == 403:
        return (
            f"Grafana does not let this account {what}: give the service account the role Admin in its "
            f"organisation; organisations need a server administrator's --user and --password-file "
            f"({message})"
        )
    if status == 409:
        return (
            f"Could not {what}: another one has that name already; rename or delete it in Grafana ({message})"
        )
    if status == 412:
        return (
            f"Could not {what}: somebody has changed it meanwhile, or another dashboard has that name. Look "
            f"at "
            f"it with --dry-run, then push again ({message})"
        )
    if "provisioned" in message.lower():
        return (
            f"Could not {what}: this Grafana takes it from files (dashboards/provisioning); change those, or "
            f"take them away to push instead ({message})"
        )
    if status >= 500:
        return (
            f"Grafana failed to {what} ({message}); its own log says why. What is pushed stands: push again"
        )
    return f"Grafana refused to {what}: {message}"


__all__ = ["UID", "Client", "Credential", "GrafanaError", "Server", "grafana_api", "grafana_client"]
