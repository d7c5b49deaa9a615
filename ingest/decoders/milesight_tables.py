"""What Milesight's records hold: lengths, quantities, models that give the same record another meaning.

Source: the tables in the maker's user guides and in the documents beside its published codecs, read as facts.
Numbers are little-endian. Left out on purpose: probes in pipes, soil, bins and meter cabinets, the chip
temperature of people counters, VOC as an index, light as a level, ampere-hours, counts since the last report.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

Pair = tuple[int, int]
"""Channel and type: the two bytes every record begins with."""


class Part(NamedTuple):
    """A number in a record: ``code`` and ``offset`` as in :mod:`struct`, raw values that mean "not read"."""

    quantity: str
    code: str
    offset: int = 0
    divisor: float = 1.0
    absent: frozenset[int] = frozenset()
    shift: int = 0


Parts = Mapping[Pair, tuple[Part, ...]]


class Layout(NamedTuple):
    """A back-filled record: bytes with the time [s since 1970, UTC] in front.

    ``mode`` is an offset and the value that stands there where a device has several layouts.
    """

    length: int
    parts: tuple[Part, ...] = ()
    mode: tuple[int, int] | None = None
    channels: tuple[int, ...] = (0x20, 0x21)


class Model(NamedTuple):
    """How a model differs: meanings of records that others use otherwise, and its back-filled records."""

    parts: Parts = MappingProxyType({})
    history: tuple[Layout, ...] = ()


HISTORY = 0xCE
HISTORY_CHANNELS = range(0x20, 0x24)
SETTINGS = 0xFF
REPLIES = frozenset({0xF8, 0xF9, 0xFE})
"""Channels of answers to downlinks: what follows are settings, of lengths only a model's codec knows."""

_LENGTHS = {
    1: "0175 0275 0300 038e 03ed 0400 0468 048e 04d6 04ee 0500 056b 0581 059c 0600 06cb 06cd 0829 0870 0e01 "
    "1375 07ff 8829 89df 81ee b374 b480 b581 b683 b7c9",
    2: "0282 0367 0374 0377 037b 0382 03f4 0482 0498 0499 049a 04ca 056a 057d 057f 059f 05fd 0673 0699 069d "
    "06c7 077d 07c9 0831 087d 0899 08e6 08f4 0967 0973 0a7d 0b7d 0c7d 0d7d 0f7d 8468 8500 83ed b367 "
    "b468 b49a",
    3: "08b1 50fc 8367 8482 87c9 8967 849a 9468 b482",
    4: "0394 0397 0480 04c9 04cc 04f9 0597 05c8 05cc 0683 06fe 0797 08cc 0acc 0aef 0bcc 0dcc 0ecc 0f85 0fe3 "
    "1063 1163 1263 10f7 13cc 16cc 19cc 1ccc 1de3 03d2 04d2 06d2 07d2 09d2 0ad2 0cd2 0dd2 11d2 12d2 14d2 "
    "15d2 17d2 18d2 1ad2 1bd2",
    5: "06fb 0ab3 0ee4 10e4 1ee4 83d7 83e9 84cc 85cc 9367 9482 949a 9967",
    6: "03d4 03f8 0665 09b2",
    7: "03cf 055b 8498 8499 8699 8899",
    8: "05e1 05fa 07b0 07d5 08d5 09da 0ada 0bda 0cda",
    9: "0bb4 0cb4 85e1",
}
LENGTH: dict[Pair, int] = {
    (code >> 8, code & 0xFF): length
    for length, pairs in _LENGTHS.items()
    for code in (int(pair, 16) for pair in pairs.split())
}
"""Bytes of a value by channel and type."""

SETTINGS_LENGTH = {
    0x01: 1, 0x08: 6, 0x09: 2, 0x0A: 2, 0x0B: 1, 0x0F: 1, 0x16: 8, 0x18: 2, 0x1B: 5, 0x1F: 4, 0x26: 1,
    0x29: 1, 0x2B: 1, 0x2E: 1, 0x34: 3, 0xCC: 1, 0xFE: 1, 0xFF: 2,
}  # fmt: skip
"""Bytes of a device's own properties (versions, serial number, buttons) by type."""

