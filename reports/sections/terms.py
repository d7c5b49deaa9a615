"""The field's terms as people read them: carriers, marks, statuses, reasons, bases, methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from classroom.metric import Status
from classroom.quantity import Carrier
from reports.figures import Figure, Mark
from reports.language import Language


def _(message: str) -> str:
    """Marks a message for the catalogue."""
    return message


def _n(one: str, several: str) -> tuple[str, str]:
    """Marks a message that counts."""
    return one, several


_CARRIERS: Mapping[Carrier, str] = {
    Carrier.ELECTRICITY: _("electricity"),
    Carrier.DISTRICT_HEAT: _("district heat"),
    Carrier.DISTRICT_COOLING: _("district cooling"),
    Carrier.GAS: _("gas"),
    Carrier.OIL: _("oil"),
    Carrier.PELLETS: _("pellets"),
    Carrier.SOLAR: _("solar electricity"),
}

_MARKS: Mapping[Mark, str] = {
    Mark.ACTUAL: _("actual"),
    Mark.PARTLY_ESTIMATED: _("partly estimated"),
    Mark.INCOMPLETE: _("incomplete"),
    Mark.AHEAD: _("not begun"),
}

_STATUSES: Mapping[Status, str] = {
    Status.OK: _("ok"),
    Status.PARTIAL: _("partial"),
    Status.ESTIMATED: _("estimated"),
    Status.PRELIMINARY: _("preliminary"),
    Status.INSUFFICIENT: _("too little data"),
    Status.NO_DATA: _("no data"),
}

_REASONS: Mapping[str, str] = {
    "not_occupied": _("nobody was there by timetable"),
    "not_yet_occupied": _("the day has not begun"),
    "no_readings": _("no readings"),
    "few_readings": _("few readings"),
    "gap": _("a gap in the readings"),
    "running": _("the period is not over"),
    "register_reset": _("a register was reset"),
    "meter_swap": _("a meter was swapped"),
    "implausible_jump": _("a register jumped"),
    "resolution": _("the meter counts in coarse steps"),
    "values_estimated": _("values that the grid company had estimated"),
    "no_area": _("the heated area is not known"),
    "no_pupils": _("the number of pupils is not known"),
    "no_factor": _("no emission factor is chosen"),
    "lifecycle_factor_only": _("the factor cannot be parted; see scope 2 + 3.3"),
    "billed": _("by bill"),
    "bill_calculated": _("the bill will be corrected"),
    "withdrawn": _("withdrawn: its inputs are gone"),
    "no_normal_year": _("no normal year is given for the weather station"),
    "no_signature": _("no heating signature can be fitted"),
    "too_warm_to_correct": _("too warm a period to be corrected"),
    "normal_from_mean_temperature": _("normal degree days made from mean temperatures"),
}

_WITH_VALUE: Mapping[str, str] = {
    "meter_missing": _("silent meters: {value}"),
    "without": _("without {value}"),
    "factor_of": _("factor of {value}"),
}

_COUNTED: Mapping[str, tuple[str, str]] = {
    "days_missing": _n("{count} day says nothing", "{count} days say nothing"),
    "rooms_without_a_figure": _n("{count} room without a figure", "{count} rooms without a figure"),
    "schools_without_a_figure": _n("{count} school without a figure", "{count} schools without a figure"),
}

_BASES: Mapping[str, str] = {"location": _("location"), "market": _("market")}

_COVERS: Mapping[str, str] = {
    "direct": _("direct (scope 2; of fuels burnt at the school scope 1)"),
    "upstream": _("upstream (scope 3.3)"),
    "lifecycle": _("lifecycle (scope 2 + 3.3 in one)"),
    "biogenic": _("biogenic (outside the scopes)"),
    "marginal": _("marginal (never in accounts)"),
}


_LINES: Mapping[str, str] = {
    "direct": _("direct"),
    "upstream": _("upstream"),
    "lifecycle": _("lifecycle"),
    "biogenic": _("biogenic"),
}


def line_name(line: str, language: Language) -> str:
    """A line of the accounts."""
    return language.text(_LINES[line])


def carrier_name(carrier: Carrier, language: Language) -> str:
    """``fjärrvärme``."""
    return language.text(_CARRIERS[carrier])


def mark_name(mark: Mark, language: Language) -> str:
    """What a month's energy stands on."""
    return language.text(_MARKS[mark])


def status_name(status: Status, language: Language) -> str:
    """How far a figure can be trusted."""
    return language.text(_STATUSES[status])


def basis_name(basis: str, language: Language) -> str:
    """Location or market."""
    return language.text(_BASES.get(basis, basis))


def cover_name(cover: str, language: Language) -> str:
    """What a factor holds."""
    return language.text(_COVERS[cover])


def reason_text(reason: str | None, language: Language) -> str:
    """Reason codes in words; a code without words is shown as it is."""
    parts = []
    for code in (reason or "").split("; "):
        name, _colon, value = code.partition(":")
        if code.startswith("factor_of_"):
            name, value = "factor_of", code.removeprefix("factor_of_")
        if name == "without":
            known = {str(carrier): carrier_name(carrier, language) for carrier in Carrier}
            value = ", ".join(known.get(one, one) for one in value.split(","))
        if name in _COUNTED and value.isdigit():
            parts.append(language.counted(int(value), *_COUNTED[name]))
        elif name in _WITH_VALUE and value:
            parts.append(language.text(_WITH_VALUE[name], value=value))
        elif code in _REASONS:
            parts.append(language.text(_REASONS[code]))
        elif code:
            parts.append(code)
    return "; ".join(dict.fromkeys(parts))


def standing_of(figures: Sequence[Figure | None], language: Language) -> str:
    """Of several figures in one cell: each thing once, and no word that a longer one begins with."""
    told = list(dict.fromkeys(standing(one, language) for one in figures if one is not None))
    return "; ".join(
        one for one in told if not any(other != one and other.startswith(f"{one}:") for other in told)
    )


def standing(figure: Figure | None, language: Language) -> str:
    """Status and reason of a figure in one cell."""
    if figure is None:
        return status_name(Status.NO_DATA, language)
    why = reason_text(figure.reason, language)
    word = status_name(figure.status, language)
    return f"{word}: {why}" if why else word
