"""On a disk that is really full: what was acknowledged is kept, what cannot be kept is not acknowledged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from disk import NoDiskError, SmallDisk, small_disk
from lives import elsewhere

from classroom.settings import Settings
from ingest.letters import LettersError
from ingest.spool import SpoolError
from store.base import StoreError
from store.duckdb_store import DuckDBStore


@pytest.fixture
def make_disk(tmp_path: Path) -> Iterator[Callable[[int], SmallDisk]]:
    """Mount a disk of some megabytes."""
    with ExitStack() as stack:

        def make(megabytes: int) -> SmallDisk:
            try:
                return stack.enter_context(small_disk(tmp_path / "disk", megabytes))
            except NoDiskError as refused:
                pytest.skip(str(refused))

        yield make


@pytest.fixture
def roomy_store(tmp_path: Path) -> Any:
    """A store on the machine's own disk."""
    return lambda: closing(DuckDBStore(tmp_path / "store.duckdb"))


@pytest.fixture
def bare(settings: Settings, changed: Any) -> Any:
    """Settings without a reserve: the disk is full when it is full."""
    return changed(settings, ingest={"spool_reserve_mb": 0})


def messages(root: str, first: int, count: int, padding: int = 0) -> list[tuple[str, str]]:
    """Numbered messages; every third has no time."""
    base = datetime.now(UTC) - timedelta(days=1)
    return [
        (
            f"classroom/{root}/1/d",
            json.dumps(
                {"energy_kwh": n, "note": "x" * padding}
                | ({"time": (base + timedelta(seconds=n)).isoformat()} if n % 3 else {})
            ),
        )
        for n in range(first, first + count)
    ]


def numbers(rig: Any, root: str) -> list[int]:
    return sorted(int(reading.value) for reading in rig.readings(f"{root}/d"))


def told(rig: Any, part: str) -> str:
    (message,) = [check.message for check in rig.pipeline.health() if check.name == part]
    return str(message)


def changes(caplog: pytest.LogCaptureFixture, part: str) -> Sequence[str]:
    """What the log says about a part, which should be one line a change."""
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith(f"{part}: ")]


def test_a_full_disk_of_the_spool_stops_acknowledging(
    run: Any,
    bare: Any,
    publisher: Any,
    root: str,
    make_disk: Any,
    roomy_store: Any,
    wait: Any,
    caplog: Any,
) -> None:
    disk = make_disk(32)
    with roomy_store() as store, run(bare, store=store, folder=disk.folder) as rig:
        publisher.publish(messages(root, 0, 50))
        rig.settled(50)
        disk.fill()
        publisher.publish(messages(root, 50, 300, padding=20_000))  # 6 MB, more than the spool's log holds
        wait(lambda: not rig.health()["spool"], "the spool says that it is full")
        acknowledged = rig.count("messages_acknowledged_total")
        assert acknowledged < 350
        assert rig.count("messages_spooled_total") == acknowledged
        assert rig.count("messages_unacknowledged") > 0
        assert "disk is full" in told(rig, "spool")
        assert "spool.sqlite" in told(rig, "spool")
        disk.free()
        rig.settled(350)
        wait(lambda: rig.health()["spool"], "there is room again")
        assert rig.count("messages_acknowledged_total") == 350
        assert numbers(rig, root) == list(range(350))
    stopped, goes_on = changes(caplog, "spool")
    assert "acknowledging stops" in stopped
    assert "acknowledging goes on" in goes_on


def test_the_spool_leaves_the_store_room_to_empty_it(
    run: Any,
    settings: Any,
    changed: Any,
    publisher: Any,
    root: str,
    make_disk: Any,
    make_absent: Any,
    wait: Any,
) -> None:
    """One disk for all, full of spooled messages when the store comes back: nobody has to free anything."""
    disk = make_disk(12)
    absent = make_absent(disk.folder / "store.duckdb")
    with run(changed(settings, ingest={"spool_reserve_mb": 5}), store=absent, folder=disk.folder) as rig:
        absent.away = True
        publisher.publish(messages(root, 0, 600, padding=20_000))
        wait(lambda: not rig.health()["spool"], "the spool says that it is full")
        assert "ingest.spool_reserve_mb" in told(rig, "spool")
        assert rig.count("messages_acknowledged_total") < 600
        absent.away = False
        rig.settled(600, 60)
        assert numbers(rig, root) == list(range(600))


