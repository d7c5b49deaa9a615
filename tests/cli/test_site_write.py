"""Writing tables: all or none whatever happens, and nothing over somebody else's change."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import pytest

from classroom.faults import ConfigurationError
from cli import site_write
from cli.site import read_texts
from cli.site_change import JOURNAL
from cli.site_write import write_tables

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
BEFORE = {"classroom.toml": "", "buildings.csv": "school,key,name\n", "rooms.csv": "school,key,name\n"}
AFTER = {**BEFORE, "buildings.csv": "school,key,name\nn,h,H\n", "rooms.csv": "school,key,name\nn,a,A\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in BEFORE.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_tables_are_written_and_kept_with_their_mode(folder: Path) -> None:
    (folder / "rooms.csv").chmod(0o640)
    backup = write_tables(folder, BEFORE, AFTER, NOW)
    assert read_texts(folder) == AFTER
    assert (folder / "rooms.csv").stat().st_mode & 0o777 == 0o640
    assert backup is not None
    kept = {path.name: path.read_text(encoding="utf-8") for path in backup.iterdir()}
    assert kept == {name: BEFORE[name] for name in ("buildings.csv", "rooms.csv")}
    assert write_tables(folder, AFTER, AFTER, NOW) is None
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_the_last_changes_are_kept_and_nothing_else_is_deleted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_write, "KEPT", 3)
    (folder / "backups" / "before-the-move").mkdir(parents=True)
    texts = [f"school,key,name\nn,a,{n}\n" for n in range(5)]
    made = []
    for n, text in enumerate(texts):
        made.append(write_tables(folder, read_texts(folder), {"rooms.csv": text}, NOW + timedelta(days=n)))
    kept = sorted((folder / "backups").iterdir())
    assert kept == [*made[-3:], folder / "backups" / "before-the-move"]
    assert (kept[0] / "rooms.csv").read_text(encoding="utf-8") == texts[1]


def test_somebody_elses_change_is_not_written_over(folder: Path) -> None:
    (folder / "meters.csv").write_text("school,key,name,carrier\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"meters\.csv.*run the command again"):
        write_tables(folder, BEFORE, AFTER, NOW)
    assert {**read_texts(folder), "meters.csv": ""} == {**BEFORE, "meters.csv": ""}


def test_what_cannot_be_written_changes_nothing(folder: Path) -> None:
    (folder / ".rooms.csv.new").mkdir()  # in the way of the draft
    with pytest.raises(OSError, match="Is a directory"):
        write_tables(folder, BEFORE, AFTER, NOW)
    assert read_texts(folder) == BEFORE


@pytest.mark.parametrize("step", range(1, 15))
def test_killed_at_any_moment_all_or_none_is_there(folder: Path, step: int) -> None:
    """A process is killed before its n-th call that makes something lasting."""
    child = os.fork()
    if not child:
        _write_and_die(folder, step)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    assert killed == (step < 14), "a step more or less than there were"
    assert killed or os.WEXITSTATUS(status) == 0
    decided = step > 8  # the journal is in place
    assert read_texts(folder) == (AFTER if decided else BEFORE)
    assert not (folder / JOURNAL).exists()
    write_tables(folder, read_texts(folder), AFTER, NOW + timedelta(days=1))  # and it can be done again
    assert read_texts(folder) == AFTER


def _write_and_die(folder: Path, step: int) -> NoReturn:
    calls = count(1)

    def mortal(call: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*arguments: Any, **options: Any) -> Any:
            if next(calls) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return inner

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", mortal(os.fsync))
        patch.setattr(Path, "replace", mortal(Path.replace))
        patch.setattr(Path, "unlink", mortal(Path.unlink))
        try:
            write_tables(folder, BEFORE, AFTER, NOW)
        finally:
            os._exit(0 if read_texts(folder) == AFTER else 1)
