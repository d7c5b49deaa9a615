"""``dead-letters``: a mapping is mended while the service runs, and what came before it is placed right."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.app import app
from ingest.letter import REASONS
from ingest.letters import Letters, NewLetter, Which
from ingest.message import Message
from running import ROOT, TABLES, Start, command, environment, until
from store.duckdb_store import DuckDBStore

Replay = Callable[[str], CompletedProcess[str]]
CAME = datetime(2026, 11, 2, 8, 15, tzinfo=UTC)
MAPPING = """
[[mapping]]
topic = "house/{house}/air"
device = "house/{house}"

[[mapping.value]]
path = "$"
quantity = "co2_ppm"
unit = "ppm"
"""


def ask(*arguments: str | Path, answer: str = "") -> CompletedProcess[str]:
    """``classroom-climate dead-letters …``; ``answer`` is typed at its question."""
    return subprocess.run(
        command("dead-letters", *arguments),
        env={**environment(), "COLUMNS": "200"},
        input=answer,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def told(*arguments: str | Path, answer: str = "") -> Result:
    """The same in this process, for what needs no service."""
    return CliRunner().invoke(
        app, ["dead-letters", *map(str, arguments)], input=answer, env={"COLUMNS": "200"}
    )


def line(topic: str, payload: str) -> str:
    return json.dumps({"topic": topic, "payload": payload})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site that has never run, on a port where nothing answers."""
    site = tmp_path / "site"
    (site / "data").mkdir(parents=True)
    for name, text in TABLES.items():
        (site / name).write_text(text, encoding="utf-8")
    (site / "classroom.toml").write_text("[api]\nport = 1\n")
    return site


def letters_of(folder: Path, *payloads: bytes, topic: str = "house/12/air") -> Letters:
    """Dead letters of an earlier run, a minute apart."""
    letters = Letters(folder / "data" / "letters.sqlite")
    kept = [
        NewLetter(n, Message(topic, payload, CAME + timedelta(minutes=n)), len(payload), "no_decoder")
        for n, payload in enumerate(payloads, 1)
    ]
    letters.write("an earlier spool", len(kept), kept, [])
    return letters


