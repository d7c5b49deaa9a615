"""A school's section on signature and savings."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analytics.catalog import SAVINGS
from analytics.savings import CONFIDENCE, GOOD_CVRMSE, POOR_FIT, SINGLE_DAYS, Claim
from api.pages.lacks import lack_texts
from api.pages.language import Language
from api.pages.visit import Visit
from api.pages.week import carrier_name
from api.plot import Dot, DotPlot, dot_plot
from classroom.places import DayType
from reports.comparison import CarrierSavings, savings_of
from reports.daily import StationUsed
from reports.dates import Dates
from reports.saved_emissions import SavedEmission
from reports.signatures import CarrierSignature, signature_of
from reports.sources import Sources, default_periods, recent_days

_REST = {str(DayType.CLOSED), str(DayType.LOV)}


@dataclass(frozen=True, slots=True)
class SavedLine:
    """Savings of one carrier, or of all, in words: the verdict, its figures, and why there is none."""

    claim: Claim
    verdict: str
    detail: str
    why: list[str]
    emissions: list[str]


@dataclass(frozen=True, slots=True)
class SignatureDrawing:
    """A day's energy by outdoor temperature, days at rest and in use apart; days are drawn as their mean at
    each whole degree."""

    title: str
    told: str
    plot: DotPlot


@dataclass(frozen=True, slots=True)
class CarrierSection:
    """A carrier: its savings and its signature (None: nothing to draw)."""

    key: str
    name: str
    saved: SavedLine
    drawing: SignatureDrawing | None
    signature: str
    basis: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SavingsView:
    """The section; ``total`` is None where there is but one carrier."""

    baseline_text: str
    reporting_text: str
    carriers: list[CarrierSection]
    total: SavedLine | None


def savings_view(visit: Visit, school: str) -> SavingsView | None:
    """The section of ``school``; None where it has no meters.

    Raises:
        StoreError: the store cannot serve now.
    """
    context = visit.context
    sources = Sources.of(context.store, visit.site, context.fits, visit.now)
    days = recent_days(sources, school)
    if not days.frames:
        return None
    baseline, reporting = default_periods(days, sources.yesterday)
    saved = savings_of(sources, days, baseline, reporting)
    signatures = signature_of(sources, days, reporting)
    say = visit.say
    sections = [
        CarrierSection(
            key=str(line.carrier),
            name=carrier_name(signature.carrier, produced=False, say=say),
            saved=_saved(line, say),
            drawing=_drawing(signature, say),
            signature=_signature_text(signature, say),
            basis=_basis(line, days.station, say),
        )
        for line, signature in zip(saved.carriers, signatures.carriers, strict=True)
    ]
    total = _saved(saved.total, say) if len(sections) > 1 else None
    return SavingsView(_months(baseline, say), _months(reporting, say), sections, total)


# Savings


def _saved(line: CarrierSavings, say: Language) -> SavedLine:
    result = line.result
    if result.claim is Claim.NONE:
        return SavedLine(result.claim, say.text("No conclusion"), _span(line, say), _why(line, say), [])
    share = abs(result.share or 0.0)
    words = {
        Claim.SAVING: say.text("%(share)s saved"),
        Claim.INCREASE: say.text("%(share)s more used"),
    }[result.claim]
    emissions = [
        _emission_text(one, say)
        for one in line.emissions
        if one.saved_kgco2e is not None and one.line in ("direct", "lifecycle")
    ]
    return SavedLine(result.claim, words % {"share": say.share(share)}, _span(line, say), [], emissions)


def _why(line: CarrierSavings, say: Language) -> list[str]:
    return lack_texts(line.lacks, say) or [say.text("nothing to say yet")]


def _span(line: CarrierSavings, say: Language) -> str:
    """The interval and what it is of; empty where there is no figure."""
    result = line.result
    if result.saved_kwh is None or result.low_kwh is None or result.high_kwh is None:
        return ""
    low, high = result.low_kwh, result.high_kwh
    if low > 0:
        text = say.text("%(amount)s less (%(low)s to %(high)s) than the expected %(would)s")
    elif high < 0:
        low, high = -high, -low
        text = say.text("%(amount)s more (%(low)s to %(high)s) than the expected %(would)s")
    else:
        low = -low
        text = say.text("Between %(low)s more and %(high)s less than the expected %(would)s")
    return text % {
        "amount": _kwh(say, abs(result.saved_kwh)),
        "low": _kwh(say, low),
        "high": _kwh(say, high),
        "would": _kwh(say, result.counterfactual_kwh or 0.0),
    }


def _emission_text(one: SavedEmission, say: Language) -> str:
    assert one.saved_kgco2e is not None  # noqa: S101
    less = one.saved_kgco2e > 0
    text = (
        say.text("%(kg)s less in the accounts (%(basis)s, factor %(factors)s)")
        if less
        else say.text("%(kg)s more in the accounts (%(basis)s, factor %(factors)s)")
    )
    return text % {
        "kg": say.emissions(abs(one.saved_kgco2e)),
        "basis": say.text("location-based") if one.basis == "location" else say.text("market-based"),
        "factors": ", ".join(factor.id for factor in one.factors),
    }


def _kwh(say: Language, kwh: float) -> str:
    """An estimate in kWh with three figures: more would look surer than it is."""
    digits = 3 - len(str(int(abs(kwh))))
    return f"{say.number(round(kwh, min(0, digits)))}\u00a0kWh"


def _basis(line: CarrierSavings, station: StationUsed | None, say: Language) -> list[tuple[str, str]]:
    """What the figures stand on, as terms and what is said of them."""
    found = []
    quality = line.result.quality
    if quality is not None:
        good = quality.cvrmse <= GOOD_CVRMSE
        text = say.text("good") if good else say.text("usable")
        if line.result.reason in (POOR_FIT, SINGLE_DAYS):
            text = say.text("poor")
        found.append((say.text("Fit"), f"{text} (CVRMSE {say.share(quality.cvrmse)})"))
        days = say.text("%(days)s days compared") % {"days": say.number(line.result.days)}
        found.append((say.text("Days"), days))
        found.append((say.text("Confidence"), say.share(CONFIDENCE)))
    if station is not None:
        km = say.number(station.distance_km, 1)
        found.append(
            (say.text("Weather"), say.text("%(name)s, %(km)s km") % {"name": station.name, "km": km})
        )
    return [*found, (say.text("Method"), SAVINGS)]


# Signature


def _signature_text(signature: CarrierSignature, say: Language) -> str:
    base = signature.base_kwh_d
    if base is None:
        return ""
    if signature.balance_c is None or signature.slope_w_k is None:
        return say.text("Does not follow the cold: %(base)s a day.") % {"base": _kwh(say, base)}
    return say.text(
        "Heats below %(balance)s outdoors. Each degree colder takes %(slope)s W, and %(base)s a day do not "
        "follow the weather."
    ) % {
        "balance": say.temperature(signature.balance_c),
        "slope": say.number(signature.slope_w_k),
        "base": _kwh(say, base),
    }


def _drawing(signature: CarrierSignature, say: Language) -> SignatureDrawing | None:
    days = signature.days.assign(felt=signature.felt_c)
    days = days.dropna(subset=["energy_kwh", "felt"])
    if days.empty or signature.signature is None:
        return None
    rest = days["day_type"].isin(_REST)
    plot = dot_plot(
        (_dots(days[rest]), _dots(days[~rest])),
        [[Dot(*corner) for corner in line] for line in signature.lines],
    )
    name = carrier_name(signature.carrier, produced=False, say=say)
    title = say.text("%(carrier)s a day by outdoor temperature") % {"carrier": name}
    return SignatureDrawing(title, _signature_text(signature, say), plot)


def _dots(days: pd.DataFrame) -> tuple[Dot, ...]:
    """Means at each whole degree."""
    means = days.groupby(days["felt"].round())["energy_kwh"].mean()
    return tuple(map(Dot, means.index.tolist(), means.tolist()))


def _months(dates: Dates, say: Language) -> str:
    """``januari 2025 – december 2025``."""
    return f"{say.month(dates.first)} – {say.month(dates.last)}"
