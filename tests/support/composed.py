"""``docker-compose.yml`` without Docker: commands, environments and checks of its services as processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from running import ROOT, command, environment

FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class MissingVariableError(Exception):
    """The file refuses to start; the message is its own."""


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """As compose does it: ``${NAME:-default}`` and ``${NAME:?refusal}``."""

    def value(match: re.Match[str]) -> str:
        found = variables.get(match[1], "")
        if not found and match[2] == "?":
            raise MissingVariableError(f"{match[1]}: {match[3]}")
        return found or (match[3] if match[2] == "-" else "")

    return _VARIABLE.sub(value, text)


def read(variables: Mapping[str, str]) -> dict[str, Any]:
    """The compose file with its variables replaced."""
    found: dict[str, Any] = yaml.safe_load(interpolated(FILE.read_text(encoding="utf-8"), variables))
    return found


def variables_of(folder: Path) -> dict[str, str]:
    """``.env`` as compose reads it."""
    lines = (folder / ".env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


@dataclass
class Composed:
    """The services of the file as processes of this machine, for the project in ``folder``.

    ``names`` says what stands here for what only exists between containers: addresses, ports, and the
    bucket of a server that other tests use too. Paths follow from the file's own mounts.
    """

    folder: Path
    names: Mapping[str, str]
    ports: Mapping[str, int]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.services: dict[str, Any] = read(variables_of(self.folder))["services"]

    def here(self, service: str, text: str) -> str:
        """A path, address or port of a container as it is called on this machine."""
        if text == "8000" and service in self.ports:
            return str(self.ports[service])
        if text in self.names:
            return self.names[text]
        for name, replaced in self.names.items():
            if "://" in name:
                text = text.replace(name, replaced)
        places = {
            mount["target"]: self.folder / mount["source"]
            for mount in self.services[service].get("volumes", [])
            if mount["type"] == "bind"
        } | {"/run/secrets": self.folder / "secrets"}
        for target in sorted(places, key=len, reverse=True):
            path = re.compile(rf"(?<![\w/]){re.escape(target)}(?=/|$)")
            if path.search(text):
                return path.sub(str(places[target].resolve()), text, count=1)
        return text

    def environment(self, service: str) -> dict[str, str]:
        """The environment that the file gives a service, and nothing more of ours."""
        given = self.services[service].get("environment", {})
        mapped = {key: self.here(service, str(value)) for key, value in given.items()}
        port = {"CLASSROOM_API__PORT": str(self.ports[service])} if service in self.ports else {}
        return {**environment(), **mapped, **port}

    def command(self, service: str) -> list[str]:
        """``classroom-climate …`` as the file says it."""
        return command(*(self.here(service, str(part)) for part in self.services[service]["command"]))

    def start(self, service: str, *more: str) -> subprocess.Popen[bytes]:
        """Start a service's process; what it says goes to ``service.log``."""
        with (self.folder / f"{service}.log").open("ab") as log:
            process = subprocess.Popen(
                [*self.command(service), *more], env=self.environment(service), stdout=log, stderr=log
            )
        self.started.append(process)
        return process

    def run(self, service: str, *more: str) -> None:
        """Run a service that ends by itself."""
        assert self.start(service, *more).wait(300) == 0, self.log(service)

    def is_healthy(self, service: str) -> bool:
        """What the service's own health check says."""
        test = self.services[service]["healthcheck"]["test"]
        assert test[:2] == ["CMD", "classroom-climate"]
        words = [self.here(service, part) for part in test[2:]]
        checked = subprocess.run(
            command(*words), env=environment(), capture_output=True, check=False, timeout=60
        )
        return checked.returncode == 0

    def log(self, service: str) -> str:
        """What the service said so far."""
        return (self.folder / f"{service}.log").read_text(errors="replace")

    def stop(self) -> None:
        """End what still runs, the last first."""
        for process in reversed(self.started):
            if process.poll() is None:
                process.terminate()
                process.wait(60)

    def start_mosquitto(self, program: str, port: int) -> subprocess.Popen[bytes]:
        """mosquitto on the very configuration that is mounted, its container's paths and port mapped."""
        text = (self.folder / "broker" / "mosquitto.conf").read_text(encoding="utf-8")
        text = text.replace("/mosquitto/config", str((self.folder / "broker").resolve()))
        text = text.replace("listener 8883", f"listener {port} 127.0.0.1")
        if os.geteuid() == 0:
            text = f"user root\n{text}"
        mapped = self.folder / "mosquitto.conf"
        mapped.write_text(text, encoding="utf-8")
        with (self.folder / "mosquitto.log").open("ab") as log:
            process = subprocess.Popen([program, "-c", str(mapped)], stdout=log, stderr=log)
        self.started.append(process)
        return process


def init(folder: Path, *options: str) -> str:
    """``init --compose`` on a folder with the file in it."""
    folder.mkdir(exist_ok=True)
    (folder / FILE.name).write_bytes(FILE.read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "init", "--compose", str(folder), *options],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
