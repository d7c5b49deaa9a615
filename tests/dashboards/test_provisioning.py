"""The files from which a Grafana sets itself up, with their traps avoided."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from dashboards.board import TAG
from dashboards.infinity import UID
from dashboards.library import FOLDERS
from dashboards.provisioning import JSON_FOLDER, PLUGINS, TOKEN_FILE, URL_VARIABLE, provisioning_files
from dashboards.words import LANGS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "dashboards" / "provisioning"
SOURCE = "datasources/classroom-climate.yaml"

Json = dict[str, Any]


def read(name: str) -> Json:
    loaded: Json = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return loaded


def test_the_files_are_as_the_code_makes_them() -> None:
    kept = {
        str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8")
        for path in FOLDER.rglob("*")
        if path.is_file()
    }
    assert kept == provisioning_files(), "run scripts/check --fix"


def test_the_data_source_says_its_address_where_it_is_read_and_where_the_token_may_go() -> None:
    (source,) = read(SOURCE)["datasources"]
    assert (source["uid"], source["access"]) == (UID, "proxy")
    assert source["url"] == f"${URL_VARIABLE}"
    assert "url" not in source["jsonData"]
    assert source["jsonData"]["allowedHosts"] == [source["url"]]
    assert source["secureJsonData"] == {"bearerToken": f"$__file{{{TOKEN_FILE}}}"}


def test_grafanas_own_variables_are_doubled() -> None:
    """Also in the comments, from which people copy."""
    text = (FOLDER / SOURCE).read_text(encoding="utf-8")
    variables = re.findall(r"\$+\{?[_A-Za-z.]+", text)
    assert set(variables) == {f"${URL_VARIABLE}", "$__file", "$${__user.login"}


def test_every_language_has_a_folder_of_files_that_are_there() -> None:
    providers = read("dashboards/classroom-climate.yaml")["providers"]
    assert {(one["folderUid"], one["folder"]) for one in providers} == set(FOLDERS.values())
    for provider in providers:
        assert provider["allowUiUpdates"] is False
        path = provider["options"]["path"].removeprefix(JSON_FOLDER)
        files = list((ROOT / "dashboards" / "json" / path.strip("/")).glob("*.json"))
        assert len(files) == 6
        for file in files:
            assert TAG in json.loads(file.read_text(encoding="utf-8"))["tags"]
    assert len(providers) == len(LANGS)


def test_alert_rules_are_of_grafana_9_4_and_ask_our_source() -> None:
    (group,) = json.loads((FOLDER / "alerting/classroom-climate.json").read_text(encoding="utf-8"))["groups"]
    assert group["folder"] in {title for _, title in FOLDERS.values()}
    assert len({rule["uid"] for rule in group["rules"]}) == 4
    for rule in group["rules"]:
        asks, compares = rule["data"]
        assert rule["condition"] == compares["refId"] == compares["model"]["refId"]
        assert (asks["datasourceUid"], asks["model"]["parser"]) == (UID, "backend")
        assert (compares["datasourceUid"], compares["model"]["type"]) == ("__expr__", "math")
        assert re.fullmatch(r"\$A > [\d.]+", compares["model"]["expression"])
        assert rule["noDataState"] == "OK"  # the API lists only what is wrong
        assert set(rule["labels"]) == {"severity", "system"}
    broken = {rule["uid"]: rule["execErrState"] for rule in group["rules"]}
    assert broken.pop("cc-ingest-stalled") == "Alerting"
    assert set(broken.values()) == {"Error"}


def test_the_document_names_what_grafana_needs() -> None:
    text = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
    assert f"GF_PLUGINS_PREINSTALL_SYNC={PLUGINS}" in text
    assert TOKEN_FILE in text
    assert URL_VARIABLE in text
