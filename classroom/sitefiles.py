"""From the texts of a site's files to a :class:`~classroom.site.Site`, or to every fault at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from classroom.crosschecks import cross_faults
from classroom.factors import Factor
from classroom.faults import ConfigurationError, Fault, faults_of
from classroom.places import (
    Building,
    CalendarRow,
    Device,
    Lesson,
    Meter,
    NormalMonth,
    Room,
    Row,
    School,
    SchoolAttributes,
    Station,
)
from classroom.settings import SETTINGS_FILE, Settings, build_settings, origin
from classroom.site import Site
from classroom.tables import RowT, Table, read_table
from classroom.tariffs import TariffRow

__all__ = ["SETTINGS_FILE", "TABLES", "parse_site"]

TABLES: dict[str, type[Row]] = {
    "schools.csv": School,
    "school_attributes.csv": SchoolAttributes,
    "buildings.csv": Building,
    "rooms.csv": Room,
    "meters.csv": Meter,
    "devices.csv": Device,
    "calendar.csv": CalendarRow,
    "lessons.csv": Lesson,
    "factors.csv": Factor,
    "stations.csv": Station,
    "normal_years.csv": NormalMonth,
    "tariffs.csv": TariffRow,
}
"""The CSV tables of a site directory and the model of their rows; ``factors.csv`` may be missing, as may any
table that would be empty."""


def parse_site(texts: Mapping[str, str]) -> Site:
    """A checked site from the texts of its files, keyed by file name.

    Raises:
        ConfigurationError: with every fault of every file.
    """
    faults: list[Fault] = []
    settings = _settings(texts.get(SETTINGS_FILE), faults)
    refused: dict[str, list[tuple[object, object]]] = {}

    def rows(file: str, model: type[RowT]) -> list[RowT]:
        table: Table[RowT] = read_table(texts.get(file, ""), file, model, settings.site.zone)
        faults.extend(table.faults)
        refused[file] = [(cells.get("school"), cells.get("key", cells.get("id"))) for cells in table.refused]
        return table.rows

    site = Site(
        settings=settings,
        schools=rows("schools.csv", School),
        attributes=rows("school_attributes.csv", SchoolAttributes),
        buildings=rows("buildings.csv", Building),
        rooms=rows("rooms.csv", Room),
        meters=rows("meters.csv", Meter),
        devices=rows("devices.csv", Device),
        calendar=rows("calendar.csv", CalendarRow),
        lessons=rows("lessons.csv", Lesson),
        own_factors=rows("factors.csv", Factor),
        stations=rows("stations.csv", Station),
        normal_months=rows("normal_years.csv", NormalMonth),
        tariffs=rows("tariffs.csv", TariffRow),
    )
    faults += cross_faults(site, refused)
    if faults:
        raise ConfigurationError(dict.fromkeys(faults))
    return site


def _settings(text: str | None, faults: list[Fault]) -> Settings:
    """The settings, or the defaults beside a fault, so that the tables are still looked at."""
    try:
        if text is None:
            cure = "write it with: classroom-climate init DIR"
            faults.append(Fault(SETTINGS_FILE, "(file)", "missing", cure))
        return build_settings(tomllib.loads(text or ""))
    except tomllib.TOMLDecodeError as error:
        faults.append(Fault(SETTINGS_FILE, "(syntax)", str(error), "correct the TOML at that place"))
    except ValidationError as error:
        faults += [replace(fault, file=origin(fault.key)) for fault in faults_of(error, SETTINGS_FILE)]
    return Settings.model_construct()