_U8 = frozenset({0xFF})
_U16 = frozenset({0xFFFD, 0xFFFE, 0xFFFF})  # out of range, warming up, could not be read
_I16 = frozenset({-1, -2, -3})  # the same on models that write them as temperatures

_TEMPERATURE = Part("temperature_c", "h", 0, 10)
_MARKED_TEMPERATURE = _TEMPERATURE._replace(absent=_I16)
_HUMIDITY = Part("humidity_pct", "B", 0, 2, _U8)
_CO2 = Part("co2_ppm", "H", absent=_U16)
_PRESSURE = Part("pressure_hpa", "H", 0, 10, _U16)
_MOTION = Part("motion", "B")
_OCCUPANCY = Part("occupancy", "B")
_IN = Part("people_in_total", "H")
_OUT = Part("people_out_total", "H", 2)
_PM25 = Part("pm25_ug_m3", "H", absent=_U16)
_PM10 = Part("pm10_ug_m3", "H", absent=_U16)
_TVOC_PPB = Part("tvoc_ppb", "H", absent=_U16)

PARTS: Parts = {
    (0x01, 0x75): (Part("battery_pct", "B", absent=_U8),),
    (0x03, 0x67): (_TEMPERATURE,),
    (0x83, 0x67): (_TEMPERATURE,),  # with a threshold alarm behind it
    (0x83, 0xD7): (_TEMPERATURE,),  # with its jump
    (0x93, 0x67): (_TEMPERATURE,),
    (0x04, 0x68): (_HUMIDITY,),
    (0x84, 0x68): (_HUMIDITY,),
    (0x94, 0x68): (_HUMIDITY,),
    (0x04, 0x9A): (Part("humidity_pct", "H", 0, 10, _U16),),
    (0x84, 0x9A): (Part("humidity_pct", "H", 0, 10, _U16),),
    (0x94, 0x9A): (Part("humidity_pct", "H", 0, 10, _U16),),
    (0x05, 0x7D): (_CO2,),  # EM500-CO2
    (0x07, 0x7D): (_CO2,),
    (0x06, 0x73): (_PRESSURE,),
    (0x09, 0x73): (_PRESSURE,),
    (0x08, 0xE6): (Part("tvoc_ug_m3", "H", absent=_U16),),
    (0x0B, 0x7D): (_PM25,),
    (0x0C, 0x7D): (_PM10,),
    (0x03, 0x94): (Part("illuminance_lux", "I"),),
    (0x06, 0x65): (Part("illuminance_lux", "H"),),
    (0x06, 0x9D): (Part("illuminance_lux", "H", absent=_U16),),
    (0x05, 0x6A): (Part("motion_count", "H"),),
    (0x05, 0x9F): (Part("motion", "H", shift=15),),
    (0x03, 0x8E): (_OCCUPANCY,),  # VS330
    (0x04, 0xC9): (Part("people_count", "B"),),
    (0x05, 0xFD): (Part("people_count", "H", absent=_U16),),
    (0x04, 0xCC): (_IN, _OUT),
    (0x84, 0xCC): (_IN, _OUT),
    (0x0D, 0xCC): (_IN, _OUT),
    (0x03, 0xD2): (Part("people_in_total", "I"),),  # line 1; other lines are other doors
    (0x04, 0xD2): (Part("people_out_total", "I"),),
    (0x05, 0xC8): (Part("pulse_count", "I"),),
    (0x04, 0x98): (Part("current_a", "H", 0, 100, _U16),),
    (0x84, 0x98): (Part("current_a", "H", 4, 100, _U16),),
    (0x04, 0x99): (Part("current_a", "H", 0, 10, _U16),),
    (0x84, 0x99): (Part("current_a", "H", 4, 10, _U16),),
    (0x10, 0x63): (Part("energy_l1_kwh", "I", 0, 100),),
    (0x11, 0x63): (Part("energy_l2_kwh", "I", 0, 100),),
    (0x12, 0x63): (Part("energy_l3_kwh", "I", 0, 100),),
    (0x04, 0x80): (Part("power_w", "I"),),
    (0x06, 0x83): (Part("energy_kwh", "I", 0, 1000),),
    (0x03, 0x00): (_MOTION,),  # WS202
}
"""What records hold where the model does not say otherwise. (05, 00) has no meaning of its own."""


