"""How long the demo takes: to a filled page, to a first live value, to the whole history stored.

Runs ``classroom-climate demo`` (60 days; 3 with QUICK=1) in a fresh folder and looks at it from outside.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

DAYS = 3 if os.environ.get("QUICK") == "1" else 60
LONGEST_S = 300


def free_port() -> int:
    """A free port with two free ones behind it, most likely."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def counts(base: str) -> dict[str, float]:
    """Counters of the running demo, by name; dead letters summed over their reasons."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(httpx.get(f"{base}/metrics").text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


def seconds_until(began: float, true: Callable[[], bool]) -> float:
    """Seconds from ``began`` to the moment something is true.

    Raises:
        TimeoutError: it did not become true.
    """
    while not true():
        if time.monotonic() - began > LONGEST_S:
            raise TimeoutError(f"not within {LONGEST_S} s")
        time.sleep(0.1)
    return time.monotonic() - began


def page_is_filled(base: str) -> bool:
    """Whether the school's page shows this or last week's kWh and kgCO2e and each room's value."""
    try:
        page = httpx.get(f"{base}/schools/almgarden", timeout=10).text
        points = httpx.get(f"{base}/api/v1/schools/almgarden/metrics?interval=day", timeout=10).json()
    except httpx.TransportError:
        return False
    lines = ("emissions_kgco2e", "emissions_lifecycle_kgco2e")  # heat's factor is a life cycle's
    valued = {point["carrier"] for point in points if point["metric"] in lines and point["value"]}
    return "CO₂e" in page and {"electricity", "district_heat"} <= valued


def newest(base: str) -> datetime:
    """Time of the newest CO2 reading of the school's rooms, as the API gives it."""
    with httpx.Client(base_url=f"{base}/api/v1/schools/almgarden/rooms", timeout=10) as client:
        rooms = [client.get(f"/{room}/now").json()["values"] for room in ("1a", "4b", "7a", "8c", "no")]
    return max(
        datetime.fromisoformat(v["time"]) for room in rooms for v in room if v["quantity"] == "co2_ppm"
    )


def main() -> None:
    """Run the demo once and print the table."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        arguments = ["--days", str(DAYS), "--port", str(port), "--mqtt-port", str(port + 1)]
        command = [sys.executable, "-m", "cli.main", "demo", *arguments, "--data-dir", f"{folder}/demo"]
        began = time.monotonic()
        with log.open("w") as errors:
            demo = subprocess.Popen(command, stderr=errors, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
        filled = seconds_until(began, lambda: page_is_filled(base))
        live_from, filled_at = time.monotonic(), datetime.now(UTC)
        live = seconds_until(live_from, lambda: newest(base) > filled_at)
        whole = seconds_until(began, lambda: "are stored and computed" in log.read_text())
        seconds_until(time.monotonic(), lambda: counts(base)["classroom_spool_depth"] == 0)
        now = counts(base)
        demo.send_signal(signal.SIGINT)
        ended = demo.wait(30)
    print(f"| demo of {DAYS} days, one school of six rooms and two meters | |\n|---|---|")
    print(f"| page filled (kWh and kgCO2e of both carriers) | {filled:.1f} s after the start |")
    print(f"| first reading taken after that, served by the API | {live:.1f} s later |")
    print(f"| whole history stored and computed | {whole:.1f} s after the start |")
    for name in ("received", "spooled", "acknowledged", "stored"):
        print(f"| messages {name} | {now[f'classroom_messages_{name}_total']:.0f} |")
    print(f"| dead letters | {now.get('classroom_dead_letters_total', 0):.0f} |")
    print(f"| exit code after Ctrl-C | {ended} |")


if __name__ == "__main__":
    main()
