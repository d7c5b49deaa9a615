"""``devices try`` says what would be stored and why; a site's mappings are checked and used."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from classroom.faults import ConfigurationError
from cli.app import app
from cli.site import load_mappings, load_site

MAPPING = """
[[mapping]]
topic = "house/{house}/air"
device = "house/{house}"

[[mapping.value]]
path = "t"
quantity = "temperature_c"
unit = "°C"
factor = 0.1
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mappings.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["devices", "try", *map(str, arguments)], env={"COLUMNS": "300"})


def test_a_mapping_reads_and_says_how(file: Path) -> None:
    result = run("--mapping", file, "--topic", "house/12/air", "--payload", '{"t": -55}')
    assert result.exit_code == 0
    assert "mapping 1 (house/{house}/air): reads this message with house = 12" in result.stdout
    assert "Understood by mapping, device house/12" in result.stdout
    assert "the message has no time of its own" in result.stdout
    assert "temperature_c = -5.5 °C\n" in result.stdout


def test_a_mapping_that_does_not_read_says_why(file: Path) -> None:
    result = run("--mapping", file, "--topic", "house/12/air", "--payload", '{"T": 1}')
    assert result.exit_code == 1
    assert "the topic fits, but nothing stands at t" in result.stdout
    assert "Dead letter: no_decoder" in result.stdout
    assert "the topic does not fit" in run("--mapping", file, "--topic", "a", "--payload", "1").stdout


def test_flags_are_told(file: Path) -> None:
    result = run("--mapping", file, "--topic", "house/12/air", "--payload", '{"t": 9000}')
    assert "temperature_c = 900 °C  (flagged: outside -30 to 60 °C)" in result.stdout


def test_without_a_mapping_the_decoders_answer(tmp_path: Path) -> None:
    payload = tmp_path / "payload"
    payload.write_bytes(b'{"DHT11": {"Temperature": 20.5}}')
    result = run("--topic", "tele/t12/SENSOR", "--payload-file", payload)
    assert "Understood by tasmota, device tasmota/t12" in result.stdout
    kept = run("--topic", "tele/t12/SENSOR", "--payload-file", payload, "--retained")
    assert kept.exit_code == 1
    assert "Dead letter: retained_without_time" in kept.stdout


def test_faults_and_wrong_use_leave_with_two(file: Path) -> None:
    file.write_text(MAPPING.replace("°C", "Celsius"), encoding="utf-8")
    result = run("--mapping", file, "--topic", "a", "--payload", "1")
    assert result.exit_code == 2
    assert "mapping.0.value.0.unit = 'Celsius'" in result.stderr.replace("\n", "")
    assert run("--topic", "a").exit_code == 2


def test_a_sites_mappings_are_checked_with_the_site(file: Path) -> None:
    folder = file.parent
    (folder / "classroom.toml").write_text("", encoding="utf-8")
    load_site(folder)
    assert [each.entry.topic for each in load_mappings(folder)] == ["house/{house}/air"]
    file.write_text(MAPPING.replace("°C", "Celsius"), encoding="utf-8")
    (folder / "classroom.toml").write_text("colour = 1\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_site(folder)
    assert {fault.file for fault in caught.value.faults} == {"classroom.toml", "mappings.toml"}


def test_with_a_site_its_mappings_limits_and_places_count(file: Path, tmp_path: Path) -> None:
    (tmp_path / "classroom.toml").write_text("[ingest]\nbackfill_days = 1\n", encoding="utf-8")
    (tmp_path / "schools.csv").write_text("key,name\nnorra,Norra\n", encoding="utf-8")
    (tmp_path / "rooms.csv").write_text("school,key,name\nnorra,a1,A1\n", encoding="utf-8")
    (tmp_path / "devices.csv").write_text("key,school,room\nhouse/12,norra,a1\n", encoding="utf-8")
    site = ("--site", tmp_path, "--payload", '{"t": 215}', "--topic")
    hangs = run(*site, "house/12/air")
    assert hangs.exit_code == 0, hangs.output
    assert "place: norra, a1" in hangs.stdout
    assert "temperature_c = 21.5 °C" in hangs.stdout
    assert "place: none yet" in run(*site, "house/13/air").stdout
    old = '{"co2_ppm": 700, "time": "2020-01-01T00:00:00Z"}'
    native = run("--site", tmp_path, "--topic", "classroom/norra/a1/air", "--payload", old)
    assert "a clock cannot say 2020-01-01" in native.stdout
    (tmp_path / "rooms.csv").write_text("school,key\nnorra,a1\n", encoding="utf-8")
    assert run(*site, "house/12/air").exit_code == 2
