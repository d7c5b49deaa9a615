"""The folder of a simulated town: written where it is missing, read with its scenario."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path

import typer

from classroom.faults import ConfigurationError, Fault
from classroom.site import Site
from classroom.sitefiles import SETTINGS_FILE
from cli.clock import utc_now
from cli.site import console, tell_faults
from ingest.mosquitto import INGESTER
from simulators.city import city_site
from simulators.demo import demo_site
from simulators.messages import Stream
from simulators.publish import BrokerAddress
from simulators.scenario import SCENARIO_FILE, Scenario, parse_scenario, read_scenario
from simulators.school import Town

_MAY_STAND_ALONE = {"seed", "first_day", "town"}


def write_demo(
    folder: Path,
    days: int,
    *,
    schools: int = 1,
    language: str = "sv",
    mqtt_port: int = 1883,
    api_port: int = 8000,
) -> None:
    """Write a demo site whose first day lies ``days`` back; what exists is left alone."""
    _write(
        folder,
        demo_site(
            days_back(days),
            schools=schools,
            language="en" if language == "en" else "sv",
            mqtt_port=mqtt_port,
            api_port=api_port,
        ),
    )


def write_city(folder: Path, first_day: date, schools: int, seed: int) -> None:
    """Write a city of ``schools`` of full size, with planted defects; what exists is left alone and said."""
    if not _write(folder, city_site(first_day, schools=schools, seed=seed)):
        console.print(f"{folder} holds a site already: it is played as it is, without --schools and --seed.")


def days_back(days: int) -> date:
    """The day (UTC) that lies ``days`` before today."""
    return (utc_now() - timedelta(days=days)).date()


def _write(folder: Path, texts: dict[str, str]) -> bool:
    """Write the files of a site unless one of them is there; whether they were written."""
    folder.mkdir(parents=True, exist_ok=True)
    if any((folder / name).exists() for name in texts):
        return False
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return True


def complete_town_or_exit(folder: Path) -> None:
    """Where a folder holds nothing but a ``simulation.toml`` with ``[town]``, write the town it asks for.

    Its scenario is written anew with what was planted, so it may hold nothing else yet; leaves with code 2
    where it does.
    """
    file = folder / SCENARIO_FILE
    if not file.exists() or (folder / SETTINGS_FILE).exists():
        return
    try:
        scenario = _of_a_town_alone(file.read_text(encoding="utf-8"))
    except ConfigurationError as error:
        tell_faults(f"The scenario in {folder}", error)
        raise typer.Exit(2) from error
    if scenario is None or scenario.town is None:
        return
    texts = city_site(
        scenario.first_day,
        schools=scenario.town.schools,
        seed=scenario.seed,
        planted=scenario.town.planted,
    )
    for name, made in texts.items():
        (folder / name).write_text(made, encoding="utf-8")


def _of_a_town_alone(text: str) -> Scenario | None:
    """The scenario of a file that asks for a town; None where it asks for none."""
    scenario = parse_scenario(text)
    if scenario.town is None:
        return None
    too_early = sorted(tomllib.loads(text).keys() - _MAY_STAND_ALONE)
    if too_early:
        cure = "add it once the town is written: it names places that are not there yet"
        raise ConfigurationError([Fault(SCENARIO_FILE, key, "(set)", cure) for key in too_early])
    return scenario


def broker_or_exit(site: Site, folder: Path, host: str | None, port: int | None) -> BrokerAddress:
    """Where a town is played to: a host and port that were named, else as ``[mqtt]`` says, with user and TLS.

    The account must be one that may write: the ingester's may only read, and mosquitto would acknowledge its
    messages and throw them away.
    """
    mqtt = site.settings.mqtt
    if host is not None or port is not None:
        return BrokerAddress(host or mqtt.host, port or mqtt.port)
    if mqtt.username == INGESTER:
        cure = "this account reads only: name one that may write, in CLASSROOM_MQTT__USERNAME"
        fault = Fault(SETTINGS_FILE, "mqtt.username", INGESTER, cure)
        tell_faults(f"The site in {folder}", ConfigurationError([fault]))
        raise typer.Exit(2)
    try:
        password = None if mqtt.password_file is None else mqtt.password_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        console.print(f"mqtt.password_file cannot be read: {error}", markup=False)
        raise typer.Exit(2) from error
    return BrokerAddress(mqtt.host, mqtt.port, mqtt.username, password, mqtt.tls, mqtt.ca_file)


def load_scenario_or_exit(folder: Path, site: Site) -> Scenario:
    """The simulation of a site's folder; tells people what is wrong and leaves with code 2."""
    try:
        scenario = read_scenario(folder)
        Stream(Town(site, scenario))
    except FileNotFoundError as error:
        console.print(
            f"{folder / SCENARIO_FILE} is missing; write a demo site with --write into an empty folder."
        )
        raise typer.Exit(2) from error
    except ConfigurationError as error:
        tell_faults(f"The scenario in {folder}", error)
        raise typer.Exit(2) from error
    return scenario
