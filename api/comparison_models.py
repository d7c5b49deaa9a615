"""The shapes of comparisons: savings, signature, bridge. Units stand in the names."""

from __future__ import annotations

from datetime import date
from math import isfinite
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from analytics.catalog import SAVINGS, SIGNATURE
from analytics.savings import CONFIDENCE, GOOD_CVRMSE, USABLE_CVRMSE, Claim
from analytics.signature import Group, Quality
from api.models import Answer
from classroom.factors import Basis, Cover
from classroom.quantity import Carrier
from reports.comparison import CarrierSavings, SchoolSavings
from reports.daily import StationUsed
from reports.dates import Dates
from reports.portfolio import PortfolioSavings
from reports.saved_emissions import SavedEmission
from reports.signatures import CarrierSignature, SchoolSignature
from reports.sources import Lack

Kwh = Annotated[
    float | None, Field(description="kWh; null where there is nothing to say", examples=[41_250.0])
]
Kg = Annotated[
    float | None, Field(description="kgCO2e; null where there is nothing to say", examples=[2_928.8])
]
Share = Annotated[float | None, Field(description="Share of the counterfactual", examples=[0.12])]


class PeriodOut(Answer):
    """Local days of the site, both included."""

    first: date
    last: date
    days: int = Field(examples=[365])


class StationOut(Answer):
    """The weather station whose temperatures were used, for all days the same one."""

    key: str = Field(examples=["smhi/62040"])
    name: str = Field(examples=["Helsingborg A"])
    distance_km: float = Field(examples=[4.6])


class LackOut(Answer):
    """What is missing, and how much there is."""

    period: Literal["baseline", "reporting"] | None = Field(description="null: both, or the only one")
    code: str = Field(examples=["energy_days_missing"])
    detail: str = Field(examples=["212 of 365 days"])


class FitOut(Answer):
    """How well a signature describes the days it was fitted to (ASHRAE Guideline 14-2014, 4.2.11)."""

    days: int
    parameters: int
    mean_kwh_d: float = Field(description="Mean energy of the days [kWh/d]")
    cvrmse: float | None = Field(description="√(RSS/(n − p)) ÷ mean", examples=[0.14])
    nmbe: float | None = Field(description="Σ residuals ÷ ((n − p) · mean)")
    r2: float
    autocorrelation: float = Field(description="Of residuals at a lag of a day; taken into the interval")
    grade: Literal["good", "usable", "poor"] = Field(
        description=f"CVRMSE up to {GOOD_CVRMSE} good, up to {USABLE_CVRMSE} usable, else no claim"
    )


class SavedEmissionOut(Answer):
    """A saving in the accounts' kgCO2e on one basis and line. Not what is avoided elsewhere."""

    basis: Basis
    line: Cover = Field(description="What the factor covers; lines are never added to one another")
    saved_kgco2e: Kg
    low_kgco2e: Kg
    high_kgco2e: Kg
    factors: list[str] = Field(examples=[["helsingborg-heat-vmk-2020"]])
    reason: str | None = Field(examples=["factor_of_2020"])


class SavingsLine(Answer):
    """Savings of a carrier. Energies are of the compared days; positive is saved."""

    carrier: Carrier | None = Field(description="null: all carriers together")
    claim: Claim
    reason: str | None = Field(description="Why nothing is claimed", examples=["not_told_from_zero"])
    lacks: list[LackOut]
    days: int = Field(description="Days of the reporting period that were compared")
    observed_kwh: Kwh
    counterfactual_kwh: Kwh
    saved_kwh: Kwh
    low_kwh: Kwh
    high_kwh: Kwh
    saved_share: Share
    low_share: Share
    high_share: Share
    fit: FitOut | None
    emissions: list[SavedEmissionOut]


class SavingsOut(Answer):
    """What a school used against what its baseline would have used in the same weather, on the same days."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{"school": "tagaborg"}]})

    school: str = Field(examples=["tagaborg"])
    baseline: PeriodOut
    reporting: PeriodOut
    confidence: float = Field(description="Two-sided, of every low and high", examples=[CONFIDENCE])
    station: StationOut | None
    carriers: list[SavingsLine]
    total: SavingsLine
    method: str = Field(examples=[SAVINGS])


class SchoolSavingsOut(Answer):
    """A school's part in the portfolio."""

    school: str
    carriers: list[SavingsLine]
    total: SavingsLine


