"""A city (1,500 rooms) and a region (15,000) for a day, through the whole path at accelerated speed.

A simulated town speaks its last school day to a real mosquitto, all schools at once and as fast as it is
stored (it is held up while 50,000 messages are on their way: a city has no backlog, and what a spool of
millions costs is another question than what a room does);
``classroom-climate ingest`` stores it in a real InfluxDB 2.x; ``classroom-climate analyze`` makes the metrics
of the night. Each is a process of its own, and its CPU time and memory are the kernel's figures. What a room
costs is judged by CPU seconds, because other programs may share the machine; the simulator's are left out.
Some 30 CPU minutes: progress goes to standard error. SCALE_KEEP=FOLDER keeps the figures of each day that is
done and takes what is kept instead of playing it again. QUICK=1: 50 and 500 rooms.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from _watched import Held, Watched, process  # noqa: E402
from influx import influx2_process, programs, set_up  # noqa: E402
from lives import influx_settings  # noqa: E402
from mosquitto import Mosquitto  # noqa: E402

from classroom.places import DayType  # noqa: E402
from classroom.sitefiles import parse_site  # noqa: E402
from running import free_ports, until  # noqa: E402
from simulators.city import city_site  # noqa: E402
from store.influx_server import Address, InfluxServer  # noqa: E402

SIZES = (50, 500) if os.environ.get("QUICK") == "1" else (1_500, 15_000)
ROOMS_A_SCHOOL = 25  # 23 classrooms, a dining hall and a staff room
SEED = 4
LIMIT_RATIO = 1.2
_LONGEST_S = 3 * 3_600
BROKER = ("persistence true", "autosave_interval 5", "max_queued_messages 0", "max_queued_bytes 0",
          "max_inflight_messages 2000", "sys_interval 1")  # fmt: skip
"""Of the configuration that ``init`` writes for a site's mosquitto, what bears on its work."""

MOST_HELD, FEW_HELD = 50_000, 25_000
"""Messages in the broker and in the spool at which the simulator is held up, and at which it goes on: a
broker saves all that it holds every few seconds, and a spool gives its pages back when a backlog has gone, so
that one without end would be measured instead of the path."""

_LOOK_S, _SAY_S = 1.0, 30.0

Until = Callable[[], bool]
Count = Callable[[], float]


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
    start_s: float  # CPU of the ingester until it is ready
    start_mb: float  # its memory then
    at: str  # when it was measured

    @property
    def a_room(self) -> dict[str, float]:
        """CPU time of each part a room and day [ms], disk [kB]."""
        return {name: 1_000 * seconds / self.rooms for name, seconds in self.cpu_s.items()} | {
            "disk": 1_000 * self.disk_mb / self.rooms
        }


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
    day: date
    held: Held


def school_day() -> date:
    """The last UTC day that is over and on which the city's schools have lessons."""
    today = datetime.now(UTC).date()
    site = parse_site(city_site(today, schools=1, seed=SEED))
    timetable = site.timetable(site.schools[0].key)
    days = (today - timedelta(days=back) for back in range(1, 100))
    return next(day for day in days if timetable.day_type(day) is DayType.SCHOOL_DAY)


def begin(rooms: int, folder: Path, stack: ExitStack) -> Rig:
    """Everything up to the first message."""
    broker = stack.enter_context(Mosquitto(folder, BROKER))
    (folder / "influx").mkdir()
    url, influxd = stack.enter_context(influx2_process(folder / "influx", free_ports(1)))
    address = stack.enter_context(set_up(url, folder).bucket())
    port, site = free_ports(1), folder / "site"
    day = school_day()
    texts = city_site(
        day, schools=rooms // ROOMS_A_SCHOOL, seed=SEED, mqtt_port=broker.port, api_port=port,
        planted=False, rooms=(ROOMS_A_SCHOOL - 2, ROOMS_A_SCHOOL - 2),
    )  # fmt: skip
    texts["classroom.toml"] += influx_settings(site, address)
    for name, text in texts.items():
        (site / name).write_text(text, encoding="utf-8")
    ingest = stack.enter_context(process("ingest", "--site", site, folder=folder))
    until(lambda: is_ready(port), f"ready; see {folder}/ingest.log", 300)
    assert broker.process is not None
    pids = {"mosquitto": broker.process.pid, "ingest": ingest.pid, "influxd": influxd.pid}
    watched = {name: Watched(psutil.Process(pid)) for name, pid in pids.items()}
    return Rig(site, port, address, watched, day, stack.enter_context(closing(Held(broker.port))))


