"""What can be measured: one table serves validation, storage, the API and the units on panels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a quantity behaves over time."""

    GAUGE = "gauge"  # a level at an instant: CO2, temperature, power
    REGISTER = "register"  # a cumulative counter that may reset, roll over or be swapped
    COUNT = "count"  # events since the device's last message
    STATE = "state"  # 0 or 1 (or a small enumeration) at an instant
    INTERVAL = "interval"  # an amount of the interval that begins at the reading's time


class Domain(StrEnum):
    """Where a quantity belongs; also the measurement it is stored under in InfluxDB."""

    INDOOR = "indoor"
    OUTDOOR = "outdoor"
    ENERGY = "energy"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measurable quantity.

    ``low`` and ``high`` are physical or instrument limits (inclusive, in ``unit``): a value outside is
    stored with :attr:`classroom.reading.Flag.LIMITS` and never enters a mean. They are not limits of
    good air or comfort.
    """

    key: str
    unit: str
    low: float
    high: float
    kind: Kind
    domain: Domain
    label_sv: str
    label_en: str

    def within_limits(self, value: float) -> bool:
        """Whether ``value`` is physically possible (NaN and infinities are not)."""
        return self.low <= value <= self.high


_G, _R, _C, _S, _I = Kind.GAUGE, Kind.REGISTER, Kind.COUNT, Kind.STATE, Kind.INTERVAL
_IN, _OUT, _EN, _DEV = Domain.INDOOR, Domain.OUTDOOR, Domain.ENERGY, Domain.DEVICE
_REGISTER_MAX = 1e10  # a ten-digit register; meters of whole cities stay below

# Limits: CO2 from the span of NDIR instruments (a sealed room passes 5000 ppm; below 350 ppm no outdoor
# air on Earth). Temperature, humidity: sensor spans. Power: a 10 MW feeder.
_TABLE = (
    Quantity("co2_ppm", "ppm", 350, 10_000, _G, _IN, "Koldioxid", "Carbon dioxide"),
    Quantity("temperature_c", "°C", -30, 60, _G, _IN, "Temperatur", "Temperature"),
    Quantity("humidity_pct", "%", 0, 100, _G, _IN, "Relativ luftfuktighet", "Relative humidity"),
    Quantity("pressure_hpa", "hPa", 800, 1100, _G, _IN, "Lufttryck", "Air pressure"),
    Quantity("illuminance_lux", "lx", 0, 200_000, _G, _IN, "Belysning", "Illuminance"),
    Quantity("noise_db", "dB(A)", 0, 140, _G, _IN, "Ljudnivå", "Noise level"),
    Quantity("noise_peak_db", "dB(A)", 0, 160, _G, _IN, "Ljudtopp", "Noise peak"),
    Quantity("pm1_ug_m3", "µg/m³", 0, 10_000, _G, _IN, "Partiklar PM1", "Particles PM1"),
    Quantity("pm25_ug_m3", "µg/m³", 0, 10_000, _G, _IN, "Partiklar PM2,5", "Particles PM2.5"),
    Quantity("pm10_ug_m3", "µg/m³", 0, 10_000, _G, _IN, "Partiklar PM10", "Particles PM10"),
    Quantity("tvoc_ppb", "ppb", 0, 60_000, _G, _IN, "Flyktiga ämnen", "Total volatile organic compounds"),
    Quantity("tvoc_ug_m3", "µg/m³", 0, 60_000, _G, _IN, "Flyktiga ämnen", "Total volatile organic compounds"),
    Quantity("motion", "0/1", 0, 1, _S, _IN, "Rörelse", "Motion"),
    Quantity("motion_count", "1", 0, 65_535, _C, _IN, "Rörelser", "Motion events"),
    Quantity("motion_pct", "%", 0, 100, _G, _IN, "Andel rörelse", "Share of time with motion"),
    Quantity("occupancy", "0/1/2", 0, 2, _S, _IN, "Närvaro", "Occupancy"),
    Quantity("people_count", "1", 0, 2_000, _G, _IN, "Personer", "People"),
    Quantity("people_in_total", "1", 0, _REGISTER_MAX, _R, _IN, "Personer in", "People in"),
    Quantity("people_out_total", "1", 0, _REGISTER_MAX, _R, _IN, "Personer ut", "People out"),
    Quantity("outdoor_temperature_c", "°C", -60, 60, _G, _OUT, "Utetemperatur", "Outdoor temperature"),
    Quantity("outdoor_humidity_pct", "%", 0, 100, _G, _OUT, "Luftfuktighet ute", "Outdoor humidity"),
    Quantity("irradiance_w_m2", "W/m²", 0, 1_500, _G, _OUT, "Solinstrålning", "Solar irradiance"),
    Quantity("wind_m_s", "m/s", 0, 75, _G, _OUT, "Vind", "Wind speed"),
    Quantity("power_w", "W", -1e7, 1e7, _G, _EN, "Eleffekt", "Electric power"),
    Quantity("power_l1_w", "W", -1e7, 1e7, _G, _EN, "Eleffekt fas 1", "Electric power phase 1"),
    Quantity("power_l2_w", "W", -1e7, 1e7, _G, _EN, "Eleffekt fas 2", "Electric power phase 2"),
    Quantity("power_l3_w", "W", -1e7, 1e7, _G, _EN, "Eleffekt fas 3", "Electric power phase 3"),
    Quantity("power_export_w", "W", 0, 1e7, _G, _EN, "Utmatad effekt", "Exported power"),
    Quantity("energy_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Elmätare", "Electricity register"),
    Quantity(
        "energy_l1_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Elmätare fas 1", "Electricity register phase 1"
    ),
    Quantity(
        "energy_l2_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Elmätare fas 2", "Electricity register phase 2"
    ),
    Quantity(
        "energy_l3_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Elmätare fas 3", "Electricity register phase 3"
    ),
    Quantity(
        "energy_import_t1_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Elmätare tariff 1", "Electricity tariff 1"
    ),
    Quantity(
        "energy_import_t2_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Elmätare tariff 2", "Electricity tariff 2"
    ),
    Quantity("energy_export_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Utmatad el", "Exported electricity"),
    Quantity(
        "energy_export_t1_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Utmatad el tariff 1", "Export tariff 1"
    ),
    Quantity(
        "energy_export_t2_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Utmatad el tariff 2", "Export tariff 2"
    ),
    Quantity("solar_power_w", "W", 0, 1e7, _G, _EN, "Soleffekt", "Solar power"),
    Quantity("solar_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Solel", "Solar electricity register"),
    Quantity("heat_power_w", "W", -1e8, 1e8, _G, _EN, "Värmeeffekt", "Heat power"),
    Quantity("heat_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Värmemätare", "Heat register"),
    Quantity("cooling_power_w", "W", -1e8, 1e8, _G, _EN, "Kyleffekt", "Cooling power"),
    Quantity("cooling_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Kylmätare", "Cooling register"),
    Quantity("gas_kwh", "kWh", 0, _REGISTER_MAX, _R, _EN, "Gasmätare", "Gas energy register"),
    Quantity("energy_of_15min_kwh", "kWh", 0, 2_500, _I, _EN, "Energi per kvart", "Energy of 15 minutes"),
    Quantity("energy_of_hour_kwh", "kWh", 0, 10_000, _I, _EN, "Energi per timme", "Energy of an hour"),
    Quantity("energy_of_day_kwh", "kWh", 0, 240_000, _I, _EN, "Energi per dygn", "Energy of a day"),
    Quantity("export_of_15min_kwh", "kWh", 0, 2_500, _I, _EN, "Utmatad el per kvart", "Export of 15 minutes"),
    Quantity("export_of_hour_kwh", "kWh", 0, 10_000, _I, _EN, "Utmatad el per timme", "Export of an hour"),
    Quantity("export_of_day_kwh", "kWh", 0, 240_000, _I, _EN, "Utmatad el per dygn", "Export of a day"),
    Quantity("energy_of_15min_estimated", "0/1", 0, 1, _S, _EN, "Beräknad kvart", "Estimated 15 min"),
    Quantity("energy_of_hour_estimated", "0/1", 0, 1, _S, _EN, "Beräknad timme", "Estimated hour"),
    Quantity("energy_of_day_estimated", "0/1", 0, 1, _S, _EN, "Beräknat dygn", "Estimated day"),
    Quantity(
        "export_of_15min_estimated",
        "0/1",
        0,
        1,
        _S,
        _EN,
        "Beräknad utmatad kvart",
        "Estimated export of 15 min",
    ),
    Quantity(
        "export_of_hour_estimated", "0/1", 0, 1, _S, _EN, "Beräknad utmatad timme", "Estimated export of hour"
    ),
    Quantity(
        "export_of_day_estimated", "0/1", 0, 1, _S, _EN, "Beräknat utmatat dygn", "Estimated export of day"
    ),
    Quantity("register_estimated", "0/1", 0, 1, _S, _EN, "Beräknad mätarställning", "Estimated register"),
    Quantity("billed_kwh", "kWh", 0, 1e8, _I, _EN, "Fakturerad energi", "Billed energy"),
    Quantity("billed_h", "h", 1, 100_000, _I, _EN, "Fakturans tid", "Length of the bill"),
    Quantity("billed_final", "0/1", 0, 1, _S, _EN, "Slutlig faktura", "Bill is final"),
    Quantity("billed_quarter_kwh", "kWh", 0, 1e8, _I, _EN, "Fakturerat per kvartal", "Billed by quarter"),
    Quantity(
        "billed_quarter_h", "h", 1, 100_000, _I, _EN, "Kvartalsfakturans tid", "Length of a quarter's bill"
    ),
    Quantity(
        "billed_quarter_final", "0/1", 0, 1, _S, _EN, "Slutlig kvartalsfaktura", "Quarter's bill is final"
    ),
    Quantity("billed_year_kwh", "kWh", 0, 1e8, _I, _EN, "Fakturerat per år", "Billed by year"),
    Quantity("billed_year_h", "h", 1, 100_000, _I, _EN, "Årsfakturans tid", "Length of a year's bill"),
    Quantity("billed_year_final", "0/1", 0, 1, _S, _EN, "Slutlig årsfaktura", "Year's bill is final"),
    Quantity("volume_m3", "m³", 0, _REGISTER_MAX, _R, _EN, "Volym", "Volume register"),
    Quantity("flow_m3_h", "m³/h", -10_000, 10_000, _G, _EN, "Flöde", "Flow"),
    Quantity("flow_temperature_c", "°C", -30, 200, _G, _EN, "Framledning", "Flow temperature"),
    Quantity("return_temperature_c", "°C", -30, 200, _G, _EN, "Returledning", "Return temperature"),
    Quantity("voltage_v", "V", 0, 1_000, _G, _EN, "Spänning", "Voltage"),
    Quantity("current_a", "A", -10_000, 10_000, _G, _EN, "Ström", "Current"),
    Quantity("pulse_count", "1", 0, _REGISTER_MAX, _R, _EN, "Pulser", "Pulses"),
    Quantity("battery_pct", "%", 0, 100, _G, _DEV, "Batteri", "Battery"),
    Quantity("battery_v", "V", 0, 50, _G, _DEV, "Batterispänning", "Battery voltage"),
)

QUANTITIES: dict[str, Quantity] = {quantity.key: quantity for quantity in _TABLE}
"""Every known quantity by key; the order is the order in which people see them."""


class Carrier(StrEnum):
    """Energy carriers a school buys or makes."""

    ELECTRICITY = "electricity"
    DISTRICT_HEAT = "district_heat"
    DISTRICT_COOLING = "district_cooling"
    GAS = "gas"
    OIL = "oil"
    PELLETS = "pellets"
    SOLAR = "solar"


IMPORT_REGISTERS: dict[Carrier, tuple[tuple[str, ...], ...]] = {
    Carrier.ELECTRICITY: (
        ("energy_kwh",),
        ("energy_import_t1_kwh", "energy_import_t2_kwh"),
        ("energy_l1_kwh", "energy_l2_kwh", "energy_l3_kwh"),
    ),
    Carrier.DISTRICT_HEAT: (("heat_kwh",),),
    Carrier.DISTRICT_COOLING: (("cooling_kwh",),),
    Carrier.GAS: (("gas_kwh",),),
    Carrier.OIL: (),  # bills only
    Carrier.PELLETS: (),  # bills only
    Carrier.SOLAR: (("solar_kwh",), ("energy_kwh",)),
}
"""Registers that carry a carrier's bought energy: alternatives in order of preference; the registers
inside one alternative (tariffs, phases) are summed."""

EXPORT_REGISTERS: tuple[tuple[str, ...], ...] = (
    ("energy_export_kwh",),
    ("energy_export_t1_kwh", "energy_export_t2_kwh"),
)
"""Registers of electricity fed into the grid, as :data:`IMPORT_REGISTERS`."""

INTERVAL_S: dict[str, int] = {"15min": 900, "hour": 3_600, "day": 86_400}
"""Lengths [s] of the intervals that have quantities of their own. A day is a calendar day, mostly of 24 h."""

IMPORT_INTERVALS: tuple[str, ...] = tuple(f"energy_of_{length}_kwh" for length in INTERVAL_S)
"""Energy that a meter measured in the direction it is there for, by interval, the finest first."""

EXPORT_INTERVALS: tuple[str, ...] = tuple(f"export_of_{length}_kwh" for length in INTERVAL_S)
"""Electricity fed into the grid, as :data:`IMPORT_INTERVALS`."""

ESTIMATED_MARKS: dict[str, str] = {
    **{name: name.replace("_kwh", "_estimated") for name in (*IMPORT_INTERVALS, *EXPORT_INTERVALS)},
    **{
        quantity.key: "register_estimated"
        for quantity in _TABLE
        if quantity.kind is Kind.REGISTER and quantity.domain is Domain.ENERGY
    },
}
"""The quantity that says, at the same time and of the same device, whether a value of energy was estimated
by whoever sent it (1) or measured after all (0). Values without one were measured."""

BILLS: dict[float, tuple[str, str, str]] = {
    45 * 24.0: ("billed_kwh", "billed_h", "billed_final"),
    200 * 24.0: ("billed_quarter_kwh", "billed_quarter_h", "billed_quarter_final"),
    float("inf"): ("billed_year_kwh", "billed_year_h", "billed_year_final"),
}
"""A bill is three readings at the first instant of its period: energy, length and whether it will be
corrected. By the longest period [h] that they are for: a month's and a year's bill may begin together."""

BILL_QUANTITIES: tuple[str, ...] = tuple(name for names in BILLS.values() for name in names)
"""All quantities of bills."""

BILL_LENGTHS: tuple[str, ...] = tuple(names[1] for names in BILLS.values())
"""Those that are a bill's length [h]."""


def bill_quantities(length_h: float) -> tuple[str, str, str]:
    """Energy, length and state of a bill of a period of so many hours."""
    return next(names for longest_h, names in BILLS.items() if length_h <= longest_h)
