"""Every message of every format decodes to the device's true reading within its resolution and noise."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import numpy as np
import pytest
from formats_town import (
    CLIMATE,
    ELSYS,
    HEAT,
    INTERVAL_S,
    MILESIGHT,
    NATIVE,
    P1,
    PLUG,
    SHELLY,
    SOLAR,
    TTS,
    WMBUS,
    decoded_of,
    formats_town,
)

from classroom.quantity import QUANTITIES, Kind
from classroom.sitefiles import parse_site
from ingest.message import Decoded, Undecodable
from simulators.city import city_site
from simulators.keys import spoken
from simulators.messages import Stream
from simulators.meter_formats import crc16
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town, TownDay


@pytest.fixture(scope="module")
def town() -> Town:
    return formats_town()


@pytest.fixture(scope="module")
def day(town: Town) -> TownDay:
    return next(town.days())


@pytest.fixture(scope="module")
def read(town: Town) -> dict[str, list[tuple[datetime, Decoded]]]:
    """What the project's decoders make of a day, by device; joins and availability hold no reading."""
    found: dict[str, list[tuple[datetime, Decoded]]] = {}
    silent = []
    for message in Stream(town, end=town.start + timedelta(days=1)):
        try:
            decoded = decoded_of(message)
        except Undecodable:
            silent.append(message.topic)
            continue
        assert not decoded.rejected
        found.setdefault(decoded.device, []).append((message.time, decoded))
    assert all(topic.endswith(("/availability", "/join")) for topic in silent)
    assert f"zigbee2mqtt/{CLIMATE.removeprefix('z2m/')}/availability" in silent
    return found


def column(readings: list[tuple[datetime, Decoded]], quantity: str) -> tuple[np.ndarray, np.ndarray]:
    """Minutes since midnight and values of a quantity."""
    pairs = [
        ((time - datetime.combine(time.date(), datetime.min.time(), UTC)) / timedelta(minutes=1), value.value)
        for time, decoded in readings
        for value in decoded.values
        if value.quantity == quantity
    ]
    minutes, values = zip(*pairs, strict=True)
    return np.array(minutes), np.array(values)


@pytest.mark.parametrize(
    ("device", "room", "family", "humidity_step", "temperature_step"),
    [
        (NATIVE, "4b", "native", 0.1, 0.1),
        (ELSYS, "1a", "elsys", 1, 0.1),
        (TTS, "8c", "elsys", 1, 0.1),
        (MILESIGHT, "no", "milesight", 0.5, 0.1),
        (CLIMATE, "7a", "zigbee2mqtt", 0.01, 0.01),
    ],
)
def test_rooms(
    town: Town,
    day: TownDay,
    read: dict[str, list[tuple[datetime, Decoded]]],
    device: str,
    room: str,
    family: str,
    humidity_step: float,
    temperature_step: float,
) -> None:
    readings = read[device]
    assert len(readings) == 288
    assert {decoded.family for _, decoded in readings} == {family}
    zone = town.zone_index("almgarden", room)
    for quantity, place, own, noise, step in (
        ("co2_ppm", day.place.co2_ppm, (20, 0.02), 4, 1),
        ("temperature_c", day.place.temperature_c, (0.2, 0.0), 0.03, temperature_step),
        ("humidity_pct", day.place.humidity_pct, (2.0, 0.0), 0.3, humidity_step),
    ):
        minutes, values = column(readings, quantity)
        true = np.interp(minutes, np.arange(1441), place[:, zone])
        error = values - true
        assert (np.abs(error) <= own[0] + own[1] * true + 5 * noise + step / 2).all()
        assert error.std() < 2 * noise + step / 2 + 0.01 * true.std() * (quantity == "co2_ppm") + step
        assert np.allclose(values / step, np.round(values / step), atol=1e-6)
    people = (day.pupils + day.adults)[:, zone]
    moves = "motion_count" if family == "elsys" else "motion"
    if family != "zigbee2mqtt":
        minutes, moved = column(readings, moves)
        crowd = np.concatenate([[0], np.cumsum(people)])
        passed = np.interp(minutes, np.arange(1441), crowd) - np.interp(minutes - 5, np.arange(1441), crowd)
        assert not moved[passed == 0].any()
        assert (moved[passed > 50] > 0).all()
    if family == "elsys":
        _, lux = column(readings, "illuminance_lux")
        assert lux.max() > 300


