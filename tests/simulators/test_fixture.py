"""Another project's tests, run by pytest as theirs."""

import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

_THEIRS = """
from datetime import UTC, datetime, timedelta

NOON = datetime(2025, 11, 10, 12, tzinfo=UTC)
OUTAGE = {"kind": "outage", "start": NOON, "end": NOON + timedelta(hours=1), "device": "almgarden/co2-4b"}


def test_a_day(simulated_school):
    school = simulated_school(days=1)
    assert len(school.messages) == 6 * 288 + 96 + 24 + 144
    assert set(school.truth.rooms["room"]) == {room.key for room in school.site.rooms}
    assert len(school.truth.rooms) == 6 * 24
    assert school.truth.faults == []
    assert school.truth.schools["time"].min() == NOON - timedelta(hours=12)


def test_a_fault(simulated_school, tmp_path):
    sound, struck = simulated_school(days=1), simulated_school(days=1, faults=[OUTAGE])
    missing = [message for message in sound.messages if message not in struck.messages]
    assert {message.topic for message in missing} == {"classroom/almgarden/4b/co2-4b"}
    assert [(row.kind, row.messages) for row in struck.truth.faults] == [("outage", len(missing))]
    struck.write(tmp_path)
    assert (tmp_path / "rooms.csv").exists()


def test_once_a_session(simulated_school):
    assert simulated_school(days=1) is simulated_school(days=1, faults=[])
    assert simulated_school(days=1, faults=[OUTAGE]) is simulated_school(days=1, faults=[dict(OUTAGE)])
    assert simulated_school(days=1, seed=2) is not simulated_school(days=1)
"""


def test_other_projects_can_import_it(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeconftest('pytest_plugins = ["simulators.fixture"]')
    pytester.makepyfile(_THEIRS)
    done = pytester.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.ret == 0, done.outlines
    assert "3 passed" in done.outlines[-1]