class LeftOutOut(Answer):
    """What has no comparison, and why."""

    school: str
    carrier: Carrier | None = Field(description="null: the whole school")
    reason: str = Field(examples=["no_energy"])


class PortfolioSavingsOut(Answer):
    """Savings of all schools, net of those that used more. ``total`` is of all that could be compared, also
    where a saving could not be told from zero."""

    baseline: PeriodOut
    reporting: PeriodOut
    confidence: float = Field(description="Two-sided, of every low and high", examples=[CONFIDENCE])
    total: SavingsLine
    carriers: list[SavingsLine] = Field(description="All schools, by carrier")
    schools: list[SchoolSavingsOut]
    left_out: list[LeftOutOut]
    method: str = Field(examples=[SAVINGS])


class CornerOut(Answer):
    """A corner of a curve."""

    felt_c: float
    energy_kwh: float


class GroupOut(Answer):
    """Days of these seasons and kinds: kWh/d = base + heating · max(0, balance − T) + cooling · max(0, T −
    cooling balance), T the outdoor temperature plus the sun's part."""

    seasons: list[str]
    day_types: list[str]
    days: int
    shape: str = Field(description="Parameters of ASHRAE RP-1050's curves", examples=["3P"])
    base_kwh_d: float
    heating_kwh_k_d: float
    balance_c: float | None
    cooling_kwh_k_d: float
    cooling_balance_c: float | None
    line: list[CornerOut] = Field(description="The curve over the temperatures of its days, by its corners")


class DayPointOut(Answer):
    """A day of the signature's chart. ``felt_c`` is the curves' temperature."""

    day: date
    day_type: str
    temperature_c: float | None
    felt_c: float | None
    energy_kwh: float | None
    modelled_kwh: float | None


class SignatureLine(Answer):
    """The signature of a carrier; figures are null where nothing follows the weather."""

    carrier: Carrier
    balance_c: float | None = Field(description="Outdoor temperature below which it heats [°C]")
    slope_w_k: float | None = Field(description="What a kelvin of cold costs [W/K]", examples=[2_150.0])
    slope_kwh_k_d: float | None = Field(description="The same a day [kWh/(K·d)]", examples=[51.6])
    base_kwh_d: float | None = Field(description="What does not follow the weather [kWh/d]")
    sun_k: float | None = Field(description="By how many kelvin a kWh/m² of sun makes a day warmer")
    fit: FitOut | None
    groups: list[GroupOut]
    days: list[DayPointOut]
    reason: str | None = Field(examples=["no_weather_station"])
    lacks: list[LackOut] = Field(description="What a claim of savings from this baseline would miss")


class SignatureOut(Answer):
    """Energy by outdoor temperature and kind of day."""

    school: str
    period: PeriodOut
    station: StationOut | None
    carriers: list[SignatureLine]
    method: str = Field(examples=[SIGNATURE])


def period_out(dates: Dates) -> PeriodOut:
    """A period with its length."""
    return PeriodOut(first=dates.first, last=dates.last, days=dates.days)


def station_out(station: StationUsed | None) -> StationOut | None:
    """The station, if there is one."""
    if station is None:
        return None
    return StationOut(key=station.key, name=station.name, distance_km=round(station.distance_km, 2))


def lacks_out(lacks: tuple[Lack, ...]) -> list[LackOut]:
    """What is missing."""
    return [LackOut.model_validate(one._asdict()) for one in lacks]


def savings_out(found: SchoolSavings) -> SavingsOut:
    """A school's savings."""
    return SavingsOut(
        school=found.school,
        baseline=period_out(found.baseline),
        reporting=period_out(found.reporting),
        confidence=CONFIDENCE,
        station=station_out(found.station),
        carriers=[savings_line(one) for one in found.carriers],
        total=savings_line(found.total),
        method=SAVINGS,
    )


def portfolio_out(found: PortfolioSavings) -> PortfolioSavingsOut:
    """Savings of all schools."""
    return PortfolioSavingsOut(
        baseline=period_out(found.baseline),
        reporting=period_out(found.reporting),
        confidence=CONFIDENCE,
        total=savings_line(found.total),
        carriers=[savings_line(one) for one in found.carriers],
        schools=[
            SchoolSavingsOut(
                school=one.school,
                carriers=[savings_line(line) for line in one.carriers],
                total=savings_line(one.total),
            )
            for one in found.schools
        ],
        left_out=[LeftOutOut.model_validate(one._asdict()) for one in found.left_out],
        method=SAVINGS,
    )


