"""A real room's recording, shifted to end today and sent over MQTT, comes out of the API as it went in."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from subprocess import CompletedProcess

import pytest

from running import SHARED, Start, until


def test_uci_occupancy_room(start: Start, replay: Callable[[str], CompletedProcess[str]]) -> None:
    file = SHARED / "occupancy" / "uci_datatest.csv"
    if not file.exists():
        pytest.skip(f"{file} is not there: it is shared data, not part of the project")
    with file.open(newline="") as lines:
        # The header has no name for the row number in front.
        rows = [row[1:] for row in csv.reader(lines)][1:]
    times = [datetime.fromisoformat(row[0]).replace(tzinfo=UTC) for row in rows]
    shift = datetime.now(UTC).replace(microsecond=0) - times[-1]
    expected = {
        (time + shift).isoformat(): (float(row[4]), float(row[1]), float(row[2]))
        for time, row in zip(times, rows, strict=True)
    }
    running = start()

    outcome = replay(
        "\n".join(
            json.dumps(
                {
                    "topic": "classroom/lindhaga/101/air",
                    "payload": json.dumps(
                        {"time": at, "co2_ppm": co2, "temperature_c": temperature, "humidity_pct": humidity}
                    ),
                }
            )
            for at, (co2, temperature, humidity) in expected.items()
        )
    )

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    until(lambda: running.stored_all(len(expected)), "all are stored")
    first = times[0] + shift
    for index, quantity in enumerate(("co2_ppm", "temperature_c", "humidity_pct")):
        got: dict[str, float] = {}
        for day in range((datetime.now(UTC) - first).days + 1):
            begin = first + timedelta(days=day)
            answer = running.get(
                "/api/v1/schools/lindhaga/rooms/101/series",
                quantity=quantity,
                **{"from": begin.isoformat(), "to": (begin + timedelta(days=1)).isoformat()},
            )
            got |= {
                datetime.fromisoformat(point["time"]).isoformat(): point["value"]
                for point in answer["points"]
                if point["value"] is not None
            }
        assert got == {at: values[index] for at, values in expected.items()}
