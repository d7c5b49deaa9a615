"""Files from which a Grafana sets itself up: data source, dashboards, alert rules."""

from __future__ import annotations

from dashboards.alerts import rules_json
from dashboards.infinity import NAME, TYPE, UID, VERSION
from dashboards.library import FOLDERS, json_text
from dashboards.words import LANGS

TOKEN_FILE = "/run/secrets/grafana_api_token"  # noqa: S105 - a path
URL_VARIABLE = "CLIMATE_API_URL"
"""Environment variable of Grafana that says where the API is, as ``http://api:8000``."""

PLUGINS = f"{TYPE}@{VERSION}"
"""Value of ``GF_PLUGINS_PREINSTALL_SYNC``."""

JSON_FOLDER = "/var/lib/grafana/dashboards"

_HEAD = "# Made by scripts/generate.py from dashboards/provisioning.py.\n"

_SOURCE = f"""\
{_HEAD}#
# Grafana needs: {URL_VARIABLE} (as http://api:8000), the token in {TOKEN_FILE}, and
# GF_PLUGINS_PREINSTALL_SYNC={PLUGINS}
apiVersion: 1
datasources:
  - name: {NAME}
    uid: {UID}
    type: {TYPE}
    access: proxy
    isDefault: true
    editable: false
    # Here, not in jsonData, where it would be overlooked.
    url: ${URL_VARIABLE}
    jsonData:
      auth_method: bearerToken
      # Without it a path such as "@elsewhere/" would send the token there.
      allowedHosts:
        - ${URL_VARIABLE}
      timeoutInSeconds: 60
      # One organisation for several schools: also tell who looks, and list the logins in [access.grafana]
      # of classroom.toml (docs/access.md). The doubled sign keeps Grafana from reading its own environment.
      # httpHeaderName1: X-Grafana-User
    secureJsonData:
      bearerToken: $__file{{{TOKEN_FILE}}}
      # httpHeaderValue1: $${{__user.login}}
"""


def _providers() -> str:
    found = [
        f"""\
  - name: classroom-climate {lang}
    orgId: 1
    folder: {FOLDERS[lang][1]}
    folderUid: {FOLDERS[lang][0]}
    type: file
    disableDeletion: false
    allowUiUpdates: false
    updateIntervalSeconds: 60
    options:
      path: {JSON_FOLDER}/{lang}
"""
        for lang in LANGS
    ]
    return f"{_HEAD}apiVersion: 1\nproviders:\n" + "".join(found)


def provisioning_files() -> dict[str, str]:
    """Content of ``dashboards/provisioning`` by path below it."""
    return {
        "datasources/classroom-climate.yaml": _SOURCE,
        "dashboards/classroom-climate.yaml": _providers(),
        "alerting/classroom-climate.json": json_text(rules_json()),
    }
