"""Objects of no maker's table whose keys leave no doubt, and The Things Stack's own normalized form."""

from __future__ import annotations

from ingest.decoders.mappings.readers import flag
from ingest.decoders.mappings.table import Field, Mapping

# Other temperatures and humidities than the room's hide under the plain names of these devices.
_ELSEWHERE = (
    "power energy voltage current active_power soil soil_moisture soil_temperature conductivity water "
    "target_temperature targetTemperature setpoint motorPosition motor_position valve valveOpenness "
    "latitude longitude lat lng"
)
_NOT_A_ROOM = frozenset(_ELSEWHERE.split())

_PLAIN = (
    Field("co2_ppm", ("co2",)),
    Field("temperature_c", ("temperature",)),
    Field("humidity_pct", ("humidity",)),
    Field("pressure_hpa", ("pressure",)),
)

_LOCAL = (
    Field("co2_ppm", ("co2",)),
    Field("temperature_c", ("temperatuur",)),  # Dutch
    Field("humidity_pct", ("luchtvochtigheid",)),
    Field("pressure_hpa", ("luchtdruk",)),
    Field("temperature_c", ("temperatur",)),  # Swedish, German
    Field("humidity_pct", ("luftfuktighet",)),
    Field("humidity_pct", ("luftfeuchtigkeit",)),
    Field("pressure_hpa", ("lufttryck",)),
    Field("pressure_hpa", ("luftdruck",)),
)


def _generic(fields: tuple[Field, ...], *names: str, any_of: str = "") -> Mapping:
    return Mapping(
        "generic",
        fields,
        all_of=frozenset(names),
        any_of=frozenset(any_of.split()),
        none_of=_NOT_A_ROOM,
        within_limits=True,
    )


MAPPINGS = (
    _generic(_LOCAL, "temperatuur", "luchtvochtigheid"),
    _generic(_LOCAL, "temperatur", any_of="luftfuktighet luftfeuchtigkeit"),
    # A temperature alone may be a probe's or a chip's: it counts beside another room quantity only.
    _generic(_PLAIN, "temperature", "humidity"),
    _generic(_PLAIN, any_of="co2 pressure"),
)

NORMALIZED = Mapping(
    "ttn-normalized",
    (
        Field("co2_ppm", ("air", "co2")),
        Field("temperature_c", ("air", "temperature")),
        Field("humidity_pct", ("air", "relativeHumidity")),
        Field("pressure_hpa", ("air", "pressure")),
        Field("illuminance_lux", ("air", "lightIntensity")),
        Field("motion", ("action", "motion", "detected"), flag),
        Field("motion_count", ("action", "motion", "count")),
    ),
    any_of=frozenset({"air", "action"}),
)
"""https://github.com/TheThingsNetwork/lorawan-devices, lib/payload.json."""
