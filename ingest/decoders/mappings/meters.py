"""Codecs of electricity and heat meters. Registers stay registers; tariffs and phases keep their own."""

from __future__ import annotations

from ingest.decoders.describe import described
from ingest.decoders.mappings.readers import (
    CURRENT_A,
    ENERGY_KWH,
    POWER_W,
    VOLTAGE_V,
    UnusableError,
    in_unit,
    measured,
    number,
)
from ingest.decoders.mappings.table import Field, Mapping, Object
from ingest.message import Value

_K = frozenset
_KWH = measured(ENERGY_KWH)
_DATA_KWH = measured(ENERGY_KWH, "data")
_DATA_W = measured(POWER_W, "data")
_DATA_A = measured(CURRENT_A, "data")
_DATA_V = measured(VOLTAGE_V, "data")

# Elvaco CMi41xx reads a heat meter over M-Bus and its codec scales to kWh, kW, m³ and m³/h.
_ELVACO = (
    Field("heat_kwh", ("energy",)),
    Field("heat_power_w", ("power",), factor=1000),
    Field("volume_m3", ("volume",)),
    Field("flow_m3_h", ("flow",)),
    Field("flow_temperature_c", ("flow_temperature",)),
    Field("flow_temperature_c", ("forward_temperature",)),
    Field("return_temperature_c", ("return_temperature",)),
)

# EMU Professional II; newer versions of its codec write the names without spaces.
_EMU_NAMES = (
    ("energy_import_t1_kwh", "Active Energy Import T1", _KWH),
    ("energy_import_t2_kwh", "Active Energy Import T2", _KWH),
    ("energy_export_t1_kwh", "Active Energy Export T1", _KWH),
    ("energy_export_t2_kwh", "Active Energy Export T2", _KWH),
    ("power_w", "Active Power L123", measured(POWER_W)),
    ("power_l1_w", "Active Power L1", measured(POWER_W)),
    ("power_l2_w", "Active Power L2", measured(POWER_W)),
    ("power_l3_w", "Active Power L3", measured(POWER_W)),
)
_EMU = tuple(
    Field(quantity, (key,), read)
    for quantity, name, read in _EMU_NAMES
    for key in (name, name.replace(" ", ""))
)
_EMU_KEYS = _K(field.path[0] for field in _EMU)

# Yobiiq EM2101 has one phase and EM4301 three; both split registers and powers over uplinks.
_YOBIIQ_1 = (
    Field("energy_kwh", ("activeEnergyImportL1T1",), _DATA_KWH),
    Field("energy_import_t2_kwh", ("activeEnergyImportL1T2",), _DATA_KWH),
    Field("energy_export_kwh", ("activeEnergyExportL1T1",), _DATA_KWH),
    Field("power_w", ("activePowerL1",), _DATA_W),
    Field("voltage_v", ("voltageL1N",), _DATA_V),
    Field("current_a", ("currentL1",), _DATA_A),
)
_YOBIIQ_3 = (
    Field("energy_import_t1_kwh", ("activeEnergyImportL123T1",), _DATA_KWH),
    Field("energy_import_t2_kwh", ("activeEnergyImportL123T2",), _DATA_KWH),
    Field("energy_export_t1_kwh", ("activeEnergyExportL123T1",), _DATA_KWH),
    Field("energy_export_t2_kwh", ("activeEnergyExportL123T2",), _DATA_KWH),
    Field("power_w", ("totalSystemActivePower",), _DATA_W),
    Field("power_l1_w", ("activePowerL1",), _DATA_W),
    Field("power_l2_w", ("activePowerL2",), _DATA_W),
    Field("power_l3_w", ("activePowerL3",), _DATA_W),
)


# One frame a channel and phase: each is a meter of its own (device key …-ch2c), or they would overwrite each
# other.
_ARWIN = (
    Field("energy_kwh", ("active_energy",)),
    Field("power_w", ("active_pow",)),
    Field("current_a", ("current",)),
)


