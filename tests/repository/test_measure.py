"""The runner of benchmarks and evidence, on programs of our own."""

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def measure(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """scripts/measure.py, looking for programs and filing evidence under ``tmp_path``."""
    spec = importlib.util.spec_from_file_location("measure", root / "scripts" / "measure.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "benchmarks").mkdir()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.delenv("QUICK", raising=False)
    return module


def program(folder: Path, name: str, text: str) -> None:
    (folder / "benchmarks" / f"{name}.py").write_text(text, encoding="utf-8")


def call(measure: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["measure.py", *arguments])
    code = measure.main()
    assert isinstance(code, int)
    return code


def test_a_benchmark_ends_with_its_figures(
    measure: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program(tmp_path, "speed", 'print("warming up")\nprint(\'{"messages_per_s": 5}\')')
    assert call(measure, monkeypatch, "bench", "speed") == 0
    assert capsys.readouterr().out == 'warming up\n{"messages_per_s": 5}\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('print("fast")', "the last line is not JSON: 'fast'"),
        ('print("[1]")', "not a JSON object"),
        ("", "the last line is not JSON: ''"),
        ("raise SystemExit(3)", "exit status 3"),
    ],
)
def test_a_benchmark_without_figures_fails(
    measure: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    complaint: str,
) -> None:
    program(tmp_path, "speed", text)
    assert call(measure, monkeypatch, "bench", "speed") == 1
    assert complaint in capsys.readouterr().err


def test_an_unknown_name_lists_the_known_ones(
    measure: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program(tmp_path, "speed", "")
    program(tmp_path, "size", "")
    program(tmp_path, "evidence_loss", "")
    assert call(measure, monkeypatch, "bench", "sped") == 2
    assert (
        capsys.readouterr().err == "there is no bench 'sped'; make bench NAME=… takes one of: size, speed\n"
    )
    assert call(measure, monkeypatch, "evidence") == 2
    assert "takes one of: size, speed, loss" in capsys.readouterr().err


def test_evidence_is_filed_with_date_commit_and_machine(
    measure: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "evidence_loss", 'print("| sent | stored |\\n|---|---|\\n| 5 | 5 |")')
    assert call(measure, monkeypatch, "evidence", "loss") == 0
    lines = (tmp_path / "docs" / "evidence" / "loss.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Evidence: loss"
    measured = lines[2].removeprefix("Measured ")
    assert datetime.strptime(measured[:16], "%Y-%m-%d %H:%M").replace(tzinfo=UTC) <= datetime.now(UTC)
    assert lines[2].endswith("with `make evidence NAME=loss`, outside a git clone,")
    assert "cores (" in lines[3]
    assert lines[5:] == ["| sent | stored |", "|---|---|", "| 5 | 5 |"]


def test_evidence_with_a_page_of_its_own_is_filed_as_printed(
    measure: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "evidence_accuracy", 'print("# How accurate?\\n\\nVery.")')
    assert call(measure, monkeypatch, "evidence", "accuracy") == 0
    filed = (tmp_path / "docs" / "accuracy.md").read_text(encoding="utf-8")
    assert filed == "# How accurate?\n\nVery.\n"
    assert not (tmp_path / "docs" / "evidence").exists()


def test_quick_evidence_is_shown_and_not_filed(
    measure: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program(tmp_path, "evidence_loss", 'print("| 5 |")')
    monkeypatch.setenv("QUICK", "1")
    assert call(measure, monkeypatch, "evidence", "loss") == 0
    assert capsys.readouterr().out == "| 5 |\n"
    assert not (tmp_path / "docs").exists()


def test_a_benchmark_may_be_filed_as_it_prints(
    measure: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "speed", 'print("fast")\nprint(\'{"messages_per_s": 5}\')')
    assert call(measure, monkeypatch, "evidence", "speed") == 0
    filed = (tmp_path / "docs" / "evidence" / "speed.md").read_text(encoding="utf-8")
    assert filed.endswith('```\nfast\n{"messages_per_s": 5}\n```\n')