def test_a_mapping_is_mended_and_what_came_before_is_placed(start: Start, replay: Replay) -> None:
    running = start()
    replay("\n".join([line("house/12/air", "812"), line("house/12/air", "much"), line("odd", "{")]))
    until(lambda: running.stored_all(3), "all are dead letters")
    (came,) = [
        item["received"] for item in running.get("/api/v1/dead-letters")["items"] if item["payload"] == "812"
    ]
    listed = ask("list", "--site", running.folder)
    assert listed.returncode == 0, listed.stderr
    assert "no_decoder" in listed.stdout
    assert "house/12/air" in listed.stdout
    assert "dead-letters replay" in listed.stdout

    (running.folder / "mappings.toml").write_text(MAPPING.replace('"ppm"', '"furlong"'))
    refused = ask("replay", "--all", "--site", running.folder)
    assert refused.returncode == 2
    assert "furlong" in refused.stderr
    key = {"Authorization": f"Bearer {(running.folder / 'data' / 'control.key').read_text()}"}
    address = f"http://127.0.0.1:{running.port}/api/v1/dead-letters/replay"
    asked = httpx.post(address, json={}, headers=key)
    assert asked.status_code == 409
    assert "not in force: mappings.toml" in asked.json()["detail"]
    assert running.counts()["classroom_messages_spooled_total"] == 3

    (running.folder / "mappings.toml").write_text(MAPPING)
    done = ask("replay", "--reason", "no_decoder", "--site", running.folder)
    assert done.returncode == 0, done.stderr
    assert "1 read and stored at their time" in done.stdout
    assert "1 failed again and stay: 1 wrong_type" in done.stdout
    (device,) = running.get("/api/v1/devices/pending")["items"]
    assert device["key"] == "house/12"
    (latest,) = [d["latest"] for d in running.get("/api/v1/devices")["items"] if d["key"] == "house/12"]
    assert [(value["quantity"], value["value"], value["time"]) for value in latest] == [
        ("co2_ppm", 812.0, came)
    ]
    assert running.get("/api/v1/dead-letters")["counts"] == {"not_json": 1, "wrong_type": 1}
    doctor = subprocess.run(
        command("doctor", "--site", running.folder),
        env={**environment(), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "1 not_json, 1 wrong_type" in doctor.stdout
    assert "classroom-climate dead-letters list --site" in doctor.stdout

    purged = ask("purge", "--reason", "not_json", "--site", running.folder, answer="y\n")
    assert "1 dead letter: 1 not_json." in purged.stdout
    assert "Deleted 1." in purged.stdout
    assert running.get("/api/v1/dead-letters")["counts"] == {"wrong_type": 1}


def test_killed_in_the_middle_of_a_replay(start: Start, folder: Path) -> None:
    number = 20_000  # read in a second: the kill has to come before
    letters = letters_of(folder, *(b"%d" % (400 + n) for n in range(number)))
    running = start({**TABLES, "mappings.toml": MAPPING})
    replaying = subprocess.Popen(
        command("dead-letters", "replay", "--all", "--site", folder),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: letters.count(Which()) < number, "the first letters are read")
    running.kill()
    said = replaying.communicate(timeout=60)
    assert replaying.returncode == 1, said
    left = letters.count(Which())
    assert left > 0, "the kill came in time"

    running = start({**TABLES, "mappings.toml": MAPPING})
    for _ in range(2):  # the second finds nothing
        done = ask("replay", "--all", "--site", folder)
        assert done.returncode == 0, done.stdout + done.stderr
    until(lambda: running.counts()["classroom_spool_depth"] == 0, "all is stored")
    assert letters.count(Which()) == 0
    time.sleep(0.5)
    assert running.stop() == 0
    with closing(DuckDBStore(folder / "data" / "classroom.duckdb")) as store:
        frame = store.read_readings(["house/12"], None, CAME, CAME + timedelta(days=30))
    stored = sorted(zip((time.to_pydatetime() for time in frame["time"]), frame["value"], strict=True))
    assert stored == [(CAME + timedelta(minutes=n + 1), 400.0 + n) for n in range(number)]


def test_nothing_runs_replay_says_what_to_do_and_purge_does_it_itself(folder: Path) -> None:
    letters = letters_of(folder, b"1", b"2", b"3")
    refused = told("replay", "--id", "2", "--site", folder)
    assert refused.exit_code == 1
    assert f"classroom-climate run --site {folder}" in refused.output
    assert letters.count(Which()) == 3
    assert told("purge", "--id", "2", "--site", folder, answer="n\n").exit_code == 1
    assert letters.count(Which()) == 3
    assert "Deleted 1." in told("purge", "--id", "2", "--yes", "--site", folder).output
    assert [letter.id for letter in letters.list()] == [3, 1]
    assert "Deleted 2." in told("purge", "--older-than", "1d", "--yes", "--site", folder).output
    assert "nothing to delete" in told("purge", "--all", "--site", folder).output
    assert told("purge", "--older-than", "1 month", "--site", folder).exit_code == 2
    assert told("purge", "--site", folder).exit_code == 2
    assert told("replay", "--site", folder).exit_code == 2


@pytest.mark.parametrize("action", ["list", "purge", "replay"])
def test_a_reason_that_there_is_not_is_refused_with_those_there_are(folder: Path, action: str) -> None:
    refused = told(action, "--reason", "nosuch", "--site", folder)
    assert refused.exit_code == 2
    assert "no reason 'nosuch'" in refused.output
    assert "no_decoder" in refused.output


@pytest.mark.parametrize("action", ["purge", "replay"])
def test_numbers_of_no_letter_are_named(folder: Path, action: str) -> None:
    letters = letters_of(folder, b"1", b"2")
    some = told(action, "--id", "2", "--id", "77", "--site", folder, answer="n\n")
    assert "There is no dead letter 77" in some.output
    none = told(action, "--id", "77", "--site", folder)
    assert none.exit_code == 1
    assert "There is no dead letter 77" in none.output
    assert letters.count(Which()) == 2


def test_every_reason_of_the_code_is_known_and_in_the_documentation() -> None:
    folder = ROOT / "ingest"
    code = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    raised = set(re.findall(r"Undecodable\(\s*\"([a-z_]+)\"", code))
    assert raised
    assert raised <= set(REASONS)
    page = (ROOT / "docs" / "dead-letters.md").read_text(encoding="utf-8")
    assert [reason for reason in REASONS if f"`{reason}`" not in page] == []


def test_list_and_show_without_a_service(folder: Path) -> None:
    assert "No dead letters." in told("list", "--site", folder).output
    letters = letters_of(folder, b'{"t": 1}', b"\x00\xff A", "å\x1b[31m".encode())
    cut = Message("a/b", b"x" * 40, CAME, retain=True)
    letters.write("s", 1, [NewLetter(1, cut, 90_000, "too_large", "long", "dev", "p1")], [])

    listed = told("list", "--site", folder, "--limit", "2").output
    assert "no_decoder" in listed
    assert "2026-11-02 08:16:00Z" in listed  # the first one's receipt
    assert "add --before 3" in listed
    assert "a/b" in told("list", "--by", "topic", "--family", "p1", "--site", folder).output
    assert "No such dead letters." in told("list", "--reason", "no_codec", "--site", folder).output

    text, data, hostile, long = (told("show", str(n), "--site", folder).output for n in (1, 2, 3, 4))
    assert '{"t": 1}' in text
    assert "tries     1" in text
    assert "00 ff 20 41" in data
    assert ".. A" in data
    assert "\x1b" not in hostile
    assert "retained by the broker" in long
    assert "90000 bytes, of which the first 40 are kept: it cannot be replayed" in long
    assert told("show", "9", "--site", folder).exit_code == 1


def test_the_key_is_for_this_user_only_and_goes_with_the_service(start: Start) -> None:
    running = start()
    path = running.folder / "data" / "control.key"
    assert path.stat().st_mode & 0o777 == 0o600
    address = f"http://127.0.0.1:{running.port}/api/v1/dead-letters/purge"
    assert httpx.post(address, json={}).status_code == 403
    key = {"Authorization": f"Bearer {path.read_text()}"}
    assert httpx.post(address, json={}, headers=key).json() == {"purged": 0}
    assert running.stop() == 0
    assert not path.exists()