def savings_line(one: CarrierSavings) -> SavingsLine:
    """Savings of one carrier or sum."""
    result = one.result
    would = result.counterfactual_kwh

    def share(kwh: float | None) -> float | None:
        return None if kwh is None or not would else kwh / would

    return SavingsLine(
        carrier=one.carrier,
        claim=result.claim,
        reason=result.reason,
        lacks=lacks_out(one.lacks),
        days=result.days,
        observed_kwh=result.observed_kwh,
        counterfactual_kwh=would,
        saved_kwh=result.saved_kwh,
        low_kwh=result.low_kwh,
        high_kwh=result.high_kwh,
        saved_share=share(result.saved_kwh),
        low_share=share(result.low_kwh),
        high_share=share(result.high_kwh),
        fit=_fit_out(result.quality),
        emissions=[emission_out(emission) for emission in one.emissions],
    )


def emission_out(one: SavedEmission) -> SavedEmissionOut:
    """A saving in kgCO2e."""
    return SavedEmissionOut(
        basis=one.basis,
        line=one.line,
        saved_kgco2e=one.saved_kgco2e,
        low_kgco2e=one.low_kgco2e,
        high_kgco2e=one.high_kgco2e,
        factors=[factor.id for factor in one.factors],
        reason=one.reason,
    )


def signature_out(found: SchoolSignature) -> SignatureOut:
    """A school's signatures."""
    return SignatureOut(
        school=found.school,
        period=period_out(found.dates),
        station=station_out(found.station),
        carriers=[_signature_line(one) for one in found.carriers],
        method=SIGNATURE,
    )


def _signature_line(one: CarrierSignature) -> SignatureLine:
    signature, main = one.signature, one.main
    none = None if signature is not None else one.lacks[0].code if one.lacks else "too_few_days"
    return SignatureLine(
        carrier=one.carrier,
        balance_c=one.balance_c,
        slope_w_k=one.slope_w_k,
        slope_kwh_k_d=main.curve.heating_kwh_k_d if main is not None else None,
        base_kwh_d=one.base_kwh_d,
        sun_k=signature.sun_k if signature is not None else None,
        fit=_fit_out(signature.quality) if signature is not None else None,
        groups=_groups(one),
        days=_day_points(one),
        reason=none,
        lacks=lacks_out(one.lacks),
    )


def _groups(one: CarrierSignature) -> list[GroupOut]:
    groups = one.signature.groups if one.signature is not None else ()
    return [_group_out(group, line) for group, line in zip(groups, one.lines, strict=True)]


def _group_out(group: Group, line: list[tuple[float, float]]) -> GroupOut:
    curve = group.curve
    return GroupOut(
        seasons=sorted(group.seasons),
        day_types=sorted(group.day_types),
        days=group.days,
        shape=curve.shape,
        base_kwh_d=curve.base_kwh_d,
        heating_kwh_k_d=curve.heating_kwh_k_d,
        balance_c=curve.heats_below_c if curve.heating_kwh_k_d else None,
        cooling_kwh_k_d=curve.cooling_kwh_k_d,
        cooling_balance_c=curve.cools_above_c if curve.cooling_kwh_k_d else None,
        line=[CornerOut(felt_c=at, energy_kwh=energy) for at, energy in line],
    )


def _day_points(one: CarrierSignature) -> list[DayPointOut]:
    columns = (one.days.index, one.days["day_type"], one.days["temperature_c"], one.felt_c,
               one.days["energy_kwh"], one.modelled_kwh)  # fmt: skip
    return [
        DayPointOut(
            day=day.date(),
            day_type=kind,
            temperature_c=_number(temperature),
            felt_c=_number(felt),
            energy_kwh=_number(energy),
            modelled_kwh=_number(modelled),
        )
        for day, kind, temperature, felt, energy, modelled in zip(*columns, strict=True)
    ]


def _fit_out(quality: Quality | None) -> FitOut | None:
    if quality is None:
        return None
    poor = quality.cvrmse > USABLE_CVRMSE
    return FitOut(
        days=quality.days,
        parameters=quality.parameters,
        mean_kwh_d=quality.mean_kwh_d,
        cvrmse=_number(quality.cvrmse),
        nmbe=_number(quality.nmbe),
        r2=quality.r2,
        autocorrelation=quality.autocorrelation,
        grade="poor" if poor else "good" if quality.cvrmse <= GOOD_CVRMSE else "usable",
    )


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None
