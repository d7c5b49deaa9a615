"""The backups that docs/storage.md describes, made and put back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from influx import free_ports, influx2_process, programs, set_up

from classroom.reading import Reading
from store.base import Store, Watermark, Written
from store.duckdb_store import DuckDBStore
from store.influx_server import Address
from store.influx_store import InfluxStore

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALWAYS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def write(store: Store, first: int, count: int) -> None:
    store.write_readings(
        [
            Reading("s/a", "co2_ppm", NOON + timedelta(minutes=n), float(n))
            for n in range(first, first + count)
        ],
        Watermark("spool", first + count),
    )


def assert_stands_at(store: Store, count: int) -> None:
    """As after ``count`` readings; and it goes on from there."""
    assert list(store.read_readings(["s/a"], None, *ALWAYS)["value"]) == list(range(count))
    assert store.watermark("spool") == count
    cursor = store.changed("backup").cursor
    again = Reading("s/a", "co2_ppm", NOON, 0.0)
    assert store.write_readings([again, again._replace(time=NOON - timedelta(days=1))]) == Written(1, 1)
    store.advance("backup", cursor)
    assert len(store.changed("backup").hours) == 1


def test_a_file_is_copied_while_stopped_and_put_back(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    data.mkdir()
    with closing(DuckDBStore(data / "classroom.duckdb")) as store:
        write(store, 0, 100)
    shutil.copytree(data, backup)
    with closing(DuckDBStore(data / "classroom.duckdb")) as store:
        write(store, 100, 100)
    shutil.rmtree(data)
    shutil.copytree(backup, data)
    with closing(DuckDBStore(data / "classroom.duckdb")) as store:
        assert_stands_at(store, 100)


@contextmanager
def influxd(folder: Path) -> Iterator[str]:
    with influx2_process(folder, free_ports(1)) as (url, _):
        yield url


@pytest.mark.server
def test_a_servers_folder_is_copied_while_stopped_and_put_back(tmp_path: Path) -> None:
    if 2 not in programs():
        pytest.skip("no influxd 2.x on PATH")
    data, backup = tmp_path / "influxdb", tmp_path / "backup"
    data.mkdir()
    with influxd(data) as url:
        server = set_up(url, data)
        bucket = server.bucket()
        old = bucket.__enter__()  # left as it is: the server goes first
        with closing(InfluxStore(old)) as store:
            write(store, 0, 100)
    shutil.copytree(data, backup)
    with influxd(data) as url, closing(InfluxStore(moved(old, url))) as store:
        write(store, 100, 100)
    shutil.rmtree(data)
    shutil.copytree(backup, data)
    with influxd(data) as url, closing(InfluxStore(moved(old, url))) as store:
        assert_stands_at(store, 100)


def moved(address: Address, url: str) -> Address:
    """The same bucket and tokens at another port."""
    return Address(url, address.org, address.bucket, address.write_token, address.read_token)
