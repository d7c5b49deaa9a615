import base64
import json

import numpy as np

from simulators.lorawan import (
    chirpstack_join,
    chirpstack_topic,
    chirpstack_uplink,
    elsys_ers_co2,
    milesight_am307,
    tts_topic,
    tts_uplink,
)

EUI, TIME = "a81758fffe0d0001", b"2026-03-10T04:46:34.118"
DIGITS, OTHERS = "0123456789abcdef" * 2, "fedcba9876543210" * 2


def _elsys(temperature: float, humidity: float, lux: float, motions: float, co2: float, mv: int) -> str:
    given = zip(
        ("temperature_c", "humidity_pct", "illuminance_lux", "motion_count", "co2_ppm"),
        (temperature, humidity, lux, motions, co2),
        strict=True,
    )
    (data,) = elsys_ers_co2({key: np.array([float(value)]) for key, value in given}, mv)
    return data.hex(" ", 1)


def test_elsys_bytes_as_the_maker_shows_them() -> None:
    """Worked by hand from Elsys' table of types: 22.6 °C is 226 = 0x00E2, 41 % is 0x29, 39 lux is 0x0027,
    6 motions are 0x06, 776 ppm is 0x0308, 3426 mV is 0x0D62."""
    assert _elsys(22.6, 41, 39, 6, 776, 3426) == "01 00 e2 02 29 04 00 27 05 06 06 03 08 07 0d 62"


def test_elsys_frost_is_two_s_complement() -> None:
    """-5.3 °C is -53: 0x10000 - 53 = 0xFFCB."""
    assert _elsys(-5.3, 0, 0, 0, 0, 0)[:8] == "01 ff cb"


def test_elsys_values_beyond_their_field_stay_at_its_end() -> None:
    assert _elsys(20, 300, 70_000, 300, 70_000, 0xFFFF) == "01 00 c8 02 ff 04 ff ff 05 ff 06 ff ff 07 ff ff"


def test_milesight_bytes_as_the_maker_shows_them() -> None:
    """Milesight's AM300 examples: 30.8 °C is 308 = 34 01 low byte first, 50.5 % is 101 = 65, 936 ppm is
    A8 03, 1008.6 hPa is 10086 = 66 27; light level 2 is 51-100 lux."""
    values = {
        "temperature_c": 30.8,
        "humidity_pct": 50.5,
        "motion_count": 3.0,
        "illuminance_lux": 80.0,
        "co2_ppm": 936.0,
        "pressure_hpa": 1008.6,
    }
    (data,) = milesight_am307({key: np.array([value]) for key, value in values.items()}, 92)
    assert data.hex() == "01755c0367340104686505000106cb02077da803087da70009736627"


def test_envelopes_carry_the_bytes_the_port_and_the_device() -> None:
    data = b"\x01\x00\xe2"
    uplink = chirpstack_uplink(EUI, "ERS 100 %", "Elsys ERS CO2", 5)
    up = json.loads(uplink(b"2026-03-10T04:41:31.118", TIME, 7, data, DIGITS))
    assert chirpstack_topic(EUI).endswith("/device/a81758fffe0d0001/event/up")
    assert (up["deviceInfo"]["devEui"], up["fPort"], up["fCnt"]) == (EUI, 5, 7)
    assert up["deviceInfo"]["deviceName"] == "ERS 100 %"
    assert base64.b64decode(up["data"]) == data
    assert (
        up["time"] == up["rxInfo"][0]["gwTime"] == "2026-03-10T04:41:31.118+00:00"
    )  # a gateway's wrong clock
    assert up["rxInfo"][0]["nsTime"] == "2026-03-10T04:46:34.118512345+00:00"
    assert "object" not in up  # no codec on the server: the bytes are all there is
    later = json.loads(uplink(TIME, b"2026-03-10T04:51:34.118", 8, data, OTHERS))
    assert up["deduplicationId"] == "01234567-89ab-4def-8123-456789abcdef"
    assert up["deduplicationId"] != later["deduplicationId"]

    up = json.loads(tts_uplink(EUI, 5)(TIME, TIME, 7, data, DIGITS))
    assert tts_topic(EUI) == "v3/skolluft@ttn/devices/eui-a81758fffe0d0001/up"
    assert up["end_device_ids"]["dev_eui"] == EUI.upper()
    message = up["uplink_message"]
    assert base64.b64decode(message["frm_payload"]) == data
    assert (message["f_port"], message["f_cnt"]) == (5, 7)
    assert "f_cnt" not in json.loads(tts_uplink(EUI, 5)(TIME, TIME, 0, data, DIGITS))["uplink_message"]


def test_a_join_holds_no_reading() -> None:
    joined = json.loads(chirpstack_join(EUI, "ERS", "Elsys ERS CO2", TIME.decode(), DIGITS))
    assert joined["deviceInfo"]["devEui"] == EUI
    assert joined["devAddr"] == "010d0001"
    assert not {"data", "object", "fCnt"} & joined.keys()