def play(rig: Rig, folder: Path) -> tuple[int, float]:
    """Let the town speak its day: messages, and seconds from the first one until the last is stored."""
    words = ("simulate", "--site", rig.site, "--days", "1", "--until", str(rig.day + timedelta(days=1)))
    with process(*words, "--no-live", folder=folder) as simulate:
        rig.watched["simulate"] = Watched(psutil.Process(simulate.pid))
        wait(rig, lambda: simulate.poll() is not None or arrived(rig.port) > 0)
        began = time.monotonic()
        wait(rig, partial(played, rig, simulate), "messages spooled", lambda: arrived(rig.port))
    told = (folder / "simulate.log").read_text()
    assert simulate.returncode == 0, told[-2_000:]
    (messages,) = map(int, re.findall(r"(\d+) messages of history", told))
    wait(rig, lambda: ended(rig.port) >= messages, f"of {messages} stored", lambda: ended(rig.port))
    assert ended(rig.port) == arrived(rig.port) == messages, (ended(rig.port), messages)
    return messages, time.monotonic() - began


def played(rig: Rig, simulate: subprocess.Popen[bytes]) -> bool:
    """Whether the simulator has ended; holds it up while the broker has too much."""
    if simulate.poll() is not None:
        return True
    waiting = rig.held.messages + arrived(rig.port) - ended(rig.port)
    if waiting > MOST_HELD:
        simulate.send_signal(signal.SIGSTOP)
    elif waiting < FEW_HELD:
        simulate.send_signal(signal.SIGCONT)
    return False


def night(rig: Rig, folder: Path) -> float:
    """The night's run: its seconds."""
    began = time.monotonic()
    with process("analyze", "--site", rig.site, "--once", folder=folder) as analyze:
        rig.watched["analyze"] = Watched(psutil.Process(analyze.pid))
        wait(rig, lambda: analyze.poll() is not None, "parts of the night's run told")
    assert analyze.returncode == 0, (folder / "analyze.log").read_text()[-2_000:]
    return time.monotonic() - began


def day_of(rooms: int, folder: Path, stack: ExitStack) -> Day:
    """A day of a town of so many rooms."""
    rig = begin(rooms, folder, stack)
    watched = rig.watched
    before = idle(watched)
    start_mb = watched["ingest"].memory_mb
    messages, ingest_s = play(rig, folder)
    cpu_s = {name: watched[name].cpu_s - started_s for name, started_s in before.items()}
    readings = int(counts(rig.port)["classroom_readings_stored_total"])
    analyze_s = night(rig, folder)
    cpu_s |= {
        "influxd, analyze": watched["influxd"].cpu_s - before["influxd"] - cpu_s["influxd"],
        "analyze": watched["analyze"].cpu_s,
    }
    with closing(InfluxServer(rig.address, timeout_s=600)) as server:
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
        before["ingest"],
        start_mb,
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
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


def wait(rig: Rig, ended: Until, doing: str = "", count: Count = lambda: 0) -> None:
    """Look at the processes until ``ended()``; say now and then what they are ``doing`` and how far."""
    began = said = time.monotonic()
    while not ended():
        now = time.monotonic()
        assert now - began < _LONGEST_S, f"not within {_LONGEST_S} s: {doing}"
        for one in rig.watched.values():
            one.look()
        if doing and now - said > _SAY_S:
            said = now
            cpu = ", ".join(f"{name} {one.cpu_s:.0f} s" for name, one in rig.watched.items())
            say(f"{count():,.0f} {doing} after {now - began:.0f} s; CPU: {cpu}")
        time.sleep(_LOOK_S)
    for one in rig.watched.values():
        one.look()


