"""The server profile as processes of this machine, on exactly the commands and environments of the compose
file: a simulated town speaks to mosquitto, and the API tells what the town's truth says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from composed import Composed, init
from influx import Server, programs, server_url
from mosquitto import PROGRAM, missing

from running import command, free_ports, until
from store.influx_server import Address

pytestmark = [pytest.mark.server, pytest.mark.timeout(900)]

ORG, BUCKET, URL = "classroom-climate", "classroom-climate", "http://influxdb:8086"


@pytest.fixture
def kind() -> str:
    """2.x where there is one, else 1.x behind the shim."""
    return "influx2" if 2 in programs() or server_url() else "influx1"


@pytest.fixture
def address(servers: Callable[[str], Server], kind: str) -> Iterator[Address]:
    with servers(kind).bucket() as address:
        yield address


@pytest.fixture
def composed(
    tmp_path: Path, servers: Callable[[str], Server], kind: str, address: Address
) -> Iterator[Composed]:
    """Broker and store as the file has them: init, mosquitto's mounted configuration, the store's job."""
    if missing():
        pytest.skip(missing())
    assert PROGRAM is not None
    folder, port = tmp_path / "project", free_ports(4)
    init(folder, "--town")
    names = {
        "mosquitto": "localhost", "8883": str(port), "0.0.0.0": "127.0.0.1",  # noqa: S104 - not listened on
        URL: address.url, f"--url={URL}": f"--url={address.url}",
        f"--org={ORG}": f"--org={address.org}", f"--bucket={BUCKET}": f"--bucket={address.bucket}",
    }  # fmt: skip
    made = Composed(folder, names, {"ingest": port + 1, "analyze": port + 2, "api": port + 3})
    for service in ("ingest", "analyze", "api", "simulator"):
        made.services[service]["environment"] |= {
            "CLASSROOM_STORE__ORG": address.org, "CLASSROOM_STORE__BUCKET": address.bucket,
        }  # fmt: skip
    try:
        broker = made.start_mosquitto(PROGRAM, port)
        if kind == "influx2":
            (folder / "secrets" / "influxdb_admin_token").write_text(servers(kind).token)
            made.run("store")
            made.run("store")
            assert "nothing was changed" in made.log("store")
        else:
            for action in ("read", "write"):
                (folder / "secrets" / f"store-{action}" / f"influxdb-{action}.token").write_text("none asked")
        assert broker.poll() is None, made.log("mosquitto")
        yield made
    finally:
        made.stop()


def get(composed: Composed, path: str, **query: Any) -> Any:
    token = (composed.folder / "secrets" / "grafana_api_token").read_text()
    url = f"http://127.0.0.1:{composed.ports['api']}/api/v1{path}"
    headers = {"Authorization": f"Bearer {token}", "Host": "api:8000"}
    return httpx.get(url, params=query, headers=headers, timeout=60).raise_for_status().json()


def ready(composed: Composed, *services: str) -> None:
    for service in services:
        until(lambda s=service: composed.is_healthy(s), f"{service} is healthy", 300)  # type: ignore[misc]


def test_the_whole_profile_ends_with_the_towns_truth(composed: Composed) -> None:
    assert not composed.is_healthy("ingest")
    started = {service: composed.start(service) for service in ("ingest", "analyze", "api")}
    ready(composed, *started)
    truth = composed.folder / "truth.jsonl"
    composed.run("simulator", "--no-live", "--truth", str(truth))
    rows = [json.loads(line) for line in truth.open()]
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    has_true_energy(composed, rows, end - timedelta(days=2), end)
    has_true_air(composed, rows, end - timedelta(days=2), end)
    lets_in_whom_it_should(composed)
    doctor_knows_where_to_ask(composed)
    composed.started[0].terminate()  # mosquitto
    until(lambda: not composed.is_healthy("ingest"), "ingest notices that its broker is gone", 60)
    assert composed.is_healthy("analyze")
    for service, process in started.items():
        process.terminate()
        assert process.wait(60) == 0, composed.log(service)
    assert (composed.folder / "site" / "data" / "spool.sqlite").exists()


def has_true_energy(composed: Composed, rows: list[dict[str, Any]], start: datetime, end: datetime) -> None:
    def hours(carrier: str) -> dict[str, float]:
        span = {"from": start.isoformat(), "to": end.isoformat()}
        points = get(composed, "/schools/almgarden/metrics", interval="hour", metric="energy_kwh", **span)
        ours = [point for point in points if point["carrier"] == carrier and point["value"] is not None]
        return {point["time"]: point["value"] for point in ours}

    wanted = (end - start) // timedelta(hours=1)
    carriers = ("electricity", "district_heat")
    until(lambda: all(len(hours(carrier)) == wanted for carrier in carriers), "every hour's metrics", 300)
    for carrier in carriers:
        true = sum(row[f"{carrier}_kwh"] for row in within(rows, "schools", start, end))
        assert sum(hours(carrier).values()) == pytest.approx(true, rel=0.01), carrier


def has_true_air(composed: Composed, rows: list[dict[str, Any]], start: datetime, end: datetime) -> None:
    asked = {"quantity": "co2_ppm", "interval": "hour", "from": start.isoformat(), "to": end.isoformat()}
    points = get(composed, "/schools/almgarden/rooms/4b/series", **asked)["points"]
    told = {datetime.fromisoformat(point["time"]): point["value"] for point in points}
    off = [
        abs(told[datetime.fromisoformat(row["time"])] - row["co2_at_sensor_ppm"])
        - 0.02 * row["co2_at_sensor_ppm"]
        for row in within(rows, "rooms", start, end)
        if row["room"] == "4b"
    ]
    assert len(off) == (end - start) // timedelta(hours=1)
    assert sum(off) / len(off) < 25  # the sensor's own error is up to 20 ppm + 2 %


def within(rows: list[dict[str, Any]], table: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    return [
        row for row in rows if row["table"] == table and start <= datetime.fromisoformat(row["time"]) < end
    ]


def lets_in_whom_it_should(composed: Composed) -> None:
    base = f"http://127.0.0.1:{composed.ports['api']}"
    assert httpx.get(f"{base}/healthz", headers={"Host": "evil.example"}).status_code == 400
    assert httpx.get(f"{base}/api/v1/schools").status_code == 401


def doctor_knows_where_to_ask(composed: Composed) -> None:
    doctor = subprocess.run(
        command("doctor"), env=composed.environment("ingest"), capture_output=True, text=True, check=False
    )
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert "service: imports" in doctor.stdout
    assert "by analyze" in doctor.stdout
