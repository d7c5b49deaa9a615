"""DSMR-reader: ``dsmr/json`` and ``dsmr/reading/<field>``; fields are editable.

Source: https://dsmr-reader.readthedocs.io/ . Recognised by its field names. Registers [kWh] by tariff,
powers [kW]; numbers are texts. Day and month totals on other topics are not registers. Device key:
``dsmr-reader/<first levels of the topic>``; the telegram's meter is not named.
"""

from __future__ import annotations

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.readers import text_number
from ingest.decoders.mappings.table import Field, Mapping
from ingest.decoders.times import instant_or_none
from ingest.message import Decoded, Message, Undecodable


def _field(quantity: str, name: str, factor: float = 1.0) -> Field:
    return Field(quantity, (name,), text_number, factor)


_FIELDS = (
    _field("energy_import_t1_kwh", "electricity_delivered_1"),
    _field("energy_import_t2_kwh", "electricity_delivered_2"),
    _field("energy_export_t1_kwh", "electricity_returned_1"),
    _field("energy_export_t2_kwh", "electricity_returned_2"),
    _field("power_w", "electricity_currently_delivered", 1000),
    _field("power_export_w", "electricity_currently_returned", 1000),
    _field("power_l1_w", "phase_currently_delivered_l1", 1000),
    _field("power_l2_w", "phase_currently_delivered_l2", 1000),
    _field("power_l3_w", "phase_currently_delivered_l3", 1000),
    _field("voltage_v", "phase_voltage_l1"),
)
_ROOT = "dsmr/"
_BY_NAME = {field.path[0]: field for field in _FIELDS}
_MAPPING = Mapping("dsmr-reader", _FIELDS)


def recognises(message: Message, document: object) -> bool:
    """By field names in the object, or by the topic."""
    if isinstance(document, dict):
        return not _BY_NAME.keys().isdisjoint(document)
    if message.topic.startswith(_ROOT):
        return message.payload.lstrip()[:1] != b"/"  # a telegram is P1's
    *_, parent, name = ("", *message.topic.split("/"))
    return parent == "reading" and name in _BY_NAME


def decode(message: Message, document: object) -> Decoded:
    """Registers and powers at the telegram's time, which DSMR-reader gives with its zone.

    Raises:
        Undecodable: bad_topic, wrong_type, no_reading.
    """
    base, _, name = message.topic.rpartition("/")
    if isinstance(document, dict):
        device = device_key("dsmr-reader", base or name)
        return concluded(_MAPPING.read(document), device, instant_or_none(document.get("timestamp")))
    if message.payload.lstrip()[:1] in (b"{", b"["):
        raise Undecodable("not_json", "the payload is not whole JSON")
    base, _, kind = base.rpartition("/") if "/" in base else (base, "", "")
    if kind != "reading" or name not in _BY_NAME:
        raise Undecodable("no_reading", f"{message.topic[:80]} is no register or power that is read")
    single = Mapping("dsmr-reader", (_BY_NAME[name],))
    return concluded(
        single.read({name: message.payload.decode(errors="replace")}), device_key("dsmr-reader", base)
    )
