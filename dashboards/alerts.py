"""Alert rules, as Grafana provisions them from a file. Each asks the API; what is normal has no row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from classroom.air import NOW_PPM
from dashboards.infinity import UID, Query, number, word
from dashboards.library import FOLDERS
from dashboards.operations_board import STALLED_S

EVALUATED = "1m"


@dataclass(frozen=True)
class Rule:
    """An alert. Strings among the query's columns name an instance; its one number is compared.

    Args:
        above: fires where the number is greater.
        after: so long it must be, as Grafana writes durations.
        broken: what the rule says while the API does not answer.
    """

    key: str
    swedish: str
    english: str
    advice: str
    query: Query
    above: float
    after: str
    severity: Literal["info", "warning", "critical"]
    broken: Literal["Error", "Alerting"] = "Error"


def rules() -> list[Rule]:
    """All of them."""
    return [*_of_places(), *_of_service_and_school()]


def _of_places() -> list[Rule]:
    return [
        Rule(
            key="room-air",
            swedish=f"Rum över {NOW_PPM} ppm under lektion",
            english=f"Room above {NOW_PPM} ppm in a lesson",
            advice="Vädra nu. / Air the room now.",
            query=Query(
                "rooms/now",
                (
                    word("school_name", "school"),
                    word("name", "name"),
                    word("room", "room"),
                    number("co2_ppm", "co2"),
                ),
                (("in_lesson", "true"),),
            ),
            above=NOW_PPM,
            after="10m",
            severity="info",
        ),
        Rule(
            key="device-silent",
            swedish="Mätare tyst",
            english="Device silent",
            advice="Se efter att den hänger kvar och har ström; byt batteri. "
            "/ See that it hangs where it should and has power; change the battery.",
            query=Query(
                "devices/health",
                (word("school", "school"), word("device", "device"), number("age_s", "age")),
                (("trouble", "silent"),),
            ),
            above=0,
            after="30m",
            severity="warning",
        ),
    ]


def _of_service_and_school() -> list[Rule]:
    return [
        Rule(
            key="ingest-stalled",
            swedish="Intaget står stilla",
            english="Ingest stalled",
            advice="Se efter mäklaren och 'classroom-climate doctor'. "
            "/ See the broker and 'classroom-climate doctor'.",
            query=Query("operations", (number("newest_message_age_s", "age"),)),
            above=STALLED_S,
            after="5m",
            severity="critical",
            broken="Alerting",
        ),
        Rule(
            key="heating-in-holidays",
            swedish="Värmen går på lov",
            english="Heating in holidays",
            advice="Sänk framledningen på lovdagar; skolans tavla visar vad det kostar. "
            "/ Lower the heat on days of lov; the school's dashboard shows what it costs.",
            query=Query(
                "portfolio/insights",
                (word("school_name", "school"), word("key", "finding"), number("portfolio_rank", "rank")),
                (("kind", "heating_in_holidays"), ("ongoing", "true")),
            ),
            above=0,
            after="0s",
            severity="warning",
        ),
    ]


def rules_json() -> dict[str, Any]:
    """The content of ``provisioning/alerting``."""
    group = {
        "orgId": 1,
        "name": "classroom-climate",
        "folder": FOLDERS["sv"][1],
        "interval": EVALUATED,
        "rules": [_rule(rule) for rule in rules()],
    }
    return {"apiVersion": 1, "groups": [group]}


def _rule(rule: Rule) -> dict[str, Any]:
    back = {"from": 600, "to": 0}
    compare = {"refId": "B", "type": "math", "expression": f"$A > {rule.above:g}", "hide": False}
    return {
        "uid": f"cc-{rule.key}",
        "title": rule.swedish,
        "condition": "B",
        "data": [
            {
                "refId": "A",
                "relativeTimeRange": back,
                "datasourceUid": UID,
                "model": dict(rule.query.to_json()),
            },
            {"refId": "B", "relativeTimeRange": back, "datasourceUid": "__expr__", "model": compare},
        ],
        "for": rule.after,
        "noDataState": "OK",
        "execErrState": rule.broken,
        "annotations": {"summary": f"{rule.swedish} / {rule.english}", "description": rule.advice},
        "labels": {"severity": rule.severity, "system": "classroom-climate"},
        "isPaused": False,
    }
