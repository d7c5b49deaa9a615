"""A site on InfluxDB: made by ``store init``, run on it, moved to a file and back by ``store copy``."""

from __future__ import annotations

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

ALWAYS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


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
        settings=f"[store]\nkind = 'influxdb'\nurl = '{server.url}'\norg = 'tests'\nbucket = '{bucket}'\n"
        "write_token_file = 'influxdb-write.token'\nread_token_file = 'influxdb-read.token'\n"
    )
    base = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    paho.mqtt.publish.multiple(
        [
            {
                "topic": "classroom/lindhaga/101/air",
                "payload": json.dumps(
                    {"co2_ppm": 600 + n, "time": (base + timedelta(minutes=n)).isoformat()}
                ),
                "qos": 1,
            }
            for n in range(120)
        ],
        port=broker.port,
    )
    until(lambda: running.stored_all(120), "120 messages stored")
    day = {
        "from": base.date(),
        "to": base.date() + timedelta(days=2),
        "interval": "hour",
        "quantity": "co2_ppm",
    }
    path = "/api/v1/schools/lindhaga/rooms/101/series"
    until(lambda: len(running.get(path, **day)["points"]) >= 2, "hourly rollups")
    assert running.stop() == 0
    place = server.url.removeprefix("http://")
    tokens = "&".join(f"{kind}={tmp_path}/site/influxdb-{kind}.token" for kind in ("write", "read"))
    url, file = f"influxdb://{place}/tests/{bucket}?{tokens}", tmp_path / "moved.duckdb"
    told = climate("store", "copy", "--from", url, "--to", f"duckdb:{file}", "--site", running.folder)
    assert "readings: 120 compared equal, 120 of them copied now" in told
    with closing(DuckDBStore(file)) as store:
        found = store.read_readings(["lindhaga/air"], None, *ALWAYS)
        assert list(found["value"]) == [600.0 + n for n in range(120)]
        assert len(store.read_hours(["lindhaga/air"], None, *ALWAYS)) >= 2
    told = climate("store", "copy", "--from", f"duckdb:{file}", "--to", url, "--site", running.folder)
    assert "readings: 120 compared equal, 0 of them copied now" in told


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