def _elv(found: Object) -> tuple[list[Value], list[str]]:
    """ELV-ESI: parallel arrays, one entry a register, its unit and direction in siblings."""
    energy = found["Energy_Data"]
    values: list[Value] = []
    rejected: list[str] = []
    if not isinstance(energy, dict):
        return values, ["Energy_Data: not an object"]
    columns = ("Consumption_Type", "Energy_Counter", "Energy_Counter_Unit", "Power", "Energy_Power_Unit")
    lists = [energy[name] if isinstance(energy.get(name), list) else [] for name in columns]
    if len(lists[0]) != 1:  # several registers (tariffs) would overwrite each other
        return values, [f"Energy_Data: {len(lists[0])} registers instead of one"]
    kind, counter, counter_unit, power, power_unit = (column[0] if column else None for column in lists)
    signs = energy.get("Signum_Of_Power")
    sign = -1 if isinstance(signs, list) and signs[:1] == ["Negative"] else 1
    if kind != "Consumption":
        return values, [f"Energy_Data: {described(kind)} is not consumption"]
    for quantity, amount, unit, units in (
        ("energy_kwh", counter, counter_unit, ENERGY_KWH),
        ("power_w", power, power_unit, POWER_W),
    ):
        try:
            value = number(amount)
            if value is not None:
                value = in_unit(value, unit, units)
                values.append(Value(quantity, value * sign if quantity == "power_w" else value))
        except UnusableError as fault:
            rejected.append(f"{quantity}: {fault}")
    return values, rejected


_OBIS_KWH = {
    "1.8.0": "energy_kwh",
    "1.8.1": "energy_import_t1_kwh",
    "1.8.2": "energy_import_t2_kwh",
    "2.8.0": "energy_export_kwh",
    "2.8.1": "energy_export_t1_kwh",
    "2.8.2": "energy_export_t2_kwh",
}
_OBIS_W = {"1.7.0": "power_w", "16.7.0": "power_w", "2.7.0": "power_export_w"}


def _imst(found: Object) -> tuple[list[Value], list[str]]:
    """IMST KE868: a list of OBIS registers with value and unit, the scaler applied."""
    amounts: dict[str, float] = {}
    rejected: list[str] = []
    registers = found["OBIS_IDs"]
    for register in registers if isinstance(registers, list) else []:
        if not isinstance(register, dict):
            continue
        name = register.get("OBIS_ID")
        code = ".".join(name.split("_")[2:5]) if isinstance(name, str) else ""
        quantity = _OBIS_KWH.get(code) or _OBIS_W.get(code)
        if quantity is None:
            continue
        try:
            amount = number(register.get("value"))
            if amount is not None:
                units = ENERGY_KWH if code in _OBIS_KWH else POWER_W
                amounts[quantity] = in_unit(amount, register.get("unit"), units)
        except UnusableError as fault:
            rejected.append(f"{code}: {fault}")
    # A meter with a single tariff has its whole consumption in register 1.8.1.
    if "energy_import_t1_kwh" in amounts and not amounts.keys() & {"energy_kwh", "energy_import_t2_kwh"}:
        amounts["energy_kwh"] = amounts.pop("energy_import_t1_kwh")
    return [Value(quantity, amount) for quantity, amount in amounts.items()], rejected


MAPPINGS = (
    Mapping(
        "elvaco-heat",
        _ELVACO,
        _K({"energy", "volume", "return_temperature"}),
        _K({"flow_temperature", "forward_temperature"}),
        hints=(("meter_serial", "serial"), ("meter_serial", "serial_from_message")),
    ),
    Mapping("emu-meter", _EMU, any_of=_EMU_KEYS, clock=("timestamp", "value")),
    Mapping("yobiiq-meter", _YOBIIQ_1, _K({"productCode"}), equals=(("genericModel", "EM2101"),)),
    Mapping("yobiiq-meter", _YOBIIQ_3, _K({"productCode"}), equals=(("genericModel", "EM4301"),)),
    Mapping(
        "arwin-meter",
        _ARWIN,
        _K({"channel", "phase", "active_energy", "active_pow"}),
        channel=("channel", "phase"),
    ),
    Mapping("elv-esi", (), _K({"Energy_Data", "TX_Reason"}), rows=_elv),
    Mapping("imst-ke868", (), _K({"OBIS_IDs", "general_info"}), rows=_imst),
    Mapping(
        "netvox",
        # The unit of Energy differs by model and is not in the message.
        (Field("power_w", ("Power",)), Field("voltage_v", ("Vol",))),
        _K({"Device", "Vol", "Power"}),
    ),
)
