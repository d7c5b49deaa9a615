"""A site's codec in the running service: readings from its bytes; a loop is counted and holds nothing up."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from typer.testing import CliRunner

from cli.main import app
from running import Start, free_ports, until

pytest.importorskip("quickjs", reason="the extra `codecs` is not installed")

Replay = Callable[[str], CompletedProcess[str]]
SCRIPT = """function decodeUplink(input) {
  if (input.bytes[0] === 0xAA) while (true) {}
  return {data: {t: input.bytes[0] / 2}};
}"""
MAPPING = '[match]\ndev_eui = ["70b3d5"]\n[[value]]\npath = "t"\nquantity = "temperature_c"\n'


def uplink(data: bytes) -> str:
    text = base64.b64encode(data).decode()
    payload = {"deviceInfo": {"devEui": "70b3d50000000001"}, "fCnt": 1, "fPort": 2, "data": text}
    return json.dumps(
        {"topic": f"application/1/device/x/event/up/{text[:2]}", "payload": json.dumps(payload)}
    )


def test_readings_come_from_it_and_a_loop_is_counted(start: Start, replay: Replay, tmp_path: Path) -> None:
    folder = tmp_path / "site" / "codecs"
    folder.mkdir(parents=True)
    (folder / "acme.js").write_text(SCRIPT)
    (folder / "acme.toml").write_text(MAPPING)
    running = start()
    assert replay("\n".join([uplink(b"\xaa"), uplink(b"\x2b")])).returncode == 0
    until(lambda: running.stored_all(2), "every message is stored or a dead letter")
    assert running.dead() == {"codec_stopped": 1}
    assert running.counts()["classroom_messages_decoded_total{codec-acme}"] == 1
    pending = running.get("/api/v1/devices/pending")["items"]
    assert [item["key"] for item in pending] == ["70b3d50000000001"]


def test_a_faulty_codec_is_refused_at_start(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["init", str(tmp_path / "site")]).exit_code == 0
    (tmp_path / "site" / "codecs").mkdir()
    (tmp_path / "site" / "codecs" / "acme.toml").write_text(MAPPING)
    (tmp_path / "site" / "classroom.toml").write_text(f"[api]\nport = {free_ports(1)}\n")
    told = CliRunner().invoke(app, ["doctor", "--site", str(tmp_path / "site")])
    assert told.exit_code == 1
    assert "name a file that can be read" in told.output
    result = CliRunner().invoke(app, ["run", "--site", str(tmp_path / "site")])
    assert result.exit_code == 2
    assert "acme.js: (file) = No such file" in result.output.replace("\n", "")
