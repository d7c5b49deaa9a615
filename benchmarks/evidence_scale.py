"""A city (1,500 rooms) and a region (15,000) for a day, through the whole path at accelerated speed.

A simulated town speaks its day to a real mosquitto as fast as it is taken, 60 schools at a time (the
simulator holds a day of all its schools in memory); ``classroom-climate ingest``
stores it in a real InfluxDB 2.x; ``classroom-climate analyze`` makes the metrics of the night. Each is
a process of its own, and its CPU time and memory are the kernel's figures. CPU seconds are compared a room,
because other programs may share the machine. QUICK=1: 50 and 500 rooms.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from influx import influx2_process, programs, set_up  # noqa: E402
from lives import influx_settings  # noqa: E402
from mosquitto import DURABLE, Mosquitto  # noqa: E402

from running import command, environment, free_ports, until  # noqa: E402
from simulators.city import city_site  # noqa: E402
from store.influx_server import Address, InfluxServer  # noqa: E402

SIZES = (50, 500) if os.environ.get("QUICK") == "1" else (1_500, 15_000)
ROOMS_A_SCHOOL = 25  # 23 classrooms, a dining hall and a staff room
SCHOOLS_A_PART = 60
LIMIT_RATIO = 1.2
_LONGEST_S = 3 * 3_600


@dataclass
class Watched:
    """CPU time [s] and largest memory [MB] of a process and its children, as long as it is looked at."""

    process: psutil.Process
    cpu_s: float = 0.0
    memory_mb: float = 0.0
    _seen: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        """Take notice of the present state."""
        memory = 0.0
        try:
            family = [self.process, *self.process.children(recursive=True)]
        except psutil.Error:
            return
        for one in family:
            try:
                times, held = one.cpu_times(), one.memory_full_info().uss
            except psutil.Error:
                continue
            self._seen[one.pid] = times.user + times.system
            memory += held / 1e6
        self.cpu_s = sum(self._seen.values())
        self.memory_mb = max(self.memory_mb, memory)


@dataclass(frozen=True)
class Day:
    """What a day of so many rooms came to."""

    rooms: int
    messages: int
    readings: int
    ingest_s: float
    analyze_s: float
    cpu_s: dict[str, float]
    memory_mb: dict[str, float]
    disk_mb: float
    metrics: int

    @property
    def a_room(self) -> dict[str, float]:
        """CPU time of each part a room and day [ms], disk [kB]."""
        return {name: 1_000 * seconds / self.rooms for name, seconds in self.cpu_s.items()} | {
            "disk": 1_000 * self.disk_mb / self.rooms
        }


@contextmanager
def process(*words: str | Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command of ours, ended at the end."""
    with (folder / f"{words[0]}.log").open("ab") as log:
        begun = subprocess.Popen(command(*words), env=environment(), stdout=log, stderr=log)
    try:
        yield begun
    finally:
        if begun.poll() is None:
            begun.terminate()
            begun.wait(120)


