"""The few kinds of panel, with what must be the same everywhere: source, words for nothing, gaps left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders import stat, table, text, timeseries
from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models import text as text_models

from classroom.air import STALE_FLOOR_S
from dashboards.infinity import Params, Query, number, source, when, word
from dashboards.look import NEUTRAL_STEPS, Step, carrier_names, thresholds, unit
from dashboards.words import Say

PanelBuilder = cogbuilder.Builder[dashboard.Panel]

GAP_MS = STALE_FLOOR_S * 1_000
"""Nulls up to this long [ms] are joined: curves of two devices in one room take turns, and where one speaks
the other is null. The API marks a silence with a null of its own only where it is longer."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How a column of a table is shown.

    Args:
        unit: Grafana's id.
        steps: colour the figure.
        words: mappings of keys to words.
        link: title and address behind the cell.
    """

    unit: str | None = None
    decimals: int | None = None
    steps: tuple[Step, ...] | None = None
    words: Sequence[dashboard.ValueMapping] = ()
    width: int | None = None
    link: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """How the figures of a stat or a curve are shown."""

    unit: str
    decimals: int | None = None
    steps: tuple[Step, ...] = NEUTRAL_STEPS
    words: Sequence[dashboard.ValueMapping] = field(default=())
    low: float | None = None
    high: float | None = None


def stat_panel(
    say: Say, title: str, description: str, query: Query, figure: Figure, *, of: str = "", url: str = ""
) -> stat.Panel:
    """One figure, the last of its column; null is said, not skipped.

    Args:
        of: the column, where it is not the only number.
        url: behind the figure.
    """
    chosen = (
        common_builders.ReduceDataOptions().values(False).calcs(["last"]).fields(f"/^{of}$/" if of else "")
    )
    panel = (
        stat.Panel()
        .reduce_options(chosen)
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_mode(common.BigValueColorMode.VALUE)
        .unit(figure.unit)
        .thresholds(thresholds(figure.steps))
        .color_scheme(_by_limits())
        .mappings(list(figure.words))
        .no_value(say.no_data)
    )
    if figure.decimals is not None:
        panel.decimals(figure.decimals)
    if url:
        panel.data_links([dashboard_builders.DashboardLink(title).url(url)])
    return panel.title(title).description(description).datasource(source()).with_target(query)


def curve_panel(
    say: Say,
    title: str,
    description: str,
    queries: Sequence[Query],
    figure: Figure,
    *,
    label: str = "",
    bars: bool = False,
    stacked: bool = False,
    names: Mapping[str, str] | None = None,
) -> timeseries.Panel:
    """Figures over time; where there are none the curve is broken.

    Args:
        label: display name of a series, with ``${__field.labels.…}``.
        names: words for keys in display names.
    """
    limits = len(figure.steps) > 1
    panel = (
        timeseries.Panel()
        .unit(figure.unit)
        .thresholds(thresholds(figure.steps))
        .span_nulls(GAP_MS if not bars else False)
        .draw_style(common.GraphDrawStyle.BARS if bars else common.GraphDrawStyle.LINE)
        .fill_opacity(80 if bars else 0)
        .line_width(0 if bars else 2)
        .show_points(common.VisibilityMode.NEVER if bars else common.VisibilityMode.AUTO)
        .legend(
            common_builders.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
        .no_value(say.no_data)
    )
    if stacked:
        panel.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if limits:
        drawn = common.GraphThresholdsStyleMode.DASHED
        panel.thresholds_style(common_builders.GraphThresholdsStyleConfig().mode(drawn))
    if label:
        panel.display_name(label)
    for value, set_limit in ((figure.low, panel.min), (figure.high, panel.max)):
        if value is not None:
            set_limit(value)
    if figure.decimals is not None:
        panel.decimals(figure.decimals)
    for key, name in (names or {}).items():
        options = {"regex": rf"\b{key}\b", "renamePattern": name}
        panel.with_transformation(dashboard.DataTransformerConfig(id_val="renameByRegex", options=options))
    panel.title(title).description(description).datasource(source())
    for query in queries:
        panel.with_target(query)
    return panel


def carrier_bars(
    say: Say,
    title: str,
    about: str,
    path: str,
    params: Params,
    symbol: str,
    *,
    column: str = "",
) -> timeseries.Panel:
    """Bars of a metric in time, the carriers on top of each other.

    Args:
        path: with ``params`` answers rows with ``time``, ``carrier`` and ``value``.
        symbol: the values' unit as quantities write it.
        column: what the values are called; the title where empty.
    """
    columns = (when(), word("carrier", "carrier"), number("value", column or title))
    return curve_panel(
        say,
        title,
        about,
        [Query(path, columns, params, form="timeseries")],
        Figure(unit(symbol), 1 if "/" in symbol else 0, low=0),
        label="${__field.labels.carrier}",
        bars=True,
        stacked=True,
        names=carrier_names(say),
    )


def table_panel(
    say: Say,
    title: str,
    description: str,
    query: Query,
    shown: Mapping[str, Shown] | None = None,
    *,
    sort: tuple[str, Literal["up", "down"]] | None = None,
) -> table.Panel:
    """Rows as the API gives them; the columns stand in the query's order.

    Args:
        shown: by the column's text.
        sort: by this column's text.
    """
    panel = table.Panel().show_header(True).filterable(True).no_value(say.no_data).color_scheme(_by_limits())
    panel.thresholds(thresholds(NEUTRAL_STEPS))
    if sort is not None:
        by = common_builders.TableSortByFieldState().display_name(sort[0]).desc(sort[1] == "down")
        panel.sort_by([by])
    for name, how in (shown or {}).items():
        panel.override_by_name(name, _properties(how))
    order = {column.text: number for number, column in enumerate(query.columns)}
    options: dict[str, object] = {"indexByName": order, "excludeByName": {}, "renameByName": {}}
    panel.with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=options))
    return panel.title(title).description(description).datasource(source()).with_target(query)


def text_panel(title: str, content: str) -> text.Panel:
    """Words, in Markdown."""
    return text.Panel().title(title).mode(text_models.TextMode.MARKDOWN).content(content)


def _properties(how: Shown) -> list[dashboard.DynamicConfigValue]:
    found: list[tuple[str, object]] = []
    if how.unit is not None:
        found.append(("unit", how.unit))
    if how.decimals is not None:
        found.append(("decimals", how.decimals))
    if how.steps is not None:
        found.append(("thresholds", thresholds(how.steps).build()))
    if how.steps is not None or how.words:
        found.append(("custom.displayMode", "color-text"))
    if how.words:
        found.append(("mappings", list(how.words)))
    if how.width is not None:
        found.append(("custom.width", how.width))
    if how.link is not None:
        found.append(("links", [{"title": how.link[0], "url": how.link[1]}]))
    return [dashboard.DynamicConfigValue(id_val=key, value=value) for key, value in found]


def _by_limits() -> dashboard_builders.FieldColor:
    return dashboard_builders.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS)
