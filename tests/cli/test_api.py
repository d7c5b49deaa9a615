"""``classroom-climate api``: an API process beside a store that another one fills."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from lives import influx_settings
from typer.testing import CliRunner

from api.access.file import AccessFile
from api.access.tokens import Tokens
from classroom.access import Grant, Role
from classroom.reading import Reading
from cli.app import app
from cli.site import access_file
from ingest.imports.mapping import shipped
from running import TABLES, Running, command, environment, free_ports, until
from store.influx_server import Address
from store.influx_store import InfluxStore


def site(folder: Path, settings: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "classroom.toml").write_text(settings)


@pytest.mark.parametrize("part", ["api", "ingest"])
def test_a_file_belongs_to_one_process(tmp_path: Path, part: str) -> None:
    site(tmp_path, "")
    result = CliRunner().invoke(app, [part, "--site", str(tmp_path)])
    assert result.exit_code == 2
    assert "use classroom-climate run" in " ".join(result.output.split())


@pytest.fixture
def start(bucket: Address, tmp_path: Path) -> Iterator[Callable[[], Running]]:
    """Starts an ``api`` on the one site and bucket; again for another beside it."""
    folder, started = tmp_path / "site", list[Running]()
    site(folder, influx_settings(folder, bucket))
    (folder / "write.token").unlink()

    def begin() -> Running:
        port = free_ports(1)
        process = subprocess.Popen(
            command("api", "--site", folder, "--port", str(port)),
            env=environment(),
            stderr=(folder / "log").open("a"),
        )
        started.append(Running(folder, port, process))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.kill()


@pytest.mark.server
def test_two_show_what_another_process_stores_and_write_nothing(
    bucket: Address, start: Callable[[], Running]
) -> None:
    running, other = start(), start()
    until(lambda: running.ready() and other.ready(), "both are ready", 300)
    now = "/api/v1/schools/lindhaga/rooms/101/now"
    with closing(InfluxStore(bucket)) as store:
        for minutes, ppm in ((2, 700.0), (1, 900.0)):
            at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)
            store.write_readings([Reading("lindhaga/air", "co2_ppm", at, ppm)])
            for one in (running, other):
                until(
                    lambda ppm=ppm, one=one: [value["value"] for value in one.get(now)["values"]] == [ppm],  # type: ignore[misc]
                    f"{ppm} ppm arrives",
                )
    purge = f"http://127.0.0.1:{running.port}/api/v1/dead-letters/purge"
    assert httpx.post(purge, json={}, timeout=60).status_code == 405  # only GET of a letter is there
    form = f"http://127.0.0.1:{running.port}/schools/lindhaga/experiments"
    assert httpx.post(form, data={"action": "x"}, timeout=60).status_code == 405
    assert 'method="post"' not in httpx.get(form, timeout=60).text
    waits_for_the_one_that_ingests(running, other)
    assert (running.stop(), other.stop()) == (0, 0)


def waits_for_the_one_that_ingests(running: Running, other: Running) -> None:
    """A file that is handed in lies in the import folder, complete, under the id that was told; the other
    knows token and file too."""
    with closing(AccessFile(access_file(running.folder))) as file:
        grant = Grant(role=Role.ADMIN, schools=("*",))
        _, token = Tokens(file).create(grant, "test", datetime.now(UTC), None)
    source, content = shipped()[0], b"anything"
    with httpx.Client(
        base_url=f"http://127.0.0.1:{running.port}/api/v1/imports",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    ) as client:
        taken = client.put(f"/{source}/values.csv", content=content)
        assert taken.status_code == 202, taken.text
        name = taken.json()["id"]
        there = f"http://127.0.0.1:{other.port}/api/v1/imports/{name}"
        assert client.get(there).json()["state"] == "waiting"
    assert (running.folder / "imports" / source / name).read_bytes() == content
