"""Devices at meters: what their registers and powers are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from classroom.places import Device, Meter, MeterRole
from classroom.quantity import Carrier
from classroom.site import overlap
from simulators.chance import stream
from simulators.devices import BORDERS, Floats, Measure, Post, Samples, Values, Write, iso_ms
from simulators.school import Town, TownDay
from simulators.weather import MINUTES

KITCHEN_METER = "el-kok"
"""Key of a sub meter that counts the kitchen; others count the fans."""

_PHASES = (1, 2, 3)
_SUB_SHARES = np.array([0.36, 0.33, 0.31])  # of fans and kitchens on the three phases
_NOISE = 0.005  # of power: class 1 meters


def measure_meter(town: Town, placed: Device, meter: Meter, seed: int) -> Measure | None:
    """Registers and powers of ``placed`` at ``meter``; None where the town has nothing for it to count.

    Main meters of one carrier share the school's use equally. A meter shared with others shows the whole
    (``share``), and a device behind transformers shows what its ``scale`` leaves. Registers begin somewhere:
    a meter has counted before.
    """
    main = meter.role is MeterRole.MAIN
    share = 1 / (_mains_beside(town, meter) if main else 1) / meter.share / placed.scale
    school = town.school_index(placed.school)
    first_kwh = float(stream(seed, "register").integers(20_000, 400_000))
    if meter.carrier is Carrier.DISTRICT_HEAT and meter.role in (MeterRole.MAIN, MeterRole.SUB):
        return _heat(school, main, share, first_kwh)
    if meter.role is MeterRole.PRODUCTION and meter.carrier in (Carrier.ELECTRICITY, Carrier.SOLAR):
        return _solar(school, share, first_kwh)
    if meter.carrier is not Carrier.ELECTRICITY:
        return None
    if meter.role is MeterRole.SUB:
        return _sub(school, "kitchen" if meter.key == KITCHEN_METER else "fan", share, first_kwh)
    return _main(school, share, first_kwh)


def _main(school: int, share: float, first_kwh: float) -> Measure:
    """The main electricity meter: net of all phases, as Swedish meters count, and each phase by itself."""

    def measure(day: TownDay, samples: Samples) -> Values:
        registers, power = day.registers, day.power
        values = {
            "energy_kwh": first_kwh + share * _at(registers.import_kwh[:, school], samples),
            "energy_export_kwh": share * _at(registers.export_kwh[:, school], samples),
        }
        noise = samples.rng.normal(1, _NOISE, samples.time_ms.size)
        net = share * noise * _now(power.import_w[:, school] - power.export_w[:, school], samples)
        values |= {"power_w": np.maximum(net, 0), "power_export_w": np.maximum(-net, 0), "net_w": net}
        for phase in _PHASES:
            imported = registers.phase_import_kwh[:, school, phase - 1]
            exported = registers.phase_export_kwh[:, school, phase - 1]
            values[f"energy_l{phase}_kwh"] = first_kwh / 3 + share * _at(imported, samples)
            values[f"energy_export_l{phase}_kwh"] = share * _at(exported, samples)
            values[f"power_l{phase}_w"] = share * noise * _now(power.phase_w[:, school, phase - 1], samples)
        return values

    return measure


def _sub(school: int, part: str, share: float, first_kwh: float) -> Measure:
    def measure(day: TownDay, samples: Samples) -> Values:
        register, power = (
            getattr(day.registers, f"{part}_kwh")[:, school],
            getattr(day.power, f"{part}_w")[:, school],
        )
        kwh, watts = share * _at(register, samples), share * _now(power, samples)
        watts = watts * samples.rng.normal(1, _NOISE, watts.size)
        none = np.zeros_like(watts)
        values = {"energy_kwh": first_kwh + kwh, "power_w": watts, "net_w": watts}
        values |= {"energy_export_kwh": none, "power_export_w": none}
        for phase, part_of in zip(_PHASES, _SUB_SHARES, strict=True):
            values[f"energy_l{phase}_kwh"] = first_kwh / 3 + part_of * kwh
            values[f"energy_export_l{phase}_kwh"] = none
            values[f"power_l{phase}_w"] = part_of * watts
        return values

    return measure


def _solar(school: int, share: float, first_kwh: float) -> Measure:
    def measure(day: TownDay, samples: Samples) -> Values:
        watts = share * _now(day.power.solar_w[:, school], samples)
        return {
            "solar_kwh": first_kwh + share * _at(day.registers.solar_kwh[:, school], samples),
            "solar_power_w": watts * samples.rng.normal(1, _NOISE, watts.size),
        }

    return measure


def _heat(school: int, main: bool, share: float, first_kwh: float) -> Measure:
    """The heat meter of the substation, or the supply-air coils behind it."""

    def measure(day: TownDay, samples: Samples) -> Values:
        register = (day.registers.heat_kwh if main else day.registers.coil_kwh)[:, school]
        power = (day.power.heat_w if main else day.power.coil_w)[:, school]
        watts = share * _now(power, samples)
        forward = _now(day.substation.flow_temperature_c[:, school], samples)
        back = _now(day.substation.return_temperature_c[:, school], samples)
        flow = share * _now(day.substation.flow_m3_h[:, school], samples)
        values = {
            "heat_kwh": first_kwh + share * _at(register, samples),
            "heat_power_w": watts * samples.rng.normal(1, _NOISE, watts.size),
            "flow_temperature_c": forward + samples.rng.normal(0, 0.05, watts.size),
            "return_temperature_c": back + samples.rng.normal(0, 0.05, watts.size),
        }
        if main:
            volume = share * _at(day.registers.volume_m3[:, school], samples)
            values |= {"flow_m3_h": flow, "volume_m3": first_kwh / 50 + volume}
        return values

    return measure


def _at(register: Floats, samples: Samples) -> Floats:
    """A register at the samples."""
    return np.interp(samples.minute, BORDERS, register)


def _now(power: Floats, samples: Samples) -> Floats:
    """What is drawn in the minute of each sample."""
    now: Floats = power[np.minimum(samples.minute.astype(np.int64), MINUTES - 1)]
    return now


def _mains_beside(town: Town, meter: Meter) -> int:
    """Main meters of the same carrier that count at the same time as ``meter``, itself among them."""
    mains = town.site.meters_of(meter.school, meter.carrier, MeterRole.MAIN)
    together = [m for m in mains if overlap(m.valid_from, m.valid_to, meter.valid_from, meter.valid_to)]
    return len({m.key for m in together})


def shown(values: Floats, digits: int) -> Floats:
    """What a register shows: what is complete, to ``digits`` after the point."""
    scale = 10.0**digits
    return np.asarray(np.floor(values * scale + 1e-6) / scale)


_NATIVE = {
    "energy_kwh": ("%.2f", 2),
    "energy_export_kwh": ("%.2f", 2),
    "solar_kwh": ("%.2f", 2),
    "heat_kwh": ("%.1f", 1),
    "power_w": ("%.0f", None),
    "power_export_w": ("%.0f", None),
    "solar_power_w": ("%.0f", None),
}
"""Pattern of each key and the digits after the point that its register shows (None: no register)."""


def native_meter(topic: str, role: MeterRole, *, exports: bool) -> Write:
    """The project's own JSON: registers to 0.01 kWh (heat 0.1 kWh), power to 1 W.

    An export meter says what it exports, a main meter also does where something can be exported.
    """
    keys = ["energy_export_kwh", "power_export_w"] if role is MeterRole.EXPORT else ["energy_kwh", "power_w"]
    if role is MeterRole.MAIN and exports:
        keys.append("energy_export_kwh")

    def write(samples: Samples, values: Values) -> list[Post]:
        spoken = [key for key in (*keys, "solar_kwh", "solar_power_w", "heat_kwh") if key in values]
        pattern = ('{"time":"%sZ",' + ",".join(f'"{key}":{_NATIVE[key][0]}' for key in spoken) + "}").encode()
        rows = zip(iso_ms(samples.clock_ms), *_columns(values, spoken), strict=True)
        payloads = [pattern % (text, *numbers) for text, *numbers in rows]
        return [
            (time_ms, topic, payload, False)
            for time_ms, payload in zip(samples.time_ms.tolist(), payloads, strict=True)
        ]

    return write


def _columns(values: Mapping[str, Floats], keys: list[str]) -> list[list[float]]:
    found = []
    for key in keys:
        digits = _NATIVE[key][1]
        found.append((values[key] if digits is None else shown(values[key], digits)).tolist())
    return found
