"""Formats of meters: Shelly Pro 3EM, wmbusmeters, and telegrams of the Swedish P1 port.

Written from shelly-api-docs.shelly.cloud (EM, EMData, Notifications), the JSON that wmbusmeters' driver
kamheat prints, and the Swedish branch recommendation for the local customer interface (H1/P1) with telegrams
of Landis+Gyr, Aidon and Kamstrup meters.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulators.devices import Integers, Post, Samples, Values, Write
from simulators.meter_devices import shown

_EM = (
    '{"src":"%(name)s","dst":"%(name)s/events","method":"NotifyStatus","params":{"ts":%%s,"em:0":{"id":0,'
    '"a_current":%%.3f,"a_voltage":230.4,"a_act_power":%%.1f,"a_aprt_power":%%.1f,"a_pf":0.95,"a_freq":50.0,'
    '"b_current":%%.3f,"b_voltage":229.8,"b_act_power":%%.1f,"b_aprt_power":%%.1f,"b_pf":0.95,"b_freq":50.0,'
    '"c_current":%%.3f,"c_voltage":230.9,"c_act_power":%%.1f,"c_aprt_power":%%.1f,"c_pf":0.95,"c_freq":50.0,'
    '"n_current":null,"total_current":%%.3f,"total_act_power":%%.3f,"total_aprt_power":%%.3f,'
    '"user_calibrated_phase":[]}}}'
)
_EMDATA = (
    '{"src":"%(name)s","dst":"%(name)s/events","method":"NotifyStatus","params":{"ts":%%s,"emdata:0":{"id":0,'
    '"a_total_act_energy":%%.2f,"a_total_act_ret_energy":%%.2f,'
    '"b_total_act_energy":%%.2f,"b_total_act_ret_energy":%%.2f,'
    '"c_total_act_energy":%%.2f,"c_total_act_ret_energy":%%.2f,'
    '"total_act":%%.2f,"total_act_ret":%%.2f}}}'
)
_EMDATA_AFTER_MS = 40  # the second notification of a report follows the first
_POWER_FACTOR = 0.95
_PHASE_V = (230.4, 229.8, 230.9)


def shelly_pro_3em(name: str) -> Write:
    """Notifications of ``em:0`` (W) and ``emdata:0`` (Wh) on ``<name>/events/rpc``, as set in the factory.

    ``total_act`` is the sum of the phases' own imports: unlike a Swedish meter it does not net them.
    """
    topic = f"{name}/events/rpc"
    em, emdata = ((pattern % {"name": name}).encode() for pattern in (_EM, _EMDATA))

    def write(samples: Samples, values: Values) -> list[Post]:
        watts = np.stack([values[f"power_l{phase}_w"] for phase in (1, 2, 3)])
        apparent = np.abs(watts) / _POWER_FACTOR
        amperes = apparent / np.array(_PHASE_V)[:, None]
        by_phase = np.stack([amperes, watts, apparent], axis=1).reshape(9, -1)
        totals = np.stack([amperes.sum(axis=0), watts.sum(axis=0), apparent.sum(axis=0)])
        registers = [values[f"energy_{way}l{phase}_kwh"] for phase in (1, 2, 3) for way in ("", "export_")]
        wh = shown(np.stack(registers) * 1000, 2)
        wh = np.concatenate([wh, wh[0::2].sum(axis=0)[None], wh[1::2].sum(axis=0)[None]])
        posts: list[Post] = []
        rows = zip(
            samples.time_ms.tolist(),
            samples.clock_ms.tolist(),
            np.concatenate([by_phase, totals]).T.tolist(),
            wh.T.tolist(),
            strict=True,
        )
        for time_ms, clock_ms, powers, energies in rows:
            posts.append((time_ms, topic, em % (_ts(clock_ms), *powers), False))
            after = _ts(clock_ms + _EMDATA_AFTER_MS)
            posts.append((time_ms + _EMDATA_AFTER_MS, topic, emdata % (after, *energies), False))
        return posts

    return write


def _ts(clock_ms: int) -> bytes:
    """Seconds since 1970 with two digits after the point, without rounding to the next."""
    return b"%d.%02d" % (clock_ms // 1000, clock_ms % 1000 // 10)


def wmbus_heat(identifier: str, name: str) -> Write:
    """A Kamstrup Multical 603 heard by wmbusmeters: register to 1 kWh, power to 0.1 kW, volume to 10 l."""
    topic = f"wmbusmeters/{identifier}"
    head = f'{{"_":"telegram","media":"heat","meter":"kamheat","name":"{name}","id":"{identifier}",'.encode()
    main = (
        b'"status":"OK","total_energy_consumption_kwh":%d,"total_volume_m3":%.2f,"volume_flow_m3h":%.3f,'
        b'"power_kw":%.1f,"t1_temperature_c":%.2f,"t2_temperature_c":%.2f,"timestamp":"%s"}'
    )
    sub = (
        b'"status":"OK","total_energy_consumption_kwh":%d,"power_kw":%.1f,"t1_temperature_c":%.2f,'
        b'"t2_temperature_c":%.2f,"timestamp":"%s"}'
    )

    def write(samples: Samples, values: Values) -> list[Post]:
        columns = [shown(values["heat_kwh"], 0)]
        if "volume_m3" in values:
            columns += [shown(values["volume_m3"], 2), values["flow_m3_h"]]
        columns += [
            values["heat_power_w"] / 1000,
            values["flow_temperature_c"],
            values["return_temperature_c"],
        ]
        heard = [
            datetime.fromtimestamp(clock_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
            for clock_ms in samples.clock_ms.tolist()
        ]
        pattern = main if "volume_m3" in values else sub
        rows = zip(samples.time_ms.tolist(), heard, np.stack(columns).T.tolist(), strict=True)
        return [(time_ms, topic, head + pattern % (*numbers, text), False) for time_ms, text, numbers in rows]

    return write


_METERS = (
    ("/ELL5\\253833635_A", "kvarh", "kvar"),
    ("/ADN9 6534", "kVArh", "kVAr"),
    ("/KAM5", "kvarh", "kvar"),
)
"""Identification of Landis+Gyr, Aidon and Kamstrup meters, and how they write reactive units."""

_TELEGRAM = (
    "{head}\r\n\r\n0-0:1.0.0(%s)\r\n1-0:1.8.0(%012.3f*kWh)\r\n1-0:2.8.0(%012.3f*kWh)\r\n"
    "1-0:3.8.0(%012.3f*{varh})\r\n1-0:4.8.0(00001020.971*{varh})\r\n1-0:1.7.0(%08.3f*kW)\r\n"
    "1-0:2.7.0(%08.3f*kW)\r\n1-0:3.7.0(%08.3f*{var})\r\n1-0:4.7.0(0000.000*{var})\r\n"
    "1-0:21.7.0(%08.3f*kW)\r\n1-0:22.7.0(%08.3f*kW)\r\n1-0:41.7.0(%08.3f*kW)\r\n1-0:42.7.0(%08.3f*kW)\r\n"
    "1-0:61.7.0(%08.3f*kW)\r\n1-0:62.7.0(%08.3f*kW)\r\n"
    "1-0:32.7.0(230.4*V)\r\n1-0:52.7.0(229.8*V)\r\n1-0:72.7.0(230.9*V)\r\n"
    "1-0:31.7.0(%05.1f*A)\r\n1-0:51.7.0(%05.1f*A)\r\n1-0:71.7.0(%05.1f*A)\r\n!"
)
_REACTIVE = 0.25  # to active energy


def p1_telegram(topic: str, zone: tzinfo, seed: int) -> Write:
    """Telegrams of the main meter with their CRC, as a reader publishes them; W and S mark winter and summer.

    Registers to 0.001 kWh, powers to 1 W, currents to 0.1 A. Swedish meters write no equipment identifier.
    """
    head, varh, var = _METERS[seed % len(_METERS)]
    pattern = _TELEGRAM.format(head=head, varh=varh, var=var).encode()

    def write(samples: Samples, values: Values) -> list[Post]:
        kw = [values[f"power_l{phase}_w"] / 1000 for phase in (1, 2, 3)]
        columns = [
            shown(values["energy_kwh"], 3),
            shown(values["energy_export_kwh"], 3),
            shown(_REACTIVE * values["energy_kwh"], 3),
            values["power_w"] / 1000,
            values["power_export_w"] / 1000,
            _REACTIVE * values["power_w"] / 1000,
            *(np.maximum(way * phase, 0) for phase in kw for way in (1, -1)),
            *(
                np.abs(phase) / volts / _POWER_FACTOR * 1000
                for phase, volts in zip(kw, _PHASE_V, strict=True)
            ),
        ]
        stamps = [_p1_time(clock_ms, zone) for clock_ms in samples.clock_ms.tolist()]
        rows = zip(stamps, np.stack(columns).T.tolist(), strict=True)
        telegrams = [pattern % (stamp, *numbers) for stamp, numbers in rows]
        sums = crc16(telegrams)
        return [
            (time_ms, topic, b"%s%04X\r\n" % (telegram, crc), False)
            for time_ms, telegram, crc in zip(samples.time_ms.tolist(), telegrams, sums, strict=True)
        ]

    return write


def _p1_time(clock_ms: int, zone: tzinfo) -> bytes:
    local = datetime.fromtimestamp(clock_ms // 1000, UTC).astimezone(zone)
    return local.strftime("%y%m%d%H%M%S").encode() + (b"S" if local.dst() else b"W")


def crc16(texts: list[bytes]) -> list[int]:
    """CRC-16/ARC (polynomial 0x8005 reflected, start 0) of each text; those of one length at once."""
    sums = np.zeros(len(texts), dtype=np.uint16)
    lengths = np.array([len(text) for text in texts])
    order = np.argsort(lengths, kind="stable")
    borders = [0, *(np.flatnonzero(np.diff(lengths[order])) + 1).tolist(), len(texts)]
    for first, last in pairwise(borders):
        chosen = order[first:last]
        joined = np.frombuffer(b"".join(texts[index] for index in chosen), dtype=np.uint8)
        sums[chosen] = _crc16_columns(joined.reshape(chosen.size, -1))
    return [int(total) for total in sums]


def _crc16_columns(rows: NDArray[np.uint8]) -> NDArray[np.uint16]:
    crc = np.zeros(len(rows), dtype=np.uint16)
    for column in np.ascontiguousarray(rows.T):
        crc = (crc >> 8) ^ _CRC_OF_BYTE[(crc ^ column) & 0xFF]
    return crc


def _crc_of_byte(byte: Integers) -> NDArray[np.uint16]:
    for _ in range(8):
        byte = (byte >> 1) ^ np.where(byte & 1, 0xA001, 0)
    return byte.astype(np.uint16)


_CRC_OF_BYTE = _crc_of_byte(np.arange(256, dtype=np.int64))