def counts(port: int) -> dict[str, float]:
    """Counters of the ingester."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
    lines = (line.split() for line in text.splitlines() if line and line[0] != "#")
    found: dict[str, float] = {}
    for name, value in lines:
        found[name.partition("{")[0]] = found.get(name.partition("{")[0], 0.0) + float(value)
    return found


def arrived(port: int) -> float:
    """Messages that are spooled."""
    return counts(port)["classroom_messages_spooled_total"]


def ended(port: int) -> float:
    """Messages that are stored, or dead letters."""
    found = counts(port)
    return found["classroom_messages_stored_total"] + found.get("classroom_dead_letters_total", 0.0)


@dataclass(frozen=True)
class Rig:
    """Broker, store and ingester of a town, and what is watched of them."""

    site: Path
    port: int
    address: Address
    watched: dict[str, Watched]
    parts: list[Path]


def in_parts(texts: dict[str, str], folder: Path) -> list[Path]:
    """The town again, SCHOOLS_A_PART schools a folder, for as many simulators one after the other."""
    schools = [row["key"] for row in csv.DictReader(io.StringIO(texts["schools.csv"]))]
    scenario = tomllib.loads(texts["simulation.toml"])
    made = []
    for first in range(0, len(schools), SCHOOLS_A_PART):
        ours = set(schools[first : first + SCHOOLS_A_PART])
        part = folder / f"part-{first}"
        part.mkdir()
        for name, text in texts.items():
            told = text if name.endswith(".toml") else rows_of(name, text, ours)
            (part / name).write_text(told, encoding="utf-8")
        solar = [plant for plant in scenario.get("solar", []) if plant["school"] in ours]
        lines = [f"seed = {scenario['seed']}", f"first_day = {scenario['first_day']}"]
        for plant in solar:
            lines += ["[[solar]]", *(f"{key} = {json.dumps(value)}" for key, value in plant.items())]
        (part / "simulation.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        made.append(part)
    return made


def rows_of(name: str, text: str, schools: set[str]) -> str:
    """The rows of a table that are of these schools, or of none."""
    table = csv.DictReader(io.StringIO(text))
    column = "key" if name == "schools.csv" else "school"
    found = io.StringIO()
    writer = csv.DictWriter(found, table.fieldnames or [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for row in table if not row.get(column) or row[column] in schools)
    return found.getvalue()


def begin(rooms: int, folder: Path, stack: ExitStack) -> Rig:
    """Everything up to the first message."""
    broker = Mosquitto(folder, DURABLE)
    broker.start()
    stack.callback(broker.kill)
    (folder / "influx").mkdir()
    url, influxd = stack.enter_context(influx2_process(folder / "influx", free_ports(1)))
    address = stack.enter_context(set_up(url, folder).bucket())
    port, site = free_ports(1), folder / "site"
    first_day = (datetime.now(UTC) - timedelta(days=1)).date()
    texts = city_site(
        first_day, schools=rooms // ROOMS_A_SCHOOL, seed=4, mqtt_port=broker.port, api_port=port,
        planted=False, rooms=(ROOMS_A_SCHOOL - 2, ROOMS_A_SCHOOL - 2),
    )  # fmt: skip
    parts = in_parts(texts, folder)
    texts["classroom.toml"] += influx_settings(site, address)
    for name, text in texts.items():
        (site / name).write_text(text, encoding="utf-8")
    ingest = stack.enter_context(process("ingest", "--site", site, folder=folder))
    until(lambda: is_ready(port), f"ready; see {folder}/ingest.log", 300)
    assert broker.process is not None
    pids = {"mosquitto": broker.process.pid, "ingest": ingest.pid, "influxd": influxd.pid}
    watched = {name: Watched(psutil.Process(pid)) for name, pid in pids.items()}
    return Rig(site, port, address, watched, parts)


def play(rig: Rig, folder: Path) -> tuple[int, float]:
    """Let the town speak its day: messages, and seconds in which some were on their way."""
    messages, seconds = 0, 0.0
    for part in rig.parts:
        log = folder / "simulate.log"
        log.unlink(missing_ok=True)
        with process("simulate", "--site", part, "--days", "1", "--no-live", folder=folder) as simulate:
            wait(rig.watched, lambda: simulate.poll() is not None or arrived(rig.port) > messages)  # noqa: B023
            began = time.monotonic()
            wait(rig.watched, lambda: simulate.poll() is not None)
        told = log.read_text()
        assert simulate.returncode == 0, told[-2_000:]
        (sent,) = map(int, re.findall(r"(\d+) messages of history", told))
        messages += sent
        wait(rig.watched, lambda: ended(rig.port) >= messages)  # noqa: B023
        seconds += time.monotonic() - began
        print(f"{messages} messages in {seconds:.0f} s", file=sys.stderr, flush=True)
    assert ended(rig.port) == arrived(rig.port) == messages, (ended(rig.port), messages)
    return messages, seconds


def night(rig: Rig, folder: Path) -> float:
    """The night's run: its seconds."""
    began = time.monotonic()
    with process("analyze", "--site", rig.site, "--once", folder=folder) as analyze:
        rig.watched["analyze"] = Watched(psutil.Process(analyze.pid))
        wait(rig.watched, lambda: analyze.poll() is not None)
    assert analyze.returncode == 0, (folder / "analyze.log").read_text()[-2_000:]
    return time.monotonic() - began


def day_of(rooms: int, folder: Path, stack: ExitStack) -> Day:
    """A day of a town of so many rooms."""
    rig = begin(rooms, folder, stack)
    watched = rig.watched
    before = idle(watched)
    messages, ingest_s = play(rig, folder)
    cpu_s = {name: one.cpu_s - before[name] for name, one in watched.items()}
    readings = int(counts(rig.port)["classroom_readings_stored_total"])
    analyze_s = night(rig, folder)
    cpu_s |= {
        "influxd, analyze": watched["influxd"].cpu_s - before["influxd"] - cpu_s["influxd"],
        "analyze": watched["analyze"].cpu_s,
    }
    with closing(InfluxServer(rig.address)) as server:
        (table,) = server.query('SELECT count("coverage") FROM metrics')
    files = (path for path in (folder / "influx").rglob("*") if path.is_file())
    return Day(
        rooms,
        messages,
        readings,
        ingest_s,
        analyze_s,
        cpu_s,
        {name: one.memory_mb for name, one in watched.items()},
        sum(path.stat().st_size for path in files) / 1e6,
        int(table["count"][0].as_py()),
    )