@pytest.mark.parametrize(
    ("device", "quantity", "school", "true", "step"),
    [
        (P1, "energy_kwh", 0, "import_kwh", 0.001),
        (P1, "energy_export_kwh", 0, "export_kwh", 0.001),
        (SHELLY, "energy_l1_kwh", 1, "phase_import_kwh", 1e-5),
        (WMBUS, "heat_kwh", 0, "heat_kwh", 1),
        (WMBUS, "volume_m3", 0, "volume_m3", 0.01),
        (PLUG, "energy_kwh", 0, "kitchen_kwh", 0.01),
        (SOLAR, "solar_kwh", 1, "solar_kwh", 0.01),
        (HEAT, "heat_kwh", 1, "heat_kwh", 0.1),
    ],
)
def test_registers_are_the_integral_of_power(
    day: TownDay,
    read: dict[str, list[tuple[datetime, Decoded]]],
    device: str,
    quantity: str,
    school: int,
    true: str,
    step: float,
) -> None:
    minutes, shown = column(read[device], quantity)
    minutes = minutes - (0.04 / 60 if device == SHELLY else 0)  # registers follow 40 ms after their moment
    interval_s = INTERVAL_S.get(device, 3600 if device == HEAT else 300)
    assert minutes.size == 86_400 // interval_s
    register = getattr(day.registers, true)[:, school]
    counted = np.interp(minutes, np.arange(1441), register if register.ndim == 1 else register[:, 0])
    assert (np.diff(shown) >= 0).all()
    assert shown - shown[0] == pytest.approx(counted - counted[0], abs=1.01 * step + 1e-6)
    if quantity not in ("energy_export_kwh", "solar_kwh"):
        assert shown[-1] > shown[0]
    assert QUANTITIES[quantity].kind is Kind.REGISTER


def test_powers(day: TownDay, read: dict[str, list[tuple[datetime, Decoded]]]) -> None:
    for device, quantity, school, true, step in (
        (P1, "power_w", 0, day.power.import_w, 1),
        (PLUG, "power_w", 0, day.power.kitchen_w, 0.1),
        (SHELLY, "power_l2_w", 1, day.power.phase_w[:, :, 1], 0.1),
        (WMBUS, "heat_power_w", 0, day.power.heat_w, 100),
        (SOLAR, "solar_power_w", 1, day.power.solar_w, 1),
    ):
        minutes, shown = column(read[device], quantity)
        watts = true[minutes.astype(int), school]
        assert (np.abs(shown - watts) <= 0.03 * np.abs(watts) + step / 2 + 1e-6).all(), (device, quantity)
    minutes, forward = column(read[WMBUS], "flow_temperature_c")
    assert forward == pytest.approx(
        day.substation.flow_temperature_c[minutes.astype(int), 0], abs=5 * 0.05 + 0.005
    )


def test_a_shelly_counts_each_phase_by_itself(read: dict[str, list[tuple[datetime, Decoded]]]) -> None:
    """Its total is the sum of the phases' imports, while a Swedish meter nets them."""
    phases = [column(read[SHELLY], f"energy_l{phase}_kwh")[1] for phase in (1, 2, 3)]
    _, total = column(read[SHELLY], "energy_kwh")
    assert total == pytest.approx(np.sum(phases, axis=0), abs=1e-4)
    families = Counter(decoded.family for _, decoded in read[SHELLY])
    assert families == {"shelly-gen2": 2 * 1440}


def test_times_are_the_device_s(read: dict[str, list[tuple[datetime, Decoded]]]) -> None:
    for device, readings in read.items():
        for time, decoded in readings:
            if device == P1:
                assert decoded.time is None  # a telegram does not say of which country its time is
            else:
                assert decoded.time is not None
                assert abs(time - decoded.time) < timedelta(seconds=1)


@pytest.mark.parametrize("change", [date(2025, 10, 26), date(2026, 3, 29)])
def test_times_in_the_nights_when_clocks_change(change: date) -> None:
    """Zigbee2MQTT writes local time with its offset: the hour that comes twice, the one that never comes."""
    town = formats_town(change - timedelta(days=1))
    night = [
        message
        for message in Stream(town, town.start + timedelta(hours=22), town.start + timedelta(days=1, hours=4))
        if message.topic == "zigbee2mqtt/almgarden/7a"
    ]
    assert len(night) == 72
    offsets = {message.payload.split(b'"last_seen":"')[1][19:25] for message in night}
    assert offsets == {b"+01:00", b"+02:00"}
    times = [decoded_of(message).time for message in night]
    for message, time in zip(night, times, strict=True):
        assert time is not None
        assert abs(message.time - time) < timedelta(seconds=1)


def test_p1_telegrams_mark_summer_and_winter() -> None:
    town = formats_town(date(2025, 10, 26))
    stamps = [
        message.payload.split(b"0-0:1.0.0(")[1][:13].decode()
        for message in islice((m for m in Stream(town) if m.topic == "dsmr/almgarden"), 30)
    ]
    assert [stamp[6:8] + stamp[-1] for stamp in stamps[::12]] == ["02S", "02W", "03W"]


def test_checksum() -> None:
    """The check value of CRC-16/ARC, alone and among texts of other lengths."""
    assert crc16([b"123456789"]) == [0xBB3D]
    assert crc16([b"", b"123456789", b"1", b"987654321"])[:2] == [0, 0xBB3D]


def test_a_city_speaks_many_formats_and_everything_is_read() -> None:
    texts = city_site(date(2025, 11, 10), schools=12, rooms=(4, 5))
    town = Town(parse_site(texts), parse_scenario(texts[SCENARIO_FILE]))
    stream = Stream(town, end=town.start + timedelta(hours=2))
    families: Counter[str] = Counter()
    for message in stream:
        if not message.topic.endswith(("/availability", "/join")):
            families[decoded_of(message).family] += 1
    assert stream.silent == []
    spoken_here = {str(spoken(device)).replace("shelly", "shelly-gen2") for device in town.site.devices}
    assert families.keys() == spoken_here
    assert len(spoken_here) >= 6
