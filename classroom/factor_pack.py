"""Emission factors that ship with the project: Sweden, thirteen other countries, one heat network.

Figures and sources as read in November 2026; a site adds its own networks and contracts in
``factors.csv``. No verified, free series of marginal intensities was found for Sweden, so none ships.
"""

from __future__ import annotations

from classroom.factors import Basis, Cover, Factor
from classroom.quantity import Carrier

_EEA = (
    "European Environment Agency, greenhouse gas emission intensity of electricity generation 2024 "
    "(read in a public repository that quotes the EEA's table)"
)
_MAPS = "Electricity Maps, yearly mean of consumption incl. imports, IPCC lifecycle factors; as in co2.js"
_MAPS_LICENCE = "ODbL 1.0; attribution: Electricity Maps, electricitymaps.com"
_EI = "Energimarknadsinspektionen, nordisk residualmix"
_VMK = "Öresundskraft, lokala miljövärden enligt Värmemarknadskommittén (VMK)"

# By country: production, direct emissions in 2024 (EEA; None: not published), then consumption, lifecycle,
# in 2022, 2023, 2024 (Electricity Maps).
_COUNTRIES: dict[str, tuple[str, float | None, tuple[float, float, float]]] = {
    "at": ("Austria", 53, (248, 152, 119)),
    "be": ("Belgium", 155, (197, 175, 153)),
    "de": ("Germany", 291, (475, 379, 341)),
    "dk": ("Denmark", 64, (186, 140, 136)),
    "ee": ("Estonia", 384, (426, 287, 285)),
    "es": ("Spain", 125, (220, 153, 129)),
    "fi": ("Finland", 27, (133, 84, 80)),
    "fr": ("France", 36, (91, 49, 33)),
    "gb": ("Great Britain", None, (235, 200, 175)),
    "it": ("Italy", 206, (399, 316, 267)),
    "nl": ("Netherlands", 245, (347, 280, 251)),
    "no": ("Norway", None, (38, 34, 33)),
    "pl": ("Poland", 566, (876, 726, 581)),
    "se": ("Sweden", 6, (26, 25, 23)),
}

_SWEDISH_ZONES: dict[str, tuple[float, ...]] = {  # consumption, lifecycle, 2021 to 2025 (Electricity Maps)
    "se3": (24, 25, 23, 21, 20),
    "se4": (51, 40, 40, 39, 37),
}


def _electricity(
    key: str, year: int, g_per_kwh: float, basis: Basis, covers: Cover, area: str, source: str,
    licence: str | None = None,
) -> Factor:  # fmt: skip
    return Factor(
        id=key,
        carrier=Carrier.ELECTRICITY,
        year=year,
        g_per_kwh=g_per_kwh,
        basis=basis,
        covers=covers,
        area=area,
        source=source,
        licence=licence,
    )


def _countries() -> list[Factor]:
    found = []
    for key, (area, direct, lifecycle) in _COUNTRIES.items():
        if direct is not None:
            mix = f"{area}, production"
            found.append(
                _electricity(f"{key}-el-eea-2024", 2024, direct, "location", "direct", mix, _EEA, "CC BY 4.0")
            )
        for year, value in zip((2022, 2023, 2024), lifecycle, strict=True):
            found.append(_maps(key, area, year, value))
    for zone, values in _SWEDISH_ZONES.items():
        for year, value in zip(range(2021, 2026), values, strict=True):
            found.append(_maps(zone, f"Sweden, bidding zone {zone.upper()}", year, value))
    return found


def _maps(key: str, area: str, year: int, value: float) -> Factor:
    mix = f"{area}, consumption"
    return _electricity(
        f"{key}-el-maps-{year}", year, value, "location", "lifecycle", mix, _MAPS, _MAPS_LICENCE
    )


def _nordic() -> list[Factor]:
    ivl = "IVL for Naturvårdsverket, Nordic electricity mix 2021-2023"
    mix, residual = "Nordic mix including trade", "Nordic residual mix"
    return [
        _electricity("se-el-ivl-nordic-2023", 2023, 59, "location", "lifecycle", mix, ivl),
        *(
            _electricity(f"se-el-ei-residual-{y}", y, g, "market", "direct", residual, f"{_EI} {y}")
            for y, g in ((2019, 338.5), (2021, 372.0), (2023, 524.1))
        ),
    ]


def _heat() -> list[Factor]:
    return [
        Factor(
            id=f"helsingborg-heat-vmk-{year}",
            carrier=Carrier.DISTRICT_HEAT,
            year=year,
            g_per_kwh=g_per_kwh,
            basis="location",
            covers="lifecycle",
            allocation="vmk",
            area="Helsingborg, Öresundskraft",
            source=f"{_VMK} {year}",
        )
        for year, g_per_kwh in ((2017, 49), (2018, 48), (2019, 50), (2020, 71))
    ]


FACTORS: tuple[Factor, ...] = (*_nordic(), *_countries(), *_heat())
"""Factors that ship with the project."""
