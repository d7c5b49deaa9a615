"""AmsToMqttBridge (amsleser.no) at a HAN port, its JSON formats and the one for Home Assistant.

Source: the firmware's JsonMqttHandler and mqtt/json. Recognised by its header (``up``, ``vcc``, ``rssi``)
or by the keys of a list. ``P`` and ``PO`` are W, ``tPI`` and ``tPO`` kWh; Norwegian lists carry the
registers only once an hour. ``temp`` is a probe of the reader (-127: none), ``realtime`` holds the reader's
own sums and a threshold ``t``: none is read. Firmware 2.3.9 sent broken JSON: a dead letter.

Device key: ``ams/<MAC of the reader>``, without it ``ams/<topic without its last level>``.
"""

from __future__ import annotations

from typing import Any

from ingest.decoders.keys import concluded, device_key, mac
from ingest.decoders.mappings.table import Field, Mapping, Outcome
from ingest.decoders.times import epoch_or_none
from ingest.message import Decoded, Message, Undecodable, Value

_FIELDS = (
    Field("power_w", ("P",)),
    Field("power_export_w", ("PO",)),
    Field("power_l1_w", ("P1",)),
    Field("power_l2_w", ("P2",)),
    Field("power_l3_w", ("P3",)),
    Field("voltage_v", ("U1",)),
    Field("energy_kwh", ("tPI",)),
    Field("energy_import_t1_kwh", ("tPIT1",)),
    Field("energy_import_t2_kwh", ("tPIT2",)),
    Field("energy_l1_kwh", ("tPI1",)),
    Field("energy_l2_kwh", ("tPI2",)),
    Field("energy_l3_kwh", ("tPI3",)),
    Field("energy_export_kwh", ("tPO",)),
    Field("energy_export_t1_kwh", ("tPOT1",)),
    Field("energy_export_t2_kwh", ("tPOT2",)),
)
_MAPPING = Mapping("ams", _FIELDS)
_HEADER = frozenset({"up", "vcc", "rssi"})
# The firmware writes 0 where the meter has no such register or phase.
_ABSENT_AT_ZERO = frozenset({
    "energy_import_t1_kwh", "energy_import_t2_kwh", "energy_export_t1_kwh", "energy_export_t2_kwh",
    "energy_l1_kwh", "energy_l2_kwh", "energy_l3_kwh", "voltage_v",
})  # fmt: skip


def recognises(message: Message, document: object) -> bool:
    """By shape."""
    del message
    if not isinstance(document, dict):
        return False
    keys = document.keys()
    if keys >= _HEADER and "id" in keys:
        return True
    listed = "lv" in keys and "P" in keys and "I1" in keys
    return listed or ("tPI" in keys and "rtc" in keys) or keys == {"P", "t"}


def decode(message: Message, document: object) -> Decoded:
    """Powers, and registers where the list has them, at the time of the meter's message.

    Raises:
        Undecodable: bad_topic, wrong_type, no_reading.
    """
    if not isinstance(document, dict):
        raise Undecodable("wrong_type", "the payload is not a JSON object")
    listed = document.get("data", document)
    base = message.topic.rpartition("/")[0] or message.topic
    device = device_key("ams", mac(document.get("id")) or base)
    if not isinstance(listed, dict):
        raise Undecodable("wrong_type", "data is not an object", device)
    outcome = _MAPPING.read(listed)
    hints = _hints(document, listed)
    return concluded(_present(outcome), device, epoch_or_none(document.get("t")), hints)


def _present(outcome: Outcome) -> Outcome:
    """Without what the firmware writes as 0 because it is not there; a power or total of 0 is real."""

    def there(value: Value) -> bool:
        return value.value != 0 or value.quantity not in _ABSENT_AT_ZERO

    return outcome._replace(values=tuple(value for value in outcome.values if there(value)))


def _hints(document: dict[str, Any], listed: dict[str, Any]) -> dict[str, str]:
    serial = listed.get("meterId") or (listed.get("id") if "lv" in listed else None)
    pairs = (("name", document.get("name")), ("meter_serial", serial), ("profile", listed.get("type")))
    return {key: text for key, text in pairs if isinstance(text, str) and text}
