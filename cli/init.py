"""``classroom-climate init``: write a commented site description to start from, or a broker's files."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from classroom.faults import ConfigurationError, Fault
from classroom.sitefiles import SETTINGS_FILE, TABLES
from cli.site import console, load_site, tell_faults

_HOST_HELP = "With --broker: name or address of the broker, as gateways call it; several may be given."
_GATEWAY_HELP = "With --broker: a gateway and a topic filter it may write, as NAME=classroom/NAME/#; several."
_SCHOOLS_HELP = "With --broker: a site; each of its schools gets a gateway for classroom/SCHOOL/#."
_URL_HELP = "With --compose: what browsers call the service [http://127.0.0.1:8000]."
_TOWN_HELP = "With --compose: a simulated town as the site, with an account for its devices."
_OWNER_HELP = "With --compose, as root: UID:GID that the containers run as [1000:1000]."
_RENEW_HELP = "With --broker: an account (new password and certificate) or server (new certificate); several."


def templates() -> dict[str, str]:
    """The files of a small example site by name."""
    folder = resources.files("cli") / "templates"
    return {name: (folder / name).read_text(encoding="utf-8") for name in (SETTINGS_FILE, *TABLES)}


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to write; it is made if it is not there.")],
    broker: Annotated[bool, typer.Option("--broker", help="Write a broker, not a site.")] = False,
    host: Annotated[list[str] | None, typer.Option(help=_HOST_HELP)] = None,
    gateway: Annotated[list[str] | None, typer.Option(help=_GATEWAY_HELP)] = None,
    schools_of: Annotated[Path | None, typer.Option(help=_SCHOOLS_HELP)] = None,
    renew: Annotated[list[str] | None, typer.Option(help=_RENEW_HELP)] = None,
    compose: Annotated[
        bool, typer.Option("--compose", help="Write what docker-compose.yml in FOLDER needs.")
    ] = False,
    url: Annotated[str | None, typer.Option(help=_URL_HELP)] = None,
    town: Annotated[bool, typer.Option("--town", help=_TOWN_HELP)] = False,
    owner: Annotated[str | None, typer.Option(help=_OWNER_HELP)] = None,
) -> None:
    """Write a site to start from into FOLDER, with one example school; with --broker a mosquitto's files.

    A site is a commented classroom.toml and CSV tables. Nothing that exists is overwritten.

    With --broker it writes what a production mosquitto needs instead: configuration, certificates, passwords
    and an access list. Run it again after editing broker.toml; passwords and keys stay.

    With --compose it writes what docker-compose.yml reads: a site, a broker's files, random secrets (0600),
    Grafana's token for the API, and .env. Run it again for another gateway; what is there stays.

    Example: `classroom-climate init helsingborg && classroom-climate run --site helsingborg`

    Example: `classroom-climate init --broker /etc/mosquitto/classroom --host mqtt.example.se --gateway
    north=classroom/north/#`

    Example: `classroom-climate init --compose . --host mqtt.example.se --url https://klimat.example.se`
    """
    try:
        for_compose = {"--url": url, "--town": town, "--owner": owner}
        if compose:
            _refuse({"--broker": broker, "--renew": renew}, "without --compose")
            _init_compose(folder, host or [], gateway or [], schools_of, url, owner, town=town)
            return
        _refuse(for_compose, "together with --compose")
        if broker:
            _init_broker(folder, host or [], gateway or [], schools_of, renew or [])
            return
        for_broker = {"--host": host, "--gateway": gateway, "--schools-of": schools_of, "--renew": renew}
        _refuse(for_broker, "together with --broker")
    except ConfigurationError as error:
        tell_faults("This command", error)
        raise typer.Exit(2) from error
    _init_site(folder)


def _refuse(options: Mapping[str, object], cure: str) -> None:
    given = {key: value for key, value in options.items() if value}
    if given:
        raise ConfigurationError(
            Fault("(command line)", key, str(value), f"give it {cure}") for key, value in given.items()
        )


def _init_site(folder: Path) -> None:
    existing = sorted(name for name in templates() if (folder / name).exists())
    if existing:
        console.print(
            f"{folder} already holds {', '.join(existing)}. Nothing was written; name an empty folder."
        )
        raise typer.Exit(2)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in templates().items():
        (folder / name).write_text(text, encoding="utf-8")
    Console().print(
        f"Wrote {len(templates())} files to {folder}.\n"
        f"Next: edit {folder / SETTINGS_FILE} and the tables (Excel can), "
        f"then check them with: classroom-climate doctor --site {folder}"
    )


def _init_compose(
    folder: Path,
    hosts: list[str],
    gateways: list[str],
    schools_of: Path | None,
    url: str | None,
    owner: str | None,
    *,
    town: bool,
) -> None:
    from cli.compose import Asked, write_compose  # only this needs them
    from ingest.certificates import CertificateError

    schools = [school.key for school in load_site(schools_of).schools] if schools_of else []
    try:
        news = write_compose(folder, Asked(hosts, gateways, schools, url, owner, town=town))
    except (CertificateError, OSError) as error:
        console.print(f"[bold red]Not written:[/] {escape(str(error))}", markup=True)
        raise typer.Exit(1) from error
    out = Console(highlight=False, soft_wrap=True, markup=False)
    for line in news or ["Nothing had to be changed."]:
        out.print(line)
    profile = " --profile simulator" if town else ""
    out.print(f"Next: cd {folder} && docker compose{profile} up --build --detach --wait")


def _init_broker(
    folder: Path, hosts: list[str], gateways: list[str], schools_of: Path | None, renew: list[str]
) -> None:
    from cli.broker import Wanted, write_broker  # only this needs them
    from ingest.certificates import CertificateError

    schools = [school.key for school in load_site(schools_of).schools] if schools_of else []
    try:
        written = write_broker(folder, Wanted(hosts, gateways, renew, schools))
    except (CertificateError, OSError) as error:
        console.print(f"[bold red]Not written:[/] {escape(str(error))}", markup=True)
        raise typer.Exit(1) from error
    out = Console(highlight=False, soft_wrap=True, markup=False)
    for line in written.news or ["Nothing had to be changed."]:
        out.print(line)
    out.print(f"\n{written.settings}")
    out.print(
        f"Next: copy {folder}/accounts/ingester into the site's folder, "
        "and put the table above in place of [mqtt] in its classroom.toml;\n"
        f"carry accounts/NAME to each gateway ({len(written.plan.gateways)} so far) and delete it here;\n"
        f"start mosquitto (2.0.21 or newer) with: mosquitto -c {folder}/mosquitto.conf\n"
        "or let a running one read its files again: systemctl reload mosquitto"
    )
    if not written.plan.gateways:
        out.print("No gateway may publish yet: add one with --gateway NAME=TOPICFILTER.")