def say(text: str) -> None:
    """Progress, beside the table that goes to standard output."""
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


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
        ("CPU of ingest until it is ready [s]", *each(lambda d: d.start_s, 1)),
        ("memory, ingest before the first message [MB]", *each(lambda d: d.start_mb)),
        ("memory, mosquitto [MB]", *each(lambda d: d.memory_mb["mosquitto"])),
        ("memory, ingest [MB]", *each(lambda d: d.memory_mb["ingest"])),
        ("memory, influxd [MB]", *each(lambda d: d.memory_mb["influxd"])),
        ("memory, simulate [MB]", *each(lambda d: d.memory_mb["simulate"])),
        ("memory, analyze with its children [MB]", *each(lambda d: d.memory_mb["analyze"])),
        ("the night's run [s]", *each(lambda d: d.analyze_s)),
        ("… its CPU, analyze [s]", *each(lambda d: d.cpu_s["analyze"])),
        ("… its CPU, influxd [s]", *each(lambda d: d.cpu_s["influxd, analyze"])),
        ("… metrics written", *each(lambda d: d.metrics)),
        ("disk, InfluxDB [MB]", *each(lambda d: d.disk_mb)),
        ("… a reading, with rollups and metrics [bytes]", *each(lambda d: 1e6 * d.disk_mb / d.readings, 1)),
    ]


def kept(rooms: int) -> Path | None:
    """Where the figures of a day that is done are kept, if SCALE_KEEP asks for it."""
    folder = os.environ.get("SCALE_KEEP")
    return Path(folder) / f"{rooms}-rooms.json" if folder else None


def measured(rooms: int) -> Day:
    """The day of so many rooms: played now, or as it was kept."""
    file = kept(rooms)
    if file is not None and file.exists():
        say(f"{rooms} rooms: taken from {file}")
        return Day(**json.loads(file.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory(prefix="scale-") as name, ExitStack() as stack:
        day = day_of(rooms, Path(name), stack)
    say(f"{rooms} rooms: {day}")
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(day)), encoding="utf-8")
    return day


def judge(small: Day, large: Day) -> None:
    """What a room costs in both, and whether that is the same."""
    heads = f"{small.rooms:,} rooms | {large.rooms:,} rooms"
    print(f"\n| a room and day | {heads} | ratio |\n|---|--:|--:|--:|")
    for name, few in small.a_room.items():
        unit = "disk [kB]" if name == "disk" else f"CPU, {name} [ms]"
        many = large.a_room[name]
        print(f"| {unit} | {few:,.2f} | {many:,.2f} | {many / few:.2f} |")
    ratio = (sum(large.cpu_s.values()) / large.rooms) / (sum(small.cpu_s.values()) / small.rooms)
    word = "met" if ratio <= LIMIT_RATIO else "MISSED"
    print(f"| **CPU, all together** | | | **{ratio:.2f}** |")
    print(f"\nJudged is the CPU time of all parts together a room: {ratio:.2f}, at most {LIMIT_RATIO}:")
    print(f"**{word}**. Load at the end {os.getloadavg()[0]:.1f}: trust CPU time, not seconds.")
    print(json.dumps({"benchmark": "scale", "ratio": round(ratio, 3), "limit_ratio": LIMIT_RATIO}))


def main() -> None:
    """Play both days and print the tables."""
    if 2 not in programs():
        sys.exit("this needs an influxd 2.x on PATH")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # with all that was started
    days = [measured(rooms) for rooms in SIZES]
    print("A school day of rooms that report every 5 minutes; the towns were done at", end=" ")
    print(" and ".join(day.at for day in days) + ".\n")
    print(f"| a day of | {' | '.join(f'{day.rooms:,} rooms' for day in days)} |\n|---|{'--:|' * len(days)}")
    for text, values, digits in rows(days):
        print(f"| {text} | {' | '.join(f'{value:,.{digits}f}' for value in values)} |")
    judge(*days)


if __name__ == "__main__":
    main()
