"""Queries of the Infinity data source to this project's API.

Always the backend parser, which also serves alerts and shared dashboards. Root selectors are plain paths and
columns plain (dotted) fields: what they mean is the same in GJSON and JSONata, between which Infinity's
versions choose differently (docs/decisions/018-plain-paths-for-grafana.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.models import common

TYPE = "yesoreyeram-infinity-datasource"
VERSION = "3.11.1"
UID = "classroom-climate"
"""Of the data source, the same in every organisation."""

NAME = "classroom-climate"

Kind = Literal["timestamp", "number", "string", "boolean"]
Params = Sequence[tuple[str, str]]

RANGE: Params = (("from", "${__from:date:iso}"), ("to", "${__to:date:iso}"))
"""The dashboard's range of time."""


class Column(NamedTuple):
    """A field of a row: where it stands, what it is called, what it is."""

    selector: str
    text: str
    kind: Kind


def source() -> common.DataSourceRef:
    """The data source."""
    return common.DataSourceRef(type_val=TYPE, uid=UID)


class Query(cogbuilder.Builder[variants.Dataquery], variants.Dataquery):
    """One question to the API: the path below ``/api/v1/``, parameters, where the rows stand, their columns.

    Args:
        path: may name variables of the dashboard.
        columns: in the order in which they are shown.
        params: may be repeated.
        root: plain path to the rows (a list or one object); empty: the whole answer.
        form: ``timeseries`` needs rows by time with a timestamp; a string column names the series.
    """

    def __init__(
        self,
        path: str,
        columns: Sequence[Column],
        params: Params = (),
        *,
        root: str = "",
        form: Literal["table", "timeseries"] = "table",
        ref: str = "A",
    ) -> None:
        self.path, self.columns, self.params = path, tuple(columns), tuple(params)
        self.root, self.form, self.ref = root, form, ref

    def build(self) -> variants.Dataquery:
        """Itself: it is the query too."""
        return self

    def to_json(self) -> Mapping[str, object]:
        """The query as Infinity stores it."""
        return {
            "refId": self.ref,
            "datasource": {"type": TYPE, "uid": UID},
            "type": "json",
            "source": "url",
            "parser": "backend",
            "format": self.form,
            "url": f"/api/v1/{self.path}",
            "url_options": {
                "method": "GET",
                "data": "",
                "params": [{"key": key, "value": value} for key, value in self.params],
            },
            "root_selector": self.root,
            "columns": [
                {"selector": column.selector, "text": column.text, "type": column.kind}
                for column in self.columns
            ],
            "filters": [],
            "global_query_id": "",
        }

    def as_variable(self) -> dict[str, object]:
        """The query of a dashboard variable."""
        return {
            "queryType": "infinity",
            "query": "",
            "infinityQuery": {**self.to_json(), "refId": "variable"},
        }


def number(selector: str, text: str) -> Column:
    """A figure."""
    return Column(selector, text, "number")


def word(selector: str, text: str) -> Column:
    """A text."""
    return Column(selector, text, "string")


def when(selector: str = "time", text: str = "time") -> Column:
    """An instant."""
    return Column(selector, text, "timestamp")