def is_ready(port: int) -> bool:
    """Whether the ingester is."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=30).status_code == 200
    except httpx.TransportError:
        return False


def idle(watched: dict[str, Watched]) -> dict[str, float]:
    """CPU time so far: of starting, which is not a room's."""
    for one in watched.values():
        one.look()
    return {name: one.cpu_s for name, one in watched.items()}


def wait(watched: dict[str, Watched], ended: object) -> None:
    """Look at the processes until ``ended()``."""
    assert callable(ended)
    deadline = time.monotonic() + _LONGEST_S
    while not ended():
        assert time.monotonic() < deadline, f"not within {_LONGEST_S} s"
        for one in watched.values():
            one.look()
        time.sleep(1)
    for one in watched.values():
        one.look()


def rows(days: list[Day]) -> list[tuple[str, list[float], int]]:
    """What is told of each day: text, figures, digits."""

    def each(of: object, digits: int = 0) -> tuple[list[float], int]:
        assert callable(of)
        return [of(day) for day in days], digits

    return [
        ("messages", *each(lambda d: d.messages)),
        ("readings stored", *each(lambda d: d.readings)),
        ("messages a second, until stored", *each(lambda d: d.messages / d.ingest_s)),
        ("CPU a message, mosquitto [µs]", *each(lambda d: 1e6 * d.cpu_s["mosquitto"] / d.messages, 1)),
        ("CPU a message, ingest [µs]", *each(lambda d: 1e6 * d.cpu_s["ingest"] / d.messages, 1)),
        ("CPU a message, influxd [µs]", *each(lambda d: 1e6 * d.cpu_s["influxd"] / d.messages, 1)),
        ("memory, mosquitto [MB]", *each(lambda d: d.memory_mb["mosquitto"])),
        ("memory, ingest [MB]", *each(lambda d: d.memory_mb["ingest"])),
        ("memory, influxd [MB]", *each(lambda d: d.memory_mb["influxd"])),
        ("memory, analyze with its children [MB]", *each(lambda d: d.memory_mb["analyze"])),
        ("the night's run [s]", *each(lambda d: d.analyze_s)),
        ("… its CPU, analyze [s]", *each(lambda d: d.cpu_s["analyze"])),
        ("… its CPU, influxd [s]", *each(lambda d: d.cpu_s["influxd, analyze"])),
        ("… metrics written", *each(lambda d: d.metrics)),
        ("disk, InfluxDB [MB]", *each(lambda d: d.disk_mb)),
        ("… a reading, with rollups and metrics [bytes]", *each(lambda d: 1e6 * d.disk_mb / d.readings, 1)),
    ]


def main() -> None:
    """Play both days and print the table."""
    if 2 not in programs():
        sys.exit("this needs an influxd 2.x on PATH")
    days = []
    for rooms in SIZES:
        with tempfile.TemporaryDirectory(prefix="scale-") as name, ExitStack() as stack:
            days.append(day_of(rooms, Path(name), stack))
            print(f"{rooms} rooms: {days[-1]}", file=sys.stderr, flush=True)
    heads = " | ".join(f"{day.rooms:,} rooms" for day in days)
    print(f"| a day of | {heads} |\n|---|{'--:|' * len(days)}")
    for text, values, digits in rows(days):
        print(f"| {text} | {' | '.join(f'{value:,.{digits}f}' for value in values)} |")
    small, large = (day.a_room for day in days)
    ratios = {name: large[name] / small[name] for name in small}
    print(f"\n| a room and day | {heads} | ratio |\n|---|{'--:|' * (len(days) + 1)}")
    for name, ratio in ratios.items():
        unit = "disk [kB]" if name == "disk" else f"CPU, {name} [ms]"
        print(f"| {unit} | {small[name]:,.2f} | {large[name]:,.2f} | {ratio:.2f} |")
    whole = sum(v for k, v in large.items() if k != "disk") / sum(v for k, v in small.items() if k != "disk")
    print(f"| CPU, all together | | | {whole:.2f} |")
    print(json.dumps({"benchmark": "scale", "ratio": round(whole, 3), "limit_ratio": LIMIT_RATIO}))


if __name__ == "__main__":
    main()
