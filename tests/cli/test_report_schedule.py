"""Scheduled reports: ``report due`` and ``report send``, and a service that delivers by itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest
from mail_server import PASSWORD, USER, certificates, mail_server
from typer.testing import CliRunner

from cli.app import app
from running import Start, command, environment, until

RUNNER = CliRunner()


def call(folder: Path, *arguments: str) -> tuple[int, str]:
    result = RUNNER.invoke(app, ["report", *arguments, "--site", str(folder)])
    return result.exit_code, result.output.lstrip("\n")


def test_what_is_due_is_listed_sent_and_then_done(tmp_path: Path) -> None:
    (tmp_path / "schools.csv").write_text("key,name\nberga,Bergaskolan\n")
    settings = "[api]\nport = 1\n[[reports.schedule]]\nkey = 'board'\nschools = ['*']\nformats = ['csv']\n"
    (tmp_path / "classroom.toml").write_text(settings + "folder = 'out'\n")
    code, text = call(tmp_path, "due")
    assert (code, "0 delivered, 1 not" in text) == (0, True), text
    assert call(tmp_path, "send") == (0, "1 reports stand delivered, 0 failed.\n")
    assert [path.name.split("-")[0] for path in (tmp_path / "out").glob("*.csv")] == ["berga"]
    assert call(tmp_path, "send") == (0, "0 reports stand delivered, 0 failed.\n")
    code, text = call(tmp_path, "due", "--all")
    assert (code, "delivered" in text, "berga-20" in text) == (0, True, True), text
    assert call(tmp_path, "send", "--again")[0] == 2
    assert "There are: board" in call(tmp_path, "send", "x")[1]
    (tmp_path / "classroom.toml").write_text(settings + "folder = 'schools.csv'\n")
    code, text = call(tmp_path, "send", "board", "--period", "2025-10")
    assert (code, "berga 2025-10: FileExistsError" in text.replace("\n", " ")) == (1, True), text


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_the_password_file_is_the_owners_alone(tmp_path: Path, mode: int) -> None:
    (tmp_path / "schools.csv").write_text("key,name\nberga,Bergaskolan\n")
    (tmp_path / "classroom.toml").write_text(
        "[api]\nport = 1\n[[reports.schedule]]\nkey = 'heads'\nschools = ['*']\nformats = ['csv']\n"
        "mail = ['a@b.example']\n[smtp]\nport = 1\nsender = 'c@b.example'\nusername = 'c'\n"
        "password_file = 'mail-password'\n"
    )
    (tmp_path / "mail-password").write_text("secret\n")
    (tmp_path / "mail-password").chmod(mode)
    code, text = call(tmp_path, "send")
    assert code == 1
    assert ("chmod 600" in text) == (mode != 0o600), text
    assert "secret" not in text


def test_a_service_delivers_by_itself_and_once(start: Start, tmp_path: Path) -> None:
    made = certificates(tmp_path)
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    (tmp_path / "password").chmod(0o600)
    with mail_server(made, "implicit") as server:
        settings = (
            "[[reports.schedule]]\nkey = 'heads'\nschools = ['*']\nformats = ['pdf']\nlang = 'en'\n"
            "folder = 'reports'\nmail = ['rektor@skola.example']\n"
            f"[smtp]\nport = {server.port}\ntls = 'implicit'\nca_file = '{made.ca}'\n"
            f"username = '{USER}'\npassword_file = '{tmp_path / 'password'}'\n"
            "sender = 'klimat@kommun.example'\n"
        )
        running = start(settings=settings)
        until(lambda: bool(server.arrived), "a mail")
        (mail,) = server.arrived
        assert "Energy and climate: Lindhagaskolan" in mail.message["Subject"]
        (attached,) = mail.message.iter_attachments()
        (file,) = (running.folder / "reports").iterdir()
        assert attached.get_payload(decode=True) == file.read_bytes()

        def noted() -> bool:
            return [one["state"] for one in running.get("/api/v1/deliveries")] == ["delivered"]

        until(noted, "a note of it")
        counted = "classroom_report_deliveries_standing{delivered}"
        until(lambda: running.counts().get(counted) == 1, "a count of it")
        told = subprocess.run(
            command("report", "send", "--site", running.folder),
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout == "0 reports stand delivered, 0 failed.\n"
        order = {"schedule": "heads", "school": "lindhaga", "period": file.name[9:16]}
        url = f"http://127.0.0.1:{running.port}/api/v1/deliveries"
        assert httpx.post(url, json=order).status_code == 403  # no key was shown
        running.stop()
        running = start(settings=settings)
        until(lambda: running.counts().get(counted) == 1, "a look at what is due")
        assert len(server.arrived) == 1
