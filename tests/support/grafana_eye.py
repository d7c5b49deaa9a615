"""What Grafana and Infinity's backend parser do with a query, as far as our dashboards use it.

Selectors: https://github.com/grafana/infinity-libs (jsonframer 1.3): the root by GJSON, else by JSONata; a
column by GJSON in each row; then a conversion by the column's type, silent there, strict here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi.testclient import TestClient
from jsonata import Jsonata

Json = Any
Frame = dict[str, list[Any]]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_PLAIN = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


class ContractError(AssertionError):
    """A query does not get what it needs."""


def expanded(text: str, values: Mapping[str, str], start: datetime, end: datetime) -> str:
    """``text`` with its variables.

    Raises:
        ContractError: a variable that the dashboard does not have.
    """
    known = dict(values)
    for name, at in (("from", start), ("to", end)):
        known[f"__{name}:date:iso"] = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        known[f"__{name}:date:YYYY-MM-DD"] = at.strftime("%Y-%m-%d")

    def one(match: re.Match[str]) -> str:
        if match[1] not in known:
            raise ContractError(f"{text}: nothing is known of ${{{match[1]}}}")
        return known[match[1]]

    return _VARIABLE.sub(one, text)


def rows_of(answer: Json, root: str) -> list[Json]:
    """The rows at a root selector; one object is one row.

    Raises:
        ContractError: it is no plain path (which GJSON and JSONata understand alike), or leads nowhere.
    """
    found = answer
    if root:
        if not _PLAIN.fullmatch(root):
            raise ContractError(f"root selector {root!r} is no plain path")
        found = Jsonata(root).evaluate(answer)
        if found is None or (isinstance(found, dict) and not found):
            raise ContractError(f"root selector {root!r} leads nowhere")
        if _at(answer, root) != found and _at(answer, root) != [found]:
            raise ContractError(f"root selector {root!r}: GJSON and JSONata differ")
        found = _at(answer, root)
    return found if isinstance(found, list) else [found]


def framed(answer: Json, query: Mapping[str, Any]) -> Frame:
    """The typed columns that a query makes of an answer.

    Raises:
        ContractError: a field is missing or of another type, or a series is not by time.
    """
    rows = rows_of(answer, query["root_selector"])
    frame: Frame = {}
    for column in query["columns"]:
        if not _PLAIN.fullmatch(column["selector"]):
            raise ContractError(f"column {column['selector']!r} is no plain path")
        frame[column["text"]] = [_typed(_at(row, column["selector"]), column) for row in rows]
    if len(frame) != len(query["columns"]):
        raise ContractError("two columns have one name")
    if query["format"] == "timeseries":
        _check_series(frame, query)
    return frame


def answered(client: TestClient, query: Mapping[str, Any], expand: Any) -> Json:
    """The API's answer to a query.

    Raises:
        ContractError: it is refused.
    """
    if (query["type"], query["source"], query["parser"]) != ("json", "url", "backend"):
        raise ContractError("only the backend parser serves alerts and shared dashboards")
    params = [(p["key"], expand(p["value"])) for p in query["url_options"]["params"]]
    answer = client.get(expand(query["url"]), params=params)
    if answer.status_code != 200:
        raise ContractError(f"{answer.url}: {answer.status_code} {answer.text[:300]}")
    return answer.json()


def _at(row: Json, path: str) -> Json:
    """The value at a dotted path; below null everything is null.

    Raises:
        ContractError: there is no such field.
    """
    for name in path.split("."):
        if row is None:
            return None
        if not isinstance(row, dict) or name not in row:
            raise ContractError(f"no field {path!r}")
        row = row[name]
    return row


def _typed(value: Json, column: Mapping[str, str]) -> Any:
    kind = column["type"]
    if value is None:
        return None
    if kind == "timestamp" and isinstance(value, str):
        return datetime.fromisoformat(value)
    expected = {"number": (int, float), "string": (str,), "boolean": (bool,)}.get(kind, ())
    if not isinstance(value, expected) or (kind == "number" and isinstance(value, bool)):
        raise ContractError(f"{column['selector']}: {value!r} is no {kind}")
    return value


def _check_series(frame: Frame, query: Mapping[str, Any]) -> None:
    """What ``LongToWide`` of Grafana's SDK asks for: else all series would be drawn as one."""
    kinds = [column["type"] for column in query["columns"]]
    if kinds.count("timestamp") != 1 or "number" not in kinds:
        raise ContractError("a series needs one timestamp and a number")
    times = frame[next(c["text"] for c in query["columns"] if c["type"] == "timestamp")]
    if None in times or times != sorted(times):
        raise ContractError("a series must come by time: ask with order=time")


def queries_of(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every query of a dashboard with what asks it: variables first, then panels."""
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]["infinityQuery"]
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield f"panel {panel['id']} {panel['title']} {target['refId']}", target


def renamed(answer: Json, old: str) -> Json:
    """The answer with a field called otherwise, wherever it stands."""
    if isinstance(answer, list):
        return [renamed(one, old) for one in answer]
    if isinstance(answer, dict):
        return {f"{key}_new" if key == old else key: renamed(value, old) for key, value in answer.items()}
    return answer


def fields_of(query: Mapping[str, Any]) -> Sequence[str]:
    """Every name of the API that a query relies on."""
    paths = [column["selector"] for column in query["columns"]]
    return [name for path in [*paths, query["root_selector"]] if path for name in path.split(".")]
