import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import numpy as np
import pytest

from classroom.faults import ConfigurationError
from classroom.sitefiles import parse_site
from simulators.demo import demo_site
from simulators.faults import Outage
from simulators.instruments import device_seed, instruments
from simulators.messages import Message, messages
from simulators.room_devices import co2_error
from simulators.scenario import Scenario, parse_scenario
from simulators.school import Town

_OUTAGE = 'first_day = 2026-01-01\n[[faults]]\nkind = "outage"\n'


def _by_topic(found: list[Message]) -> dict[str, list[Message]]:
    grouped: dict[str, list[Message]] = {}
    for message in found:
        grouped.setdefault(message.topic, []).append(message)
    return grouped


@pytest.fixture(scope="module")
def two_days(make_town: Callable[..., Town]) -> list[Message]:
    town = make_town()
    return list(messages(town, end=town.start + timedelta(days=2)))


def test_in_order_and_one_from_each_device_in_each_slot(two_days: list[Message]) -> None:
    times = [message.time for message in two_days]
    assert times == sorted(times)
    grouped = _by_topic(two_days)
    assert len(grouped) == 9
    for topic, of_device in grouped.items():
        interval_s = {"el-1": 900, "fjarrvarme-1": 3600, "ute-1": 600}.get(topic.rsplit("/", 1)[-1], 300)
        slots = [int(message.time.timestamp()) // interval_s for message in of_device]
        assert slots == list(range(slots[0], slots[0] + 2 * 86_400 // interval_s))
    assert len(two_days) == 6 * 576 + 192 + 48 + 288
    speaks = [topic.split("/")[0] for topic in grouped]
    assert {family: speaks.count(family) for family in speaks} == {"classroom": 6, "application": 2, "v3": 1}


def test_readings_are_true_within_the_instrument(
    make_town: Callable[..., Town], two_days: list[Message]
) -> None:
    town = make_town()
    place = next(town.days()).place
    zone = town.zone_index("almgarden", "4b")
    read = [
        m
        for m in two_days
        if m.topic == "classroom/almgarden/4b/co2-4b" and m.time < town.start + timedelta(days=1)
    ]
    minutes = np.array([(message.time - town.start) / timedelta(minutes=1) for message in read])
    rows = [json.loads(message.payload) for message in read]
    true_co2 = np.interp(minutes, np.arange(1441), place.co2_ppm[:, zone])
    error = np.array([row["co2_ppm"] for row in rows]) - true_co2
    assert (np.abs(error) < 20 + 0.02 * true_co2 + 5 * 4 + 0.5).all()
    assert error.std() > 1  # an instrument, not an oracle
    factor, offset_ppm = co2_error(device_seed(town.scenario.seed, "almgarden/co2-4b"))
    noise = np.array([row["co2_ppm"] for row in rows]) - (factor * true_co2 + offset_ppm)
    assert abs(noise.mean()) < 1  # what is its own is known; what is left is noise
    true_c = np.interp(minutes, np.arange(1441), place.temperature_c[:, zone])
    assert np.abs(np.array([row["temperature_c"] for row in rows]) - true_c).max() < 0.2 + 5 * 0.03 + 0.05
    assert {row["motion"] for row in rows} == {True, False}
    for message, row in zip(read, rows, strict=True):
        assert datetime.fromisoformat(row["time"]) == message.time


def test_meters_show_the_integral(make_town: Callable[..., Town], two_days: list[Message]) -> None:
    town = make_town()
    days = list(islice(town.days(), 2))
    for topic, key, resolution, register in (
        ("classroom/almgarden/el/el-1", "energy_kwh", 0.01, "import_kwh"),
        ("classroom/almgarden/fjarrvarme/fjarrvarme-1", "heat_kwh", 0.1, "heat_kwh"),
    ):
        read = _by_topic(two_days)[topic]
        shown = np.array([json.loads(message.payload)[key] for message in read])
        minutes = np.array([(message.time - town.start) / timedelta(minutes=1) for message in read])
        true = np.interp(
            minutes,
            np.arange(2881),
            np.concatenate(
                [getattr(days[0].registers, register)[:-1, 0], getattr(days[1].registers, register)[:, 0]]
            ),
        )
        assert (np.diff(shown) >= 0).all()
        assert shown - shown[0] == pytest.approx(true - true[0], abs=resolution + 1e-6)


def test_lorawan_devices_send_bytes_that_hold_the_room(two_days: list[Message]) -> None:
    rows = [json.loads(m.payload) for m in two_days if m.topic.startswith("application/")]
    assert [row["fCnt"] for row in rows[::2]] == sorted(row["fCnt"] for row in rows[::2])
    co2 = [int.from_bytes(base64.b64decode(row["data"])[11:13]) for row in rows]
    assert 400 < min(co2) < 480
    assert 700 < max(co2) < 1200
    motions = [base64.b64decode(row["data"])[9] for row in rows]
    assert min(motions) == 0
    assert max(motions) > 10


def test_same_seed_same_bytes_wherever_it_starts(
    make_town: Callable[..., Town], two_days: list[Message]
) -> None:
    town = make_town()
    middle = town.start + timedelta(hours=30, minutes=17, seconds=3)
    late = list(messages(make_town(), middle, town.start + timedelta(days=2)))
    assert late == [message for message in two_days if message.time >= middle]
    assert list(messages(make_town(seed=2), end=town.start + timedelta(hours=3))) != two_days[:288]


def test_memory_holds_one_day(make_town: Callable[..., Town]) -> None:
    endless = messages(make_town())
    assert len(list(islice(endless, 8 * 288 * 3))) == 8 * 288 * 3


def test_a_pause_is_silence_and_nothing_else(make_town: Callable[..., Town], two_days: list[Message]) -> None:
    start = datetime(2025, 11, 10, 9, tzinfo=UTC)
    end = start + timedelta(hours=2)
    quiet = make_town(faults=(Outage(kind="outage", start=start, end=end, device="almgarden/el-1"),))
    heard = list(messages(quiet, end=quiet.start + timedelta(days=2)))
    assert heard == [
        m for m in two_days if not (m.topic == "classroom/almgarden/el/el-1" and start <= m.time < end)
    ]
    assert len(two_days) - len(heard) == 8
    all_quiet = make_town(faults=(Outage(kind="outage", start=start, end=end),))
    heard = list(messages(all_quiet, end=quiet.start + timedelta(days=2)))
    assert not [m for m in heard if start <= m.time < end]
    assert len(two_days) - len(heard) == 6 * 24 + 8 + 2 + 12


def test_a_device_speaks_only_where_and_while_it_hangs() -> None:
    texts = demo_site(date(2025, 11, 10))
    row = "almgarden/co2-4b,almgarden,4b,,300"
    assert row in texts["devices.csv"]
    lines = texts["devices.csv"].replace("interval_s", "interval_s,valid_from,valid_to", 1).splitlines()
    lines = [
        f"{line},," if number and line != row else line for number, line in enumerate(lines) if line != row
    ]
    lines += [f"{row},,2025-11-10T12:00Z", f"{row.replace(',4b,', ',7a,')},2025-11-10T12:00Z,"]
    lines.append("0011223344556677,almgarden,,el,300,,")
    texts["devices.csv"] = "\n".join(lines)
    town = Town(parse_site(texts), Scenario(first_day=date(2025, 11, 10)))
    moved = [m for m in messages(town, end=town.start + timedelta(days=1)) if m.topic.endswith("/co2-4b")]
    noon = datetime(2025, 11, 10, 12, tzinfo=UTC)
    assert {m.topic for m in moved if m.time < noon} == {"classroom/almgarden/4b/co2-4b"}
    assert {m.topic for m in moved if m.time >= noon} == {"classroom/almgarden/7a/co2-4b"}
    assert [device for device, _ in instruments(town)[1]] == ["0011223344556677"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("seed = -1\nfirst_day = 2026-01-01", "seed"),
        ("seed = 1", "first_day"),
        ("first_day = 2026-01-01\nspeeed = 2", "speeed"),
        (
            f"{_OUTAGE}start = 2026-01-01T10:00:00\nend = 2026-01-01T12:00:00Z",
            "faults.0.outage.start",
        ),
        (
            f"{_OUTAGE}start = 2026-01-01T10:00:00Z\nend = 2026-01-01T09:00:00Z",
            "faults.0.outage",
        ),
        ("first_day = ", "(syntax)"),
    ],
)
def test_a_bad_scenario_is_refused_by_key(text: str, key: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_scenario(text)
    assert key in [fault.key for fault in refused.value.faults]
    assert all(fault.file == "simulation.toml" and fault.cure for fault in refused.value.faults)


def test_intervals_that_do_not_fill_a_day_lose_no_report() -> None:
    texts = demo_site(date(2025, 11, 10))
    texts["devices.csv"] = re.sub(",(300|900|3600)$", ",420", texts["devices.csv"], flags=re.MULTILINE)
    del (
        texts["stations.csv"],
        texts["normal_years.csv"],
    )  # its sensor reports every ten minutes, whatever devices.csv says
    town = Town(parse_site(texts), Scenario(first_day=date(2025, 11, 10)))
    found = _by_topic(list(messages(town, end=town.start + timedelta(days=3))))
    for of_device in found.values():
        slots = [int(message.time.timestamp()) // 420 for message in of_device]
        assert slots == list(range(slots[0], slots[0] + len(slots)))
        assert len(slots) in (617, 618)
