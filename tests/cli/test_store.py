"""A site on InfluxDB: made by ``store init``, run on it, moved to a file and back by ``store copy``."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.publish
import pytest
from influx import Server

from ingest.embedded import EmbeddedBroker
from running import Start, command, environment, until
from store.duckdb_store import DuckDBStore

ODD = ('x" OR 1=1 --', "å,ä = ö\\")
"""Names of schools and rooms, and what their devices call themselves in topics."""

SCHOOLS = {
    "schools.csv": [["key", "name"], ["a", ODD[0]], ["b", ODD[1]]],
    "rooms.csv": [["school", "key", "name"], ["a", "101", ODD[0]], ["b", "101", ODD[1]]],
    "devices.csv": [
        ["key", "school", "room", "interval_s"],
        [f"{ODD[0]}/air", "a", "101", "60"],
        [f"{ODD[1]}/air", "b", "101", "60"],
    ],
}

ALWAYS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def table(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def climate(*arguments: str | Path) -> str:
    """Run a command that must succeed; gives what it told."""
    done = subprocess.run(command(*arguments), env=environment(), capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.server
@pytest.mark.slow
def test_a_site_runs_on_influxdb_and_moves_to_a_file(
    start: Start, broker: EmbeddedBroker, servers: Callable[[str], Server], tmp_path: Path
) -> None:
    server = servers("influx2")
    (tmp_path / "site").mkdir()
    admin, bucket = tmp_path / "admin", f"b{tmp_path.name}"
    admin.write_text(server.token)
    made = ["--url", server.url, "--admin-token-file", admin, "--org", "tests", "--bucket", bucket]
    climate("store", "init", *made, "--folder", tmp_path / "site")
    assert (tmp_path / "site" / "influxdb-write.token").stat().st_mode & 0o777 == 0o600
    running = start(
        {name: table(rows) for name, rows in SCHOOLS.items()},
        settings=f"[store]\nkind = 'influxdb'\nurl = '{server.url}'\norg = 'tests'\nbucket = '{bucket}'\n"
        "write_token_file = 'influxdb-write.token'\nread_token_file = 'influxdb-read.token'\n",
    )
    base = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    values = {ODD[0]: 600, ODD[1]: 1600}
    paho.mqtt.publish.multiple(
        [
            {
                "topic": f"classroom/{name}/101/air",
                "payload": json.dumps(
                    {"co2_ppm": first + n, "time": (base + timedelta(minutes=n)).isoformat()}
                ),
                "qos": 1,
            }
            for n in range(120)
            for name, first in values.items()
        ],
        port=broker.port,
    )
    until(lambda: running.stored_all(240), "240 messages stored")
    day = {
        "from": base.date(),
        "to": base.date() + timedelta(days=2),
        "interval": "hour",
        "quantity": "co2_ppm",
    }
    assert [school["name"] for school in running.get("/api/v1/schools")] == list(ODD)
    for school, (name, first) in zip("ab", values.items(), strict=True):
        path = f"/api/v1/schools/{school}/rooms/101"
        until(lambda path=path: len(running.get(f"{path}/series", **day)["points"]) >= 2, "hourly rollups")
        means = [point["value"] for point in running.get(f"{path}/series", **day)["points"]]
        assert all(first <= mean < first + 120 for mean in means if mean is not None)
        (now,) = running.get(f"{path}/now")["values"]
        assert (now["device"], now["value"]) == (f"{name}/air", first + 119)
    assert running.stop() == 0
    place = server.url.removeprefix("http://")
    tokens = "&".join(f"{kind}={tmp_path}/site/influxdb-{kind}.token" for kind in ("write", "read"))
    url, file = f"influxdb://{place}/tests/{bucket}?{tokens}", tmp_path / "moved.duckdb"
    told = climate("store", "copy", "--from", url, "--to", f"duckdb:{file}", "--site", running.folder)
    assert "readings: 240 compared equal, 240 of them copied now" in told
    with closing(DuckDBStore(file)) as store:
        for name, first in values.items():
            found = store.read_readings([f"{name}/air"], None, *ALWAYS)
            assert list(found["value"]) == [float(first + n) for n in range(120)]
            assert len(store.read_hours([f"{name}/air"], None, *ALWAYS)) >= 2
        assert list(store.marks().watermarks.values()) == [240]
    told = climate("store", "copy", "--from", f"duckdb:{file}", "--to", url, "--site", running.folder)
    assert "readings: 240 compared equal, 0 of them copied now" in told


def test_a_store_that_cannot_be_named_is_refused(tmp_path: Path, start: Start) -> None:
    del start
    (tmp_path / "classroom.toml").write_text("[store]\nkind = 'influxdb'\n")
    refused = subprocess.run(
        command("run", "--site", tmp_path), env=environment(), capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert "write_token_file" in refused.stderr
    (tmp_path / "classroom.toml").write_text("")
    asked = command("store", "copy", "--site", tmp_path, "--from", "mysql://x", "--to", "duckdb:b")
    refused = subprocess.run(asked, env=environment(), capture_output=True, text=True)
    assert refused.returncode == 1
    assert "duckdb:PATH" in refused.stderr