def test_a_full_disk_of_the_store_leaves_messages_in_the_spool(
    run: Any, settings: Any, publisher: Any, root: str, make_disk: Any, wait: Any, caplog: Any
) -> None:
    disk = make_disk(16)
    with closing(DuckDBStore(disk.folder / "store.duckdb")) as store, run(settings, store=store) as rig:
        publisher.publish(messages(root, 0, 500))
        rig.settled(500)
        disk.fill()
        publisher.publish(messages(root, 500, 2_000))
        wait(lambda: not rig.health()["store"], "the store says that it cannot")
        wait(lambda: rig.count("messages_acknowledged_total") == 2_500, "all are acknowledged")
        assert rig.health()["spool"]
        assert "No space left on device" in told(rig, "store")
        assert "store.duckdb" in told(rig, "store")
        assert rig.count("readings_stored_total") == len(numbers(rig, root)) < 2_500
        disk.free()
        rig.settled(2_500, 60)
        assert rig.count("readings_stored_total") == 2_500
        assert numbers(rig, root) == list(range(2_500))
    gone, back = changes(caplog, "store")
    assert "cannot serve" in gone
    assert back == "store: it serves again"


def test_a_full_disk_of_the_dead_letters_holds_their_messages_back(
    run: Any,
    settings: Any,
    publisher: Any,
    root: str,
    make_disk: Any,
    roomy_store: Any,
    tmp_path: Path,
    wait: Any,
    caplog: Any,
) -> None:
    disk = make_disk(4)
    elsewhere(disk.folder, tmp_path / "spool", ["spool.sqlite"])
    bad = [(f"classroom/{root}/1/d", f"not JSON {n}: " + "x" * 20_000) for n in range(100)]
    with roomy_store() as store, run(settings, store=store, folder=disk.folder) as rig:
        publisher.publish([*messages(root, 0, 20), *bad[:10]])
        rig.settled(30)
        disk.fill()
        publisher.publish([*messages(root, 20, 200), *bad[10:]])
        wait(lambda: not rig.health()["store"], "it says that dead letters cannot be kept")
        assert "dead letters cannot be kept: database or disk is full" in told(rig, "store")
        assert rig.count("dead_letters_total", reason="not_json") == 10
        assert rig.count("readings_stored_total") == len(numbers(rig, root))
        disk.free()
        wait(lambda: rig.count("dead_letters_total", reason="not_json") == 100, "every letter is kept")
        wait(lambda: rig.count("messages_stored_total") == 220, "every reading is stored")
        assert rig.pipeline.letters.count_by_reason() == {"not_json": 100}
        assert numbers(rig, root) == list(range(220))
    assert len(changes(caplog, "store")) == 2


def test_one_full_disk_for_all_loses_nothing_over_a_restart(
    run: Any, bare: Any, publisher: Any, root: str, make_disk: Any, wait: Any
) -> None:
    """Spool, store and letters on a disk that is full when the process ends, and when it starts again."""
    disk = make_disk(24)
    bad = [(f"classroom/{root}/1/d", f"not JSON {n}") for n in range(20)]
    path = disk.folder / "store.duckdb"
    with closing(DuckDBStore(path)) as store, run(bare, store=store, folder=disk.folder) as rig:
        publisher.publish([*messages(root, 0, 300), *bad[:10]])
        rig.settled(310)
        disk.fill()
        publisher.publish([*messages(root, 300, 300, padding=20_000), *bad[10:]])
        wait(lambda: not rig.health()["spool"], "the spool says that it is full")
    disk.fill()
    with ExitStack() as stack, pytest.raises((SpoolError, LettersError, StoreError), match=r"room|space"):
        stack.enter_context(
            run(bare, store=stack.enter_context(closing(DuckDBStore(path))), folder=path.parent)
        )
    disk.free()
    with closing(DuckDBStore(path)) as store, run(bare, store=store, folder=disk.folder) as rig:
        wait(lambda: len(numbers(rig, root)) >= 600, "all are stored")
        wait(lambda: sum(rig.pipeline.letters.count_by_reason().values()) == 20, "every letter is kept")
        assert numbers(rig, root) == list(range(600))