def _air(length: int, *more: Part) -> Layout:
    """AM30x and AM31x: humidity has two bytes here."""
    humidity = Part("humidity_pct", "H", 6, 2, _U16)
    parts = (_TEMPERATURE._replace(offset=4), humidity, _MOTION._replace(offset=8), _CO2._replace(offset=10))
    return Layout(length, (*parts, _PRESSURE._replace(offset=14), *more))


_T4, _H6 = _TEMPERATURE._replace(offset=4), _HUMIDITY._replace(offset=6)
_PM = (_PM25._replace(offset=16), _PM10._replace(offset=18))
_WELL = _air(20, _PM[0])._replace(channels=(0x22, 0x23))
_INDOOR: Parts = {(0x05, 0x00): (_MOTION,)}
_NOT_AIR: Parts = dict.fromkeys(
    [(0x03, 0x67), (0x83, 0x67), (0x83, 0xD7), (0x04, 0x68), (0x03, 0x00), (0x05, 0x00)], ()
)
_DESK: Parts = {(0x03, 0x00): (_OCCUPANCY,)}
_CURRENT: Parts = {(0x10, 0x63): (Part("energy_kwh", "I", 0, 100),), (0x03, 0x00): ()}
_T_H = (Layout(8, (_T4, _H6)),)
_COUNTER = (
    Layout(9, (), (4, 0)),
    Layout(13, (_IN._replace(offset=9), _OUT._replace(offset=11)), (4, 1)),
)
_VS121 = (
    Layout(9, (Part("people_count", "B", 5),), (4, 1)),
    Layout(9, (_IN._replace(offset=5), _OUT._replace(offset=7)), (4, 0x10)),
    Layout(6, (), (4, 3)),
    Layout(10, (), (4, 0x11)),
    *(Layout(9, (), (4, mode)) for mode in (2, *range(4, 0x10), 0x12)),
)
_NO_CONTACT: Parts = {(0x05, 0x00): (), (0x03, 0x00): ()}
_SOCKET: Parts = {  # switches (WS50x) write both in other units or with other meanings
    (0x03, 0x74): (Part("voltage_v", "H", 0, 10, _U16),),
    (0x07, 0xC9): (Part("current_a", "H", 0, 1000, _U16),),
}

