"""``devices codec add``: what is reviewed is kept and used; what is wrong is refused with its cure."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from classroom.faults import ConfigurationError
from cli.codecs import load_codecs
from cli.main import app

pytest.importorskip("quickjs", reason="the extra `codecs` is not installed")

SCRIPT = "function decodeUplink(input) { return {data: {t: input.bytes[0] / 2, door: 'open'}}; }"
MAPPING = '[match]\ndev_eui = ["70b3d5"]\n[[value]]\npath = "t"\nquantity = "temperature_c"\n'


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "acme.js").write_text(SCRIPT)
    (tmp_path / "acme.toml").write_text(MAPPING)
    return tmp_path


def add(folder: Path, *more: str) -> tuple[int, str]:
    command = ["devices", "codec", "add", str(folder / "acme.js"), "--map", str(folder / "acme.toml")]
    result = CliRunner().invoke(app, [*command, "--site", str(folder / "site"), *more])
    return result.exit_code, result.output


def test_a_codec_is_tried_kept_and_pinned(files: Path) -> None:
    code, said = add(files, "--payload", "2b", "--f-port", "2")
    assert code == 0, said
    assert "temperature_c = 21.5 °C" in said
    (codec,) = load_codecs(files / "site")
    assert (codec.name, codec.script) == ("acme", SCRIPT)
    kept = files / "site" / "codecs" / "acme.js"
    kept.write_text(SCRIPT + "// changed")
    with pytest.raises(ConfigurationError, match="sha256"):
        load_codecs(files / "site")
    assert add(files)[0] == 2  # is there already
    assert add(files, "--replace")[0] == 0
    assert len(load_codecs(files / "site")) == 1


@pytest.mark.parametrize(
    ("name", "text", "cure"),
    [
        ("acme.js", "while (true) {}", "codec_stopped"),
        ("acme.js", "function (", "SyntaxError"),
        ("acme.toml", MAPPING.replace("temperature_c", "temp"), "docs/quantities.md"),
        ("acme.toml", "[[value]]\npath = 'a'\nquantity = 'co2_ppm'", "add it"),
    ],
)
def test_what_is_wrong_is_refused(files: Path, name: str, text: str, cure: str) -> None:
    (files / name).write_text(text)
    code, said = add(files)
    assert code == 2
    assert cure in said
    assert not (files / "site" / "codecs").exists()


def test_a_script_without_a_mapping_does_not_start(files: Path) -> None:
    (files / "codecs").mkdir()
    (files / "codecs" / "lonely.js").write_text(SCRIPT)
    with pytest.raises(ConfigurationError, match="has no mapping"):
        load_codecs(files)
    assert add(files, "--payload", "zz")[0] == 2
