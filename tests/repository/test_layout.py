"""README, pyproject.toml, the locks and the compose file agree with each other and with the tree."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_folders_are_those_of_the_readme(root: Path, files: list[Path]) -> None:
    table = re.findall(r"^\| `(\w+)/` \|", (root / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    folders = {path.relative_to(root).parts[0] for path in files if path.parent != root}
    shown = {folder for folder in folders if not folder.startswith(".")}
    assert len(table) == len(set(table))
    # A room that is planned stands in the table before its first file does.
    assert shown <= set(table), "a folder is missing in README's table"
    assert set(table) - shown <= {"reports", "dashboards", "benchmarks"}


def test_packages_types_and_layers_name_the_same_rooms(project: dict[str, Any], root: Path) -> None:
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert project["tool"]["mypy"]["packages"] == packages
    assert project["tool"]["importlinter"]["root_packages"] == packages
    table = re.findall(r"^\| `(\w+)/` \|", (root / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(packages) <= set(table)


@pytest.mark.parametrize(("lock", "extras"), [("runtime", ["build"]), ("dev", ["build", "dev"])])
def test_locks_hold_what_the_project_asks_for(
    project: dict[str, Any], root: Path, lock: str, extras: list[str]
) -> None:
    text = (root / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    locked: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE):
        locked.setdefault(name, []).append(version)
    asked = list(project["project"]["dependencies"])
    for extra in extras:
        asked += project["project"]["optional-dependencies"][extra]
    for line in asked:
        requirement = Requirement(line)
        if requirement.name == "classroom-climate":
            continue
        versions = locked.get(requirement.name, [])
        assert versions, f"{requirement.name} is not in {lock}.txt; run: make lock"
        for version in versions:
            assert requirement.specifier.contains(version), (
                f"{line}, but {lock}.txt has {version}; run: make lock"
            )


def test_what_runs_is_what_was_tested(root: Path) -> None:
    def entries(name: str) -> set[str]:
        text = (root / "requirements" / name).read_text(encoding="utf-8")
        return set(re.findall(r"^([a-z0-9.-]+==\S+)", text, re.MULTILINE))

    assert entries("runtime.txt") <= entries("dev.txt")


def test_the_single_container_publishes_nothing_beyond_this_machine(root: Path) -> None:
    text = (root / "deploy" / "single" / "docker-compose.yml").read_text(encoding="utf-8")
    compose = yaml.safe_load(text)
    assert not any("ports" in service for service in compose["services"].values())
    listeners = re.findall(r"^listener (.+)$", compose["configs"]["mosquitto"]["content"], re.MULTILINE)
    assert listeners == ["1883 127.0.0.1"]


def test_units_run_commands_that_there_are(root: Path) -> None:
    for unit in (root / "deploy" / "systemd").glob("*.service"):
        text = unit.read_text(encoding="utf-8")
        (command,) = re.findall(r"^ExecStart=\S+/classroom-climate (\w+)", text, re.MULTILINE)
        assert (root / "cli" / f"{command}.py").exists(), unit.name
        for line in (
            "NoNewPrivileges=true",
            "ProtectSystem=strict",
            "CapabilityBoundingSet=",
            "User=classroom",
        ):
            assert f"\n{line}\n" in text, (unit.name, line)


def test_the_workflow_runs_the_same_script_with_pinned_servers(root: Path) -> None:
    workflow = yaml.safe_load((root / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["test"]
    assert any(step.get("run") == "bash .ci/run" for step in job["steps"])
    assert job["services"]["influxdb"]["image"] == "influxdb:2.9"
    image, _, version = job["services"]["mosquitto"]["image"].partition(":")
    assert image == "eclipse-mosquitto"
    assert tuple(int(part) for part in version.split(".")) >= (2, 0, 21)
