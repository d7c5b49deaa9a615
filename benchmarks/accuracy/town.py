"""A school's year through the whole path: messages, decoders, store, job; and the registers' own truth."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from analytics.jobs import run
from classroom.reading import Reading
from classroom.site import Site
from classroom.sitefiles import parse_site
from ingest.check import check
from ingest.decoders import decode
from ingest.message import Message, Undecodable
from simulators import messages
from simulators.chance import stream
from simulators.city import city_site
from simulators.keys import Speaks, meter_device, spoken
from simulators.scenario import SCENARIO_FILE, Scenario, parse_scenario
from simulators.school import Town, TownDay
from store.base import Store

BATCH = 20_000
SENSORS = 4
SENSOR_INTERVAL_S = 1800
METER_INTERVAL_S = 900

_REGISTERS = ("import_kwh", "export_kwh", "solar_kwh", "heat_kwh", "fan_kwh")


class WatchedTown(Town):
    """A town of one school that notes its true registers at every UTC hour while its days pass."""

    def __init__(self, site: Site, scenario: Scenario) -> None:
        super().__init__(site, scenario)
        self._noted: list[np.ndarray] = []

    def days(self) -> Iterator[TownDay]:
        """Every UTC day, noted."""
        for day in super().days():
            registers = day.registers
            columns = [getattr(registers, name)[:1440:60, 0] for name in _REGISTERS]
            columns += [registers.phase_import_kwh[:1440:60, 0].sum(axis=1)]
            columns += [registers.phase_export_kwh[:1440:60, 0].sum(axis=1)]
            self._noted.append(np.stack(columns, axis=1))
            yield day

    def registers(self) -> pd.DataFrame:
        """What the registers really stood at [kWh], by UTC hour; ``phases_…`` do not net the phases."""
        values = np.concatenate(self._noted)
        hours = pd.date_range(self.start, periods=len(values), freq="h")
        names = [*_REGISTERS, "phases_import_kwh", "phases_export_kwh"]
        return pd.DataFrame(values, index=hours, columns=names)


def school_files(seed: int, first_day: date, swapped: datetime) -> dict[str, str]:
    """The files of a town of one school, 4 to 7 classrooms and whatever meters its seed gives it.

    SENSORS of its rooms have one, which reports every SENSOR_INTERVAL_S; meters report as they do, but none
    more often than every METER_INTERVAL_S: that costs minutes and tells nothing.
    In every other town the heat meter is swapped at ``swapped``, and ``devices.csv`` says so.
    """
    files = city_site(first_day, schools=1, seed=seed, rooms=(4, 7))
    rows = list(csv.DictReader(io.StringIO(files["devices.csv"])))
    sensors = [row for row in rows if row["room"]]
    chosen = stream(seed, "measured rooms").permutation(len(sensors))[:SENSORS].tolist()
    kept = [{**sensors[index], "interval_s": str(SENSOR_INTERVAL_S)} for index in sorted(chosen)]
    for row in rows:
        if row["meter"] == "fjarrvarme" and seed % 2:
            kept += _swapped(row, swapped)
        elif row["meter"]:
            kept.append({**row, "interval_s": str(max(int(row["interval_s"]), METER_INTERVAL_S))})
    text = io.StringIO()
    columns = ["key", "school", "room", "meter", "interval_s", "valid_from", "valid_to"]
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(kept)
    return {**files, "devices.csv": text.getvalue()}


def _swapped(row: dict[str, str], at: datetime) -> Iterator[dict[str, str]]:
    wireless = row["key"].startswith("wmbus/")
    after = meter_device("wmbusmeters", "", "", 500) if wireless else f"{row['school']}/fjarrvarme-2"
    yield {**row, "valid_to": at.isoformat()}
    yield {**row, "key": after, "valid_from": at.isoformat()}


def town_of(files: dict[str, str], faults: Sequence[dict[str, object]]) -> WatchedTown:
    """The town of ``files`` with ``faults`` planted (tables of ``simulation.toml``)."""
    given = parse_scenario(files[SCENARIO_FILE])
    scenario = Scenario.model_validate({**given.model_dump(), "faults": list(faults)})
    return WatchedTown(parse_site(files), scenario)


def play(
    town: Town, store: Store, moments: Sequence[datetime], on_moment: Callable[[datetime], None]
) -> Counter[str]:
    """Decode and store all the town says up to the last of ``moments``; at each of them the job runs, then
    ``on_moment`` is called. Gives numbers of messages stored and, by reason, of those that were not."""
    counts: Counter[str] = Counter()
    due = iter(sorted(moments))
    moment = next(due)
    waiting: list[messages.Message] = []

    def reach() -> None:
        _store(town.site, store, waiting, counts)
        waiting.clear()
        run(store, town.site, moment)
        on_moment(moment)

    for message in messages.Stream(town, end=max(moments)):
        while message.time >= moment:
            reach()
            moment = next(due)
        waiting.append(message)
        if len(waiting) >= BATCH:
            _store(town.site, store, waiting, counts)
            waiting.clear()
    reach()
    return counts


def _store(site: Site, store: Store, told: Sequence[messages.Message], counts: Counter[str]) -> None:
    readings: list[Reading] = []
    for one in told:
        message = Message(one.topic, one.payload, one.time, one.retain)
        try:
            readings += check(message, decode(message), site.settings.ingest).readings
        except Undecodable as why:
            counts[why.reason] += 1
        else:
            counts["stored"] += 1
    store.write_readings(readings)


def midnight(day: date, hour: float = 0.0) -> datetime:
    """An hour of a UTC day."""
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=hour)


def speaks_shelly(site: Site) -> bool:
    """Whether the main electricity meter is a Shelly, which adds its phases without netting them."""
    return any(spoken(device) is Speaks.SHELLY for device in site.devices)