MODELS: dict[str, Model] = {
    "am102": Model(history=(Layout(7, (_T4, _H6)),)),
    "am103": Model(history=(Layout(9, (_T4, _H6, _CO2._replace(offset=7))),)),
    "am10": Model({(0x08, 0x7D): (_TVOC_PPB,)}),
    "am30": Model(_INDOOR),
    "am307": Model(_INDOOR, (_air(16),)),
    "am308": Model(_INDOOR, (_air(20, *_PM),)),
    "am319": Model(_INDOOR, (_air(22, *_PM), _WELL)),
    "em300": Model(_NO_CONTACT, _T_H),
    "em300di": Model(
        _NO_CONTACT,
        (
            Layout(13, (_T4, _H6, Part("pulse_count", "I", 9)), (7, 2), (0x20,)),
            Layout(13, (_T4, _H6), None, (0x20,)),
            Layout(18, (_T4, _H6), None, (0x21,)),
        ),
    ),
    "em300dihall": Model(_NOT_AIR, (Layout(18),)),
    "em300mld": Model(_NOT_AIR, (Layout(8),)),
    "em300cl": Model(_NOT_AIR, (Layout(8),)),
    "em310": Model(_NOT_AIR),
    "em320": Model({**_NO_CONTACT, (0x03, 0x67): (_MARKED_TEMPERATURE,)}, (Layout(7, (_T4, _H6)),)),
    "em320thv2": Model(
        {**_NO_CONTACT, (0x03, 0x67): (_MARKED_TEMPERATURE,)},
        (Layout(9, (_T4._replace(absent=_I16), Part("humidity_pct", "H", 6, 10, _U16))),),
    ),
    "em4": Model(_NOT_AIR, (Layout(11),)),
    "em500": Model(_NOT_AIR, (Layout(6),)),
    "em500smtc": Model(_NOT_AIR, (Layout(10),)),
    "em500lgt": Model(_NOT_AIR, (Layout(8, (Part("illuminance_lux", "I", 4),)),)),
    "em500co2": Model(
        _NO_CONTACT,
        (
            Layout(
                11,
                (
                    _CO2._replace(offset=4),
                    _PRESSURE._replace(offset=6),
                    _TEMPERATURE._replace(offset=8),
                    _HUMIDITY._replace(offset=10),
                ),
            ),
        ),
    ),
    "ws202": Model({(0x05, 0x00): ()}),
    "ws203": Model(
        {(0x05, 0x00): (_OCCUPANCY,), (0x03, 0x00): ()},
        (
            Layout(
                9,
                (
                    _OCCUPANCY._replace(offset=5),
                    _TEMPERATURE._replace(offset=6),
                    _HUMIDITY._replace(offset=8),
                ),
            ),
        ),
    ),
    "ws51": Model(_SOCKET),
    "ws52": Model(_SOCKET),
    "ws": Model(_NO_CONTACT),  # buttons, door contacts, leaks, switches
    "vs121": Model(_NO_CONTACT, _VS121),
    "vs13": Model(_NO_CONTACT),
    "vs321": Model(
        {**_NO_CONTACT, (0x03, 0x67): (_MARKED_TEMPERATURE,)},
        (Layout(7, (Part("people_count", "H", 5),), (4, 0)), Layout(9, (), (4, 1))),
    ),
    "vs330": Model(_NO_CONTACT),
    "vs34": Model(_DESK),
    "vs37": Model(_DESK),
    "vs35": Model({**_NO_CONTACT, (0x03, 0x67): (), (0x83, 0x67): ()}, _COUNTER),
    "vs36": Model({**_NO_CONTACT, (0x03, 0x67): (), (0x83, 0x67): ()}, _COUNTER),
    "ct10": Model(_CURRENT),
    "ct3": Model({(0x03, 0x00): ()}),
}
"""By the beginning of the model's name without hyphens; the longest that fits counts."""

COMPANIONS: tuple[tuple[Pair, str], ...] = (
    ((0x05, 0x6A), "am10"),
    ((0x06, 0x65), "am10"),
    ((0x06, 0xCB), "am30"),
    ((0x06, 0x9D), "am30"),
    ((0x07, 0x7D), "am30"),
    ((0x09, 0x73), "am30"),
    ((0x05, 0x7F), "em500smtc"),
    ((0x04, 0xCA), "em500smtc"),
    ((0x04, 0x82), "em4"),
    ((0x84, 0x82), "em4"),
    ((0x04, 0xD6), "ws"),
    ((0x06, 0x00), "em300"),
    ((0x05, 0xC8), "em300di"),
    ((0x04, 0xCC), "vs35"),
    ((0x05, 0xCC), "vs13"),
    ((0x04, 0x98), "ct10"),
    ((0x03, 0x97), "ct3"),
)
"""Records that give a model away to the others in the same message."""

PRODUCTS = {
    "128": "am10",
    "136": "em300",
    "141": "ws301",
    "535": "ws101",
    "538": "ws202",
    "600": "vs121",
    "707": "am30",
    "710": "am30",
    "743": "ws302",
}
"""Digits 7 to 9 of a Milesight devEUI (2 to 4 of the serial number) and the product they stand for, where
published devices show it."""
