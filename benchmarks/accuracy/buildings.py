"""Two real buildings beside OpenDSM's daily model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from real_buildings import FOLDER, REFERENCE, real_days

from accuracy.page import Row, Section, Seeds
from analytics.savings import uncertainty_kwh
from analytics.signature import fit_signature

OTHER_YEARS = Path(__file__).parent / "opendsm_other_years.json"

TEXT = """
No simulation: hourly gas of two university buildings, 2019 to 2022 (EECi/Cambridge Estates Building
Energy Archive, MIT), summed to UTC days, zeros as in the source. The baseline is 2019, predicted is 2022.
The reference is what OpenDSM 1.2.7's daily model gives for the same days. The buildings have no school
calendar: weekdays stand for school days. Below stand other years of the same two, among them 2020, when
they were nearly empty.

Tried once besides, on 2026-11-22, with twelve other buildings of the archive that have gas in all four years
(b0, b1, b101, b102, b104, b105, b107 to b112; up to 43 % of the days at 0), against OpenDSM 1.2.7 run on the
same days: CVRMSE of 2019 0.96 to 1.05 of its, totals of 2022 at most 0.35 of the allowed distance apart.
"""


class Reference(NamedTuple):
    """What OpenDSM's daily model says of a building: fitted to one year, predicting another [kWh]."""

    building: str
    baseline: str
    predicted: str
    cvrmse: float
    total_kwh: float
    uncertainty_kwh: float


def references() -> Iterator[Reference]:
    """Those of the shared folder, then those of other years."""
    for name, of in sorted(json.loads(REFERENCE.read_text())["results"].items()):
        total = of["predicted_2022_kwh"], of["predicted_unc_2022_kwh"]
        yield Reference(name, "2019", "2022", of["cvrmse_adj"], *total)
    for name, years in sorted(json.loads(OTHER_YEARS.read_text())["results"].items()):
        for pair, of in sorted(years.items()):
            total = of["predicted_kwh"], of["predicted_unc_kwh"]
            yield Reference(name, *pair.split(":"), of["cvrmse_adj"], *total)


def buildings(_: Seeds) -> list[Row]:
    """The rows of the section; none where the shared folder is not there."""
    if not REFERENCE.is_file():
        return [Row("buildings", f"{FOLDER} is not here")]
    return [row for reference in references() for row in _rows(reference)]


def _rows(theirs: Reference) -> Iterator[Row]:
    days = real_days(theirs.building)
    found = fit_signature(days.loc[theirs.baseline], ["school_day"])
    assert found is not None
    ratio = found.quality.cvrmse / theirs.cvrmse
    total = float(found.predict(days.loc[theirs.predicted]).sum())
    apart = abs(total - theirs.total_kwh)
    allowed = theirs.uncertainty_kwh + 0.03 * theirs.total_kwh
    own = uncertainty_kwh(found.quality, total, 365)
    yield Row(
        f"{theirs.building}: CVRMSE of {theirs.baseline}, adjusted, ours ÷ OpenDSM's",
        f"{found.quality.cvrmse:.3f} ÷ {theirs.cvrmse:.3f} = {ratio:.2f}",
        "≤ 1.1",
        ratio <= 1.1,
    )
    yield Row(
        f"{theirs.building}: {theirs.predicted} predicted from {theirs.baseline}, ours and OpenDSM's",
        f"{total:.0f} and {theirs.total_kwh:.0f} kWh, {apart:.0f} apart",
        f"≤ {allowed:.0f} kWh apart",
        apart <= allowed,
    )
    yield Row(
        f"{theirs.building}: half width of our 90 % interval, OpenDSM's",
        f"{own:.0f}, {theirs.uncertainty_kwh:.0f} kWh",
    )


SECTION = Section("buildings", "Real buildings", TEXT, buildings)
