"""What holds for the files of the repository, whatever they say."""

import ast
import re
from pathlib import Path

import pytest

# Put together here, so that this file does not hold what it looks for.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("npmjs", "com"),
        ("unpkg", "com"),
        ("jsdelivr", "net"),
        ("cdnjs", "cloudflare", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("repo1", "maven", "org"),
        ("repo", "maven", "apache", "org"),
        ("deb", "debian", "org"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("pkg", "dev"),
    )
]


def test_no_registry_or_file_hosting_stands_in_any_file(files: list[Path], root: Path) -> None:
    pattern = re.compile("|".join(rf"\b{re.escape(host)}\b" for host in HOSTS))
    found = []
    for path in files:
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(root)}: {match[0]}" for match in pattern.finditer(text)]
    assert found == []


def test_locks_name_versions_and_hashes_and_no_address(root: Path) -> None:
    for lock in (root / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert str(root) not in text
        assert not re.search(r"^-", text, re.MULTILINE), (
            f"{lock.name}: an option such as an index stands in it"
        )
        for entry in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[a-z0-9][a-z0-9.-]*==\S+", entry), entry[:60]
            assert "--hash=sha256:" in entry, entry[:60]


def test_every_public_module_says_what_it_is(files: list[Path], root: Path) -> None:
    silent = []
    for path in files:
        name = path.relative_to(root)
        if (
            path.suffix != ".py"
            or name.parts[0] == "tests"
            or path.stem.startswith("_") != (path.stem == "__init__")
        ):
            continue
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))):
            silent.append(str(name))
    assert silent == []


def test_modules_and_functions_stay_readable(files: list[Path], root: Path) -> None:
    long = []
    for path in files:
        if path.suffix != ".py":
            continue
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 400:
            long.append(f"{path.relative_to(root)}: {text.count(chr(10))} lines")
        long += [
            f"{path.relative_to(root)}:{node.lineno} {node.name}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and (node.end_lineno or 0) - node.lineno > 60
        ]
    assert long == []


@pytest.mark.parametrize(
    "program",
    [".ci/run", "scripts/check", "scripts/install-servers", "scripts/lock", "scripts/test", "scripts/venv"],
)
def test_programs_can_be_run(root: Path, program: str) -> None:
    path = root / program
    assert path.read_text(encoding="utf-8").startswith("#!")
    assert path.stat().st_mode & 0o111, f"{program} is not executable"


def test_changelog_has_an_unreleased_part(root: Path) -> None:
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[Unreleased\]$", text, re.MULTILINE)
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_decisions_are_numbered_without_a_gap_and_dated(root: Path) -> None:
    records = sorted((root / "docs" / "decisions").glob("*.md"))
    assert [int(record.name[:3]) for record in records] == list(range(len(records)))
    for record in records[1:]:
        text = record.read_text(encoding="utf-8")
        assert text.startswith(f"# {record.name[:3]}: ")
        assert re.search(r"^Status: .+ Date: \d{4}-\d\d-\d\d\.$", text, re.MULTILINE), record.name
        assert text.count("\n") <= 70, f"{record.name}: one page"


def test_links_between_documents_lead_somewhere(files: list[Path], root: Path) -> None:
    broken = []
    for path in files:
        if path.suffix != ".md":
            continue
        for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(root)}: {target}")
    assert broken == []
