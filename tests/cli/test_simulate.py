"""A town into files and to a broker; the same seed gives the same bytes, a bad scenario is refused."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.replay import read_recorded
from ingest.embedded import EmbeddedBroker
from running import command, environment
from simulators.demo import demo_site
from simulators.scenario import SCENARIO_FILE

Simulate = Callable[..., Result]

_FAULT = """
[[faults]]
kind = "outage"
start = 2025-11-10T08:00:00Z
end = 2025-11-10T10:00:00Z
gateway = "almgarden"
"""


@pytest.fixture
def simulate() -> Simulate:
    """Runs ``simulate`` in this process; for what needs no broker."""
    return lambda *arguments: CliRunner().invoke(app, ["simulate", *map(str, arguments)])


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.name not in ("calendar.csv", "classroom.toml", "tariffs.csv")  # the same for every seed
    }


def test_same_seed_same_bytes_and_another_seed_another_school(simulate: Simulate, tmp_path: Path) -> None:
    for name, seed in (("one", 4), ("again", 4), ("other", 5)):
        done = simulate(
            "--schools", 1, "--seed", seed, "--days", 1, "--first-day", "2025-11-10", "--out", tmp_path / name
        )
        assert done.exit_code == 0, done.output
    one, again, other = (_hashes(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again
    assert {"messages.jsonl", "devices.csv", "truth/rooms.parquet"} <= one.keys()
    nothing_happened = {"truth/defects.parquet", "truth/extra.parquet", "truth/faults.parquet"}
    alike = {name for name in one if one[name] == other[name]}
    assert alike <= {"schools.csv", "buildings.csv", "meters.csv", *nothing_happened}


def test_files_hold_the_messages_and_what_planted_faults_did(simulate: Simulate, tmp_path: Path) -> None:
    for name, text in demo_site(datetime(2025, 11, 10, tzinfo=UTC).date()).items():
        (tmp_path / name).write_text(text + (_FAULT if name == SCENARIO_FILE else ""), encoding="utf-8")
    done = simulate("--out", tmp_path, "--days", 1, "--truth", tmp_path / "truth.jsonl")
    assert done.exit_code == 0, done.output
    messages, unreadable = read_recorded(tmp_path / "messages.jsonl")
    assert not unreadable
    assert len(messages) == 6 * 288 + 96 + 24 + 144 - 3 * 24
    assert f"{len(messages)} messages" in done.output
    times = [json.loads(line)["time"] for line in (tmp_path / "messages.jsonl").open()]
    assert times == sorted(times)
    rows = [json.loads(line) for line in (tmp_path / "truth.jsonl").open()]
    (fault,) = [row for row in rows if row["table"] == "faults"]
    assert (fault["kind"], fault["school"], fault["messages"]) == ("outage", "almgarden", 3 * 24)


def test_a_folder_that_asks_for_a_town_gets_one(simulate: Simulate, tmp_path: Path) -> None:
    asked = "seed = 3\nfirst_day = 2025-11-10\n[town]\nschools = 1\nplanted = false\n"
    (tmp_path / SCENARIO_FILE).write_text(asked)
    done = simulate("--out", tmp_path, "--days", 1)
    assert done.exit_code == 0, done.output
    assert len(pd.read_csv(tmp_path / "schools.csv")) == 1
    assert "[[defects]]" not in (tmp_path / SCENARIO_FILE).read_text()
    assert (tmp_path / "messages.jsonl").stat().st_size > 1_000_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_FAULT.replace("outage", "outtage"), ["faults.0.kind", "outtage", "outage"]),
        (_FAULT.replace('"almgarden"', '"almgaarden"'), ["faults.0.gateway", "almgaarden", "schools.csv"]),
        (_FAULT.replace("T10:", "T07:"), ["faults.0.outage", "must end after its start"]),
        ("[[solar]]\nschool = 'nowhere'\npeak_kw = 3\n", ["solar.0", "nowhere"]),
    ],
)
def test_a_bad_scenario_is_refused_by_key_value_and_cure(
    simulate: Simulate, tmp_path: Path, text: str, said: list[str]
) -> None:
    for name, given in demo_site(datetime(2025, 11, 10, tzinfo=UTC).date()).items():
        (tmp_path / name).write_text(given + (text if name == SCENARIO_FILE else ""), encoding="utf-8")
    done = simulate("--out", tmp_path)
    assert done.exit_code == 2
    for words in said:
        assert words in " ".join(done.output.split())
    assert not (tmp_path / "messages.jsonl").exists()


def test_a_town_table_must_stand_alone(simulate: Simulate, tmp_path: Path) -> None:
    (tmp_path / SCENARIO_FILE).write_text(f"first_day = 2025-11-10\n[town]\nschools = 2\n{_FAULT}")
    done = simulate("--out", tmp_path)
    assert done.exit_code == 2
    assert "once the town is written" in " ".join(done.output.split())


def test_a_city_is_written_before_it_is_played(simulate: Simulate) -> None:
    assert simulate("--schools", 3).exit_code == 2


def test_history_at_a_steady_rate_then_live(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """To a broker: a meter that says no time stays silent in the history, and people are told."""
    now = datetime.now(UTC)
    first_day = (now - timedelta(hours=2)).date()
    for name, text in demo_site(first_day).items():
        given = text.replace("almgarden/el-1,almgarden,,el,900", "p1/dsmr/almgarden,almgarden,,el,900")
        (tmp_path / name).write_text(given, encoding="utf-8")
    done = subprocess.run(
        command(
            *("simulate", "--site", tmp_path, "--port", str(broker.port), "--days", "1", "--rate", "5000"),
            *("--truth", tmp_path / "truth.jsonl", "--every", "10", "--stop-after", "3"),
        ),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 device(s) (p1/dsmr/almgarden) send no time of their own" in " ".join(done.stderr.split())
    assert "messages of history published and acknowledged" in done.stdout
    assert "3 live messages published and acknowledged" in done.stdout
    tables = {json.loads(line)["table"] for line in (tmp_path / "truth.jsonl").open()}
    assert {"made", "rooms", "schools"} <= tables


def test_a_history_ends_with_the_day_that_was_asked_for(broker: EmbeddedBroker, tmp_path: Path) -> None:
    end = datetime.now(UTC).date() - timedelta(days=3)
    for name, text in demo_site(end - timedelta(days=1)).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    words = ("simulate", "--site", tmp_path, "--port", str(broker.port), "--days", "1", "--until", str(end))
    truth = tmp_path / "truth.jsonl"
    done = subprocess.run(
        command(*words, "--no-live", "--truth", truth),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    a_day = 6 * 288 + 96 + 24 + 144  # rooms, meters and the outdoor sensor of the demo school
    assert f"{a_day} messages of history published" in done.stdout
    hours = [json.loads(line) for line in truth.open() if json.loads(line)["table"] == "schools"]
    assert len(hours) == 24


@pytest.mark.parametrize("more", [(), ("--no-live", "--write"), ("--no-live", "--out", "x")])
def test_an_end_is_for_the_history_of_a_town_that_is_there(
    simulate: Simulate, tmp_path: Path, more: tuple[str, ...]
) -> None:
    done = simulate("--site", tmp_path, "--until", "2025-11-12", *more)
    assert done.exit_code == 2
    assert "--until ends the history" in " ".join(done.output.split())


def test_what_was_simulated_before_is_not_written_over_unasked(simulate: Simulate, tmp_path: Path) -> None:
    """And a file gets no empty lines in place of a bar of progress."""
    first = simulate("--out", tmp_path, "--days", 1)
    assert first.exit_code == 0, first.output
    assert "" not in first.output.splitlines()
    (tmp_path / "messages.jsonl").write_text("mine")
    again = simulate("--out", tmp_path, "--days", 1)
    assert again.exit_code == 2
    assert "messages.jsonl and" in again.output
    assert "add --overwrite" in again.output
    assert (tmp_path / "messages.jsonl").read_text() == "mine"
    assert simulate("--out", tmp_path, "--days", 1, "--overwrite").exit_code == 0
    assert read_recorded(tmp_path / "messages.jsonl")[1] == []


def test_the_ingesters_account_is_refused_because_it_only_reads(
    simulate: Simulate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in demo_site(datetime(2025, 11, 10, tzinfo=UTC).date()).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("CLASSROOM_MQTT__USERNAME", "ingester")
    done = simulate("--site", tmp_path, "--days", 1, "--no-live")
    assert done.exit_code == 2
    assert "this account reads only" in " ".join(done.output.split())
