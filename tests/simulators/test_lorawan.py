import base64

from simulators.lorawan import chirpstack_topic, chirpstack_up, elsys_ers_co2, tts_topic, tts_up


def test_elsys_bytes_as_the_maker_shows_them() -> None:
    """Worked by hand from Elsys' table of types: 22.6 °C is 226 = 0x00E2, 41 % is 0x29, 39 lux is 0x0027,
    6 motions are 0x06, 776 ppm is 0x0308, 3426 mV is 0x0D62."""
    data = elsys_ers_co2(22.6, 41, 39, 6, 776, 3426)
    assert data.hex(" ", 1) == "01 00 e2 02 29 04 00 27 05 06 06 03 08 07 0d 62"


def test_elsys_frost_is_two_s_complement() -> None:
    """-5.3 °C is -53: 0x10000 - 53 = 0xFFCB."""
    assert elsys_ers_co2(-5.3, 0, 0, 0, 0, 0)[:3].hex() == "01ffcb"


def test_elsys_values_beyond_their_field_stay_at_its_end() -> None:
    data = elsys_ers_co2(20, 101, 70_000, 300, 70_000, 70_000)
    assert data.hex(" ", 1) == "01 00 c8 02 64 04 ff ff 05 ff 06 ff ff 07 ff ff"


def test_envelopes_carry_the_bytes_the_port_and_the_device() -> None:
    data, eui, time = b"\x01\x00\xe2", "a81758fffe0d0001", "2026-03-10T04:46:34.118"
    up = chirpstack_up(eui, "ERS", time, 7, data)
    assert chirpstack_topic(eui).endswith("/device/a81758fffe0d0001/event/up")
    assert (up["deviceInfo"]["devEui"], up["fPort"], up["fCnt"]) == (eui, 5, 7)  # type: ignore[index]
    assert base64.b64decode(str(up["data"])) == data
    assert up["time"] == "2026-03-10T04:46:34.118+00:00"
    assert "object" not in up  # no codec on the server: the bytes are all there is
    assert up["deduplicationId"] != chirpstack_up(eui, "ERS", time, 8, data)["deduplicationId"]

    up = tts_up(eui, time, 7, data)
    assert tts_topic(eui) == "v3/skolluft@ttn/devices/eui-a81758fffe0d0001/up"
    assert up["end_device_ids"]["dev_eui"] == eui.upper()  # type: ignore[index]
    message = up["uplink_message"]
    assert base64.b64decode(message["frm_payload"]) == data  # type: ignore[index]
    assert (message["f_port"], message["f_cnt"]) == (5, 7)  # type: ignore[index]
    assert "f_cnt" not in tts_up(eui, time, 0, data)["uplink_message"]  # type: ignore[operator]
