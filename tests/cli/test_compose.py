"""``docker-compose.yml`` and ``init --compose``: valid, refuses without its secrets, open only as said."""

from __future__ import annotations

import json
import re
import stat
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from composed import FILE, Composed, MissingVariableError, init, read, variables_of
from typer.testing import CliRunner

from api.access.file import AccessFile
from api.access.tokens import Tokens
from classroom.sitefiles import parse_site
from cli.app import app
from cli.clock import utc_now
from cli.site import access_file, load_site, read_texts
from running import ROOT

SCHEMA = ROOT / "tests" / "support" / "compose-spec" / "compose-spec.json"
VARIABLES = {"SITE_UID": "1000", "SITE_GID": "1000", "PUBLIC_URL": "https://klimat.example.se"}
OURS = ("ingest", "analyze", "api", "store", "simulator")
JOBS = ("volumes", "store")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after ``init --compose``."""
    folder = tmp_path_factory.mktemp("project")
    told = init(folder, "--host", "mqtt.example.se", "--url", "https://klimat.example.se", "--town")
    assert "docker compose --profile simulator up" in told
    return folder


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = read(VARIABLES)["services"]
    return found


def test_the_file_is_valid_by_the_schema_of_the_specification() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(schema)
    assert [error.message for error in validator.iter_errors(read(VARIABLES))] == []
    wrong = read(VARIABLES)
    wrong["services"]["api"]["helthcheck"] = {}
    assert [*validator.iter_errors(wrong)]


def test_it_refuses_to_start_without_what_init_writes(project: Path, services: dict[str, Any]) -> None:
    for missing in VARIABLES:
        with pytest.raises(MissingVariableError, match=r"first run: classroom-climate init --compose"):
            read({key: value for key, value in VARIABLES.items() if key != missing})
    known = read(VARIABLES)["secrets"]
    for name, service in services.items():
        for secret in service.get("secrets", []):
            assert (project / known[secret]["file"]).stat().st_size > 20, (name, secret)
        for mount in service.get("volumes", []):
            if mount["type"] == "bind":
                assert mount["bind"] == {"create_host_path": False}, (name, mount)
                if not mount["source"].startswith("./dashboards/"):  # those are the repository's own
                    assert (project / mount["source"]).is_dir(), (name, mount)


def test_secrets_are_random_and_their_owners_alone(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    init(other)
    names = [path.name for path in (project / "secrets").iterdir() if path.is_file()]
    assert len(names) == 4
    for name in names:
        path = project / "secrets" / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text() != (other / "secrets" / name).read_text()
    for folder in ("secrets", "secrets/store-write", "secrets/store-read", "site/data", "broker/accounts"):
        assert stat.S_IMODE((project / folder).stat().st_mode) == 0o700, folder
    assert load_site(other / "site").schools[0].key == "exempelskolan"


def test_grafana_has_a_token_that_reads_and_lasts(project: Path) -> None:
    text = (project / "secrets" / "grafana_api_token").read_text()
    with closing(AccessFile(access_file(project / "site"))) as file:
        token = Tokens(file).find(text, utc_now())
    assert token is not None
    assert (token.grant.role, token.grant.schools, token.expires) == ("read", ("*",), None)
    assert text.encode() not in access_file(project / "site").read_bytes()


def test_a_second_run_changes_nothing_and_adds_a_gateway(project: Path) -> None:
    before = {p: p.read_bytes() for p in project.rglob("*") if p.is_file() and p.name != FILE.name}
    assert init(project).startswith("Nothing had to be changed.")
    assert {p: p.read_bytes() for p in before} == before
    with (project / ".env").open("a") as file:
        file.write("GRAFANA_BIND=10.0.0.1\n")
    plan = project / "broker" / "broker.toml"
    plan.write_text(plan.read_text().replace('"simulator" = ["#"]', '"simulator" = ["sim/#"]'))
    assert "a new password for north" in init(project, "--gateway", "north=classroom/north/#")
    assert variables_of(project)["GRAFANA_BIND"] == "10.0.0.1"
    assert variables_of(project)["PUBLIC_URL"] == "https://klimat.example.se"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--compose", "--renew", "server"], "without --compose"),
        (["--url", "https://x.example"], "together with --compose"),
        (["--compose", "--owner", "0:0"], "neither of them 0"),
    ],
)
def test_what_init_refuses(tmp_path: Path, options: list[str], words: str) -> None:
    (tmp_path / FILE.name).write_bytes(FILE.read_bytes())
    done = CliRunner().invoke(app, ["init", str(tmp_path), *options], env={"COLUMNS": "200"})
    assert (done.exit_code, words in done.output) == (2, True), done.output
    assert [path.name for path in tmp_path.iterdir()] == [FILE.name]


def test_a_folder_without_the_file_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["init", "--compose", str(tmp_path)], env={"COLUMNS": "200"})
    assert (done.exit_code, "name the folder of the repository" in done.output) == (2, True)


def test_every_container_is_shut_in(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"] == ("0:0" if name == "volumes" else "1000:1000"), name
        assert {"cpus", "memory", "pids"} == service["deploy"]["resources"]["limits"].keys(), name
        assert service["logging"]["options"]["max-size"], name
        assert service["restart"] == ("no" if name in JOBS else "unless-stopped"), name
        assert ":" in service["image"], name
        assert not service["image"].endswith(":latest"), name
        if name not in (*JOBS, "simulator"):
            assert service["healthcheck"]["test"][0] == "CMD", name
        for other, how in service.get("depends_on", {}).items():
            ended = "service_completed_successfully" if other in JOBS else "service_healthy"
            assert how == {"condition": ended}, (name, other)


def test_it_publishes_nothing_beyond_this_machine_and_knows_no_password(services: dict[str, Any]) -> None:
    published = {name: port for name, service in services.items() for port in service.get("ports", [])}
    assert published.keys() == {"mosquitto", "api", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in published.values())
    open_to = read({**VARIABLES, "MQTT_BIND": "10.1.2.3"})["services"]["mosquitto"]["ports"]
    assert open_to == ["10.1.2.3:8883:8883"]
    for name, service in services.items():
        for key in service.get("environment", {}):
            secret = re.search(r"PASSWORD|TOKEN|SECRET", key)
            assert not secret or key.endswith("_FILE"), f"{name} sets {key} in the open"


def test_networks_keep_parts_apart(services: dict[str, Any]) -> None:
    reach = {name: set(service.get("networks", [])) for name, service in services.items()}
    assert services["volumes"]["network_mode"] == "none"
    assert not reach["grafana"] & reach["influxdb"]
    assert not reach["grafana"] & reach["mosquitto"]
    assert not reach["api"] & reach["mosquitto"]
    assert not reach["analyze"] & reach["mosquitto"]
    for one, other in (
        ("ingest", "mosquitto"),
        ("ingest", "influxdb"),
        ("api", "influxdb"),
        ("grafana", "api"),
    ):
        assert reach[one] & reach[other], (one, other)
    networks = read(VARIABLES)["networks"]
    assert {name for name, network in networks.items() if network.get("internal")} == {"broker", "store"}


def test_who_only_reads_holds_no_right_to_write(services: dict[str, Any]) -> None:
    def sources(name: str) -> set[str]:
        return {mount["source"] for mount in services[name]["volumes"]}

    assert "./secrets/store-write" not in sources("api")
    assert "./secrets/store-read" in sources("api")
    assert "secrets" not in services["api"]
    assert services["mosquitto"]["tmpfs"][:2] == ["/mosquitto/config/authority", "/mosquitto/config/accounts"]
    read_only = {m["target"]: m.get("read_only", False) for m in services["api"]["volumes"]}
    assert read_only == {
        "/site": True, "/site/data": False, "/site/imports": False, "/run/store/read": True,
    }  # fmt: skip


def test_settings_of_every_service_are_accepted_as_they_stand(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in OURS[:3]:
        composed = Composed(project, {}, {})
        for key, value in composed.services[name]["environment"].items():
            monkeypatch.setenv(key, str(value))
        settings = parse_site(read_texts(project / "site")).settings
        assert settings.store.kind == "influxdb"
        assert settings.access.url == "https://klimat.example.se"
        assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.tls) == ("mosquitto", 8883, True)
    assert (settings.api.host, settings.api.names) == ("0.0.0.0", ("api",))  # noqa: S104 - in a container


def test_broker_and_store_are_called_what_their_clients_call_them(
    project: Path, services: dict[str, Any]
) -> None:
    plan = tomllib.loads((project / "broker" / "broker.toml").read_text())
    assert plan["hosts"] == ["mosquitto", "mqtt.example.se"]
    assert plan["seen_as"] == "/mosquitto/config"
    assert plan["user"] == variables_of(project)["SITE_UID"]
    assert services["ingest"]["environment"]["CLASSROOM_MQTT__HOST"] in plan["hosts"]
    told = tomllib.loads((project / "broker" / "accounts" / "ingester" / "mqtt.toml").read_text())["mqtt"]
    for key, value in told.items():
        ours = str(services["ingest"]["environment"][f"CLASSROOM_MQTT__{key.upper()}"])
        assert ours == str(value).lower().replace("ingester/", "/run/broker/"), key
    influx, asks = services["influxdb"]["environment"], services["ingest"]["environment"]
    for ours, theirs in (("ORG", "ORG"), ("BUCKET", "BUCKET")):
        assert influx[f"DOCKER_INFLUXDB_INIT_{theirs}"] == asks[f"CLASSROOM_STORE__{ours}"]
    assert influx["DOCKER_INFLUXDB_INIT_RETENTION"] == "0"
    job = " ".join(services["store"]["command"])
    for words in (
        f"--url={asks['CLASSROOM_STORE__URL']} ",
        f"--admin-token-file={influx['DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE']} ",
        f"--org={asks['CLASSROOM_STORE__ORG']} ",
        f"--bucket={asks['CLASSROOM_STORE__BUCKET']} ",
        f"--folder={Path(asks['CLASSROOM_STORE__WRITE_TOKEN_FILE']).parent} ",
        f"--read-folder={Path(asks['CLASSROOM_STORE__READ_TOKEN_FILE']).parent} ",
    ):
        assert words in f"{job} "


def test_grafana_is_given_what_its_provisioning_expects(services: dict[str, Any]) -> None:
    grafana = services["grafana"]
    assert grafana["image"] == "grafana/grafana:12.4.0"
    asked = grafana["environment"]
    assert asked["GF_PLUGINS_PREINSTALL_SYNC"] == "yesoreyeram-infinity-datasource@3.11.1"
    assert asked["CLIMATE_API_URL"] == "http://api:8000"
    assert asked["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_admin_password"
    assert set(grafana["secrets"]) == {"grafana_admin_password", "grafana_api_token"}
    mounts = {mount["target"]: mount["source"] for mount in grafana["volumes"]}
    assert mounts["/etc/grafana/provisioning"] == "./dashboards/provisioning"
    assert mounts["/var/lib/grafana/dashboards"] == "./dashboards/json"
    assert services["api"]["environment"]["CLASSROOM_API__NAMES"] == "api"  # http://api:8000


def test_the_image_is_of_locked_requirements_and_an_ordinary_user(services: dict[str, Any]) -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert text.count("\nFROM ") == 2
    assert "--require-hashes -r requirements/runtime.txt" in text
    user = text.index("\nUSER classroom")
    assert user > text.rindex("\nRUN ")
    (health,) = re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", text, re.MULTILINE)
    assert json.loads(health) == ["classroom-climate", "health"]
    (entry,) = re.findall(r"^ENTRYPOINT (\[.*\])$", text, re.MULTILINE)
    assert json.loads(entry) == ["classroom-climate"]
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {"secrets", "broker", "site", ".*"} <= set(ignored)
