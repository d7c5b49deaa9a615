"""``classroom-climate dashboards push``: bring a Grafana server to what it should show."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from classroom.site import Site
from cli.site import SiteDir, console, load_site_or_exit
from dashboards.words import LANGS, Lang

if TYPE_CHECKING:
    from dashboards.grafana import Credential
    from dashboards.push import Change, Wanted

# What builds dashboards is imported when it is needed: Grafana's SDK takes longer than every other command.

TOKEN_VARIABLE, PASSWORD_VARIABLE = "GRAFANA_TOKEN", "GRAFANA_PASSWORD"
_SIGNS = {"create": "+", "update": "~", "none": "="}


def push(
    url: Annotated[str, typer.Option(help="Where Grafana is.")] = "http://127.0.0.1:3000",
    token_file: Annotated[
        Path | None,
        typer.Option(help=f"File with a service account's token; else ${TOKEN_VARIABLE}.", exists=True),
    ] = None,
    user: Annotated[str, typer.Option(help="Instead of a token: needed for --org-per-school.")] = "",
    password_file: Annotated[
        Path | None, typer.Option(help=f"File with the password; else ${PASSWORD_VARIABLE}.", exists=True)
    ] = None,
    api_url: Annotated[str, typer.Option(help="Where Grafana reaches our API.")] = "http://127.0.0.1:8000",
    api_token_file: Annotated[
        Path | None,
        typer.Option(help="File with a token of ours; without it the one in Grafana stays.", exists=True),
    ] = None,
    org_per_school: Annotated[
        Path | None,
        typer.Option(
            help="An organisation for each school: folder with a school's token in KEY.token.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    lang: Annotated[Lang | None, typer.Option(help="Only this language; both where missing.")] = None,
    team: Annotated[
        list[str] | None, typer.Option(help="May view the folders; every viewer where missing.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also replace dashboards of our uid that are not ours.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; show what would be, with the difference.")
    ] = False,
    site_dir: SiteDir = Path(),
) -> None:
    """Make folders, data source, dashboards, teams and permissions in a Grafana where they are not yet.

    What is as it should be is left alone; nothing is deleted.

    Example: `classroom-climate dashboards push --token-file grafana.token --api-token-file api.token`
    """
    from dashboards.push import Wanted

    wanted = Wanted(
        api_url=api_url.rstrip("/"),
        api_token=_secret(api_token_file),
        langs=(lang,) if lang else LANGS,
        teams=team or (),
        overwrite=overwrite,
    )
    credential = credential_of(user, token_file, password_file, os.environ)
    each = None
    if org_per_school is not None:
        each = wanted_by_school(load_site_or_exit(site_dir), wanted, org_per_school)
    _push(url, credential, wanted, each, dry_run=dry_run)


def _push(
    url: str, credential: Credential, wanted: Wanted, each: Mapping[str, Wanted] | None, *, dry_run: bool
) -> None:
    """Into the present organisation, or into one for ``each``."""
    from dashboards.grafana import GrafanaError, grafana_client
    from dashboards.push import push as pushed
    from dashboards.push import push_organisations

    if each is not None and isinstance(credential, str):
        raise typer.BadParameter(
            "organisations are made by a server administrator: give --user and --password-file"
        )
    try:
        server = grafana_client(url, credential)
        if each is None:
            _tell(pushed(server, wanted, dry_run=dry_run), dry_run)
        else:
            _tell(push_organisations(server, each, dry_run=dry_run), dry_run)
    except GrafanaError as error:
        console.print(f"{error}.", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


def credential_of(
    user: str,
    token_file: Path | None,
    password_file: Path | None,
    environment: Mapping[str, str],
) -> Credential:
    """Who asks Grafana.

    Raises:
        typer.BadParameter: nobody, or two at once.
    """
    if user and token_file is not None:
        raise typer.BadParameter("give --token-file or --user, not both")
    if user:
        password = _secret(password_file) or environment.get(PASSWORD_VARIABLE, "")
        if not password:
            raise typer.BadParameter(f"--user needs --password-file or ${PASSWORD_VARIABLE}")
        return user, password
    token = _secret(token_file) or environment.get(TOKEN_VARIABLE, "")
    if not token:
        raise typer.BadParameter(
            f"say who asks: --token-file or ${TOKEN_VARIABLE} (a service account's token), or --user and "
            "--password-file"
        )
    return token


def wanted_by_school(site: Site, wanted: Wanted, folder: Path) -> dict[str, Wanted]:
    """What is to stand in each school's organisation, by its name.

    Raises:
        typer.BadParameter: a school has no token there, or two schools have one name.
    """
    missing = [school.key for school in site.schools if not (folder / f"{school.key}.token").is_file()]
    if missing:
        raise typer.BadParameter(
            f"{folder} has no {missing[0]}.token: 'classroom-climate tokens create --school {missing[0]}' "
            f"makes "
            f"a token (missing: {', '.join(missing)})"
        )
    names = Counter(school.name for school in site.schools)
    found = {}
    for school in site.schools:
        name = school.name if names[school.name] == 1 else f"{school.name} ({school.key})"
        token = _secret(folder / f"{school.key}.token")
        found[name] = replace(wanted, api_token=token)
    return found


def _secret(file: Path | None) -> str:
    return file.read_text(encoding="utf-8").strip() if file is not None else ""


def _tell(changes: Iterable[Change], dry_run: bool) -> None:
    counted: Counter[str] = Counter()
    for change in changes:
        counted[change.action] += 1
        console.print(f"{_SIGNS[change.action]} {change.what}", markup=False, highlight=False)
        for line in change.diff if dry_run else ():
            console.print(f"    {line}", markup=False, highlight=False, soft_wrap=True)
    done = "would be " if dry_run else ""
    console.print(
        f"{counted['create']} {done}created, {counted['update']} {done}changed, {counted['none']} as they "
        f"should be." + (" Nothing was changed: leave out --dry-run to do it." if dry_run else ""),
        markup=False,
    )
