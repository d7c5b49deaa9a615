"""Each planted fault does what it says to the messages it says, and nothing else; the truth counts them."""

import json
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from formats_town import CLIMATE, ELSYS, MILESIGHT, NATIVE, P1, SHELLY, WMBUS, decoded_of, formats_town

from classroom.faults import ConfigurationError
from ingest.message import Undecodable
from simulators.devices import Samples
from simulators.fault_log import FaultLog
from simulators.faults import FaultRow, PlantedFault
from simulators.messages import Message, Stream
from simulators.room_devices import lorawan_room
from simulators.scenario import Scenario, parse_scenario
from simulators.school import Town

START, NOON = datetime(2025, 5, 12, tzinfo=UTC), datetime(2025, 5, 12, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def town() -> Town:
    """Computes its days once: every fault strikes the same ones."""
    town = formats_town()
    days = list(islice(town.days(), 5))
    town.days = lambda: iter(days)  # type: ignore[method-assign]
    return town


@pytest.fixture(scope="module")
def sound(town: Town) -> list[Message]:
    """Two days without a fault."""
    return list(Stream(town, end=START + 2 * timedelta(days=1)))


@pytest.fixture(scope="module")
def struck(town: Town) -> Callable[..., tuple[list[Message], FaultRow]]:
    """The same two days with one fault, and what the truth says of it."""

    def play(days: int = 2, **table: object) -> tuple[list[Message], FaultRow]:
        stream = Stream(faulty(town, **table), end=START + timedelta(days=days))
        played = list(stream)
        rows = [row for row in stream.faults() if row.kind == table["kind"]]
        assert len(rows) == 1
        return played, rows[0]

    return play


def faulty(town: Town, **table: object) -> Town:
    """The town with one planted fault; from noon to one o'clock if it does not say."""
    given = dict(table)
    if table["kind"] not in ("counter_reset", "rollover", "meter_swap"):
        given = {"start": NOON, "end": NOON + HOUR, **given}
    fault = Scenario.model_validate({"first_day": START.date(), "faults": [given]}).faults
    struck = copy(town)  # with the days it has: no fault changes them
    struck.scenario = town.scenario.model_copy(update={"faults": fault})
    return struck


def of(device: str, messages: list[Message]) -> list[Message]:
    """The messages of a device, found by its topic."""
    part = device.split("/", 1)[1] if "/" in device else device
    return [m for m in messages if part in m.topic and not m.topic.endswith(("/join", "/availability"))]


def values_of(messages: list[Message], quantity: str) -> np.ndarray:
    return np.array(
        [value.value for m in messages for value in decoded_of(m).values if value.quantity == quantity]
    )


def within(messages: list[Message], start: datetime = NOON, end: datetime = NOON + HOUR) -> list[Message]:
    return [message for message in messages if start <= message.time < end]


def _of_first(topic: str) -> bool:
    """LoRaWAN of the first school."""
    return any(eui in topic for eui in (ELSYS, "a81758fffe0d0002", MILESIGHT))


Play = Callable[..., tuple[list[Message], FaultRow]]


@pytest.mark.parametrize(
    ("scope", "silent"),
    [
        ({"device": WMBUS}, lambda topic: "wmbusmeters" in topic),
        (
            {"school": "almgarden"},
            lambda topic: "almgarden" in topic or "70000003" in topic or _of_first(topic),
        ),
        ({"gateway": "almgarden"}, _of_first),
        ({}, lambda topic: topic != ""),
    ],
)
def test_outage(sound: list[Message], struck: Play, scope: dict[str, str], silent: Any) -> None:
    heard, row = struck(kind="outage", **scope)
    lost = [m for m in within(sound) if silent(m.topic)]
    assert heard == [m for m in sound if m not in lost]
    assert row.messages == len(lost) > 0
    assert (row.start, row.end) == (NOON, NOON + HOUR)


def test_zigbee2mqtt_says_that_a_device_is_offline(struck: Play) -> None:
    heard, _ = struck(kind="outage", device=CLIMATE, start=START + HOUR, end=START + 28 * HOUR)
    said = [(m.time - START, json.loads(m.payload)["state"], m.retain) for m in heard if m.retain]
    said = [each for each in said if each[0]]
    assert said == [(26 * HOUR, "offline", True), (28 * HOUR, "online", True)]


def test_duplicates(sound: list[Message], struck: Play) -> None:
    heard, row = struck(kind="duplicates", device=NATIVE, share=0.5, delay_s=90, end=NOON + 8 * HOUR)
    copies = list(heard)
    for message in sound:
        copies.remove(message)
    assert len(copies) == row.messages
    assert 25 < len(copies) < 75
    originals = {m.payload: m.time for m in of(NATIVE, sound)}
    assert all(m.time - originals[m.payload] == timedelta(seconds=90) for m in copies)


def test_late_messages_keep_their_own_times(sound: list[Message], struck: Play) -> None:
    end = START + 26 * HOUR
    heard, row = struck(kind="late", school="almgarden", start=START + 20 * HOUR, end=end)
    assert sorted(m.payload for m in heard) == sorted(m.payload for m in sound)
    assert [m.time for m in heard] == sorted(m.time for m in heard)
    assert not [m for m in of(NATIVE, heard) if START + 20 * HOUR <= m.time < end]
    burst = [m for m in of(ELSYS, heard) if end <= m.time < end + timedelta(seconds=1)]
    assert len(burst) >= 70
    own = [decoded_of(m).time for m in burst]
    assert min(t for t in own if t) < START + 20 * HOUR + timedelta(minutes=6)
    assert row.messages == len([m for m in heard if end <= m.time < end + timedelta(seconds=1)]) - len(
        [m for m in sound if end <= m.time < end + timedelta(seconds=1)]
    )


def test_a_late_batch_is_the_same_wherever_the_stream_begins(town: Town) -> None:
    table = {"kind": "late", "start": START + 20 * HOUR, "end": START + 26 * HOUR}
    whole = list(Stream(faulty(town, **table), end=START + 30 * HOUR))
    begin = START + 25 * HOUR
    assert list(Stream(faulty(town, **table), begin, START + 30 * HOUR)) == [
        m for m in whole if m.time >= begin
    ]


def test_reordered(sound: list[Message], struck: Play) -> None:
    heard, row = struck(kind="reordered", share=0.4, up_to_s=3600, end=NOON + 6 * HOUR)
    assert sorted(m.payload for m in heard) == sorted(m.payload for m in sound)
    times = [decoded_of(m).time for m in of(NATIVE, heard)]
    assert times != sorted(t for t in times if t)
    moved = [m for m in of(NATIVE, heard) if m.time - (decoded_of(m).time or m.time) > timedelta(seconds=1)]
    assert all(m.time - (decoded_of(m).time or m.time) <= HOUR for m in moved)
    assert len(moved) > 15
    assert row.messages > 500


def test_garbage(sound: list[Message], struck: Play) -> None:
    heard, row = struck(kind="garbage", share=0.3, end=NOON + 3 * HOUR)
    changed = [(m, n) for m, n in zip(sound, heard, strict=True) if m != n]
    assert len(changed) == row.messages > 100
    assert all((m.time, m.topic) == (n.time, n.topic) for m, n in changed)
    kinds = {n.payload for _, n in changed}
    assert {b"", b"unavailable"} < kinds
    for _, message in changed:
        with pytest.raises(Undecodable):
            decoded_of(message)


def test_drift_goes_back_at_the_end(sound: list[Message], struck: Play) -> None:
    end = START + 30 * HOUR
    heard, row = struck(kind="drift", device=NATIVE, per_day=96.0, start=START + 6 * HOUR, end=end)
    error = values_of(of(NATIVE, heard), "co2_ppm") - values_of(of(NATIVE, sound), "co2_ppm")
    assert not error[:72].any()
    assert not error[360:].any()
    assert error[72:360] == pytest.approx(np.linspace(0, 96, 288), abs=1.5)
    assert row.messages == 288
    assert json.loads(row.detail) == {"per_day": 96.0, "quantity": "co2_ppm"}


def test_abc_takes_the_lowest_of_each_period_for_400_ppm(
    town: Town, sound: list[Message], struck: Play
) -> None:
    heard, row = struck(days=5, kind="abc", device=NATIVE, every_days=2, start=START, end=START + 90 * HOUR)
    read = values_of(of(NATIVE, heard), "co2_ppm")
    assert (read[:576] == values_of(of(NATIVE, sound), "co2_ppm")).all()
    lowest = read[:576].min()
    later = list(Stream(town, START + 48 * HOUR, START + 120 * HOUR))
    true = values_of(of(NATIVE, later), "co2_ppm")
    assert read[576:1080] - true[:504] == pytest.approx(400 - lowest, abs=1.01)
    assert (read[1080:] == true[504:]).all()
    assert row.messages == 1080


def test_stuck(sound: list[Message], struck: Play) -> None:
    window = {"start": START + 20 * HOUR, "end": START + 30 * HOUR}
    heard, row = struck(kind="stuck", device=ELSYS, **window)
    for quantity in ("co2_ppm", "temperature_c", "humidity_pct"):
        stuck = values_of(within(of(ELSYS, heard), window["start"], window["end"]), quantity)
        assert stuck.size == row.messages >= 117
        assert len(set(stuck.tolist())) == 1
    outside = [m for m in sound if not window["start"] <= m.time < window["end"]]
    assert [m for m in heard if not window["start"] <= m.time < window["end"]] == outside
    one, _ = struck(kind="stuck", device=ELSYS, quantity="co2_ppm", **window)
    assert len(set(values_of(within(of(ELSYS, one)), "temperature_c").tolist())) >= 1
    assert len(set(values_of(within(of(ELSYS, one), **window), "humidity_pct").tolist())) > 1


def test_spike_and_sentinel(sound: list[Message], struck: Play) -> None:
    heard, row = struck(kind="spike", device=MILESIGHT, size=3000, share=0.2, end=NOON + 10 * HOUR)
    more = values_of(of(MILESIGHT, heard), "co2_ppm") - values_of(of(MILESIGHT, sound), "co2_ppm")
    assert row.messages == np.count_nonzero(more)
    assert 10 < row.messages < 40
    assert set(more.tolist()) <= {0, 3000}
    heard, row = struck(kind="sentinel", device=CLIMATE, value=-127, share=1)
    read = values_of(of(CLIMATE, heard), "temperature_c")
    assert (read == -127).sum() == row.messages == 12


@pytest.mark.parametrize("device", [NATIVE, ELSYS, CLIMATE, SHELLY, WMBUS])
def test_a_wrong_clock(sound: list[Message], struck: Play, device: str) -> None:
    heard, row = struck(kind="clock_off", device=device, offset_s=7200)
    assert [(m.time, m.topic) for m in heard] == [(m.time, m.topic) for m in sound]
    off = [(decoded_of(m).time or m.time) - m.time for m in within(of(device, heard))]
    if device == ELSYS:  # the gateway's clock: the server's time stands beside it and counts
        assert all(abs(each) < timedelta(seconds=1) for each in off)
        gateway = json.loads(within(of(device, heard))[0].payload)["time"]
        assert datetime.fromisoformat(gateway) - within(of(device, heard))[0].time == 2 * HOUR
    else:
        assert all(abs(each - 2 * HOUR) < timedelta(seconds=1) for each in off)
    assert row.messages * (2 if device == SHELLY else 1) == len(off)


def test_local_time(struck: Play) -> None:
    heard, row = struck(kind="local_time", device=NATIVE, with_offset=True)
    texts = [json.loads(m.payload)["time"] for m in within(of(NATIVE, heard))]
    assert all(text.endswith("+02:00") for text in texts)
    assert all(decoded_of(m).time == m.time for m in within(of(NATIVE, heard)))
    assert row.messages == 12
    heard, _ = struck(kind="local_time", device=NATIVE)
    texts = [json.loads(m.payload)["time"] for m in within(of(NATIVE, heard))]
    assert all(text.startswith("2025-05-12T14:") and len(text) == 23 for text in texts)


def test_moved_without_a_word(town: Town, struck: Play) -> None:
    heard, row = struck(kind="moved", device=NATIVE, room="matsal")
    here = within(of(NATIVE, heard))
    assert {m.topic for m in here} == {"classroom/almgarden/4b/co2-4b"}
    day = next(town.days())
    minutes = np.array([(m.time - START) / timedelta(minutes=1) for m in here])
    hall = np.interp(minutes, np.arange(1441), day.place.co2_ppm[:, town.zone_index("almgarden", "matsal")])
    assert values_of(here, "co2_ppm") == pytest.approx(hall, abs=20 + 0.02 * 1000 + 20)
    assert row.detail == '{"room": "matsal"}'


def test_registers_begin_anew(sound: list[Message], struck: Play) -> None:
    for device, quantity in ((WMBUS, "heat_kwh"), (P1, "energy_kwh"), (SHELLY, "energy_kwh")):
        heard, row = struck(kind="counter_reset", device=device, start=NOON)
        before, after = values_of(of(device, sound), quantity), values_of(of(device, heard), quantity)
        half = len(within(of(device, sound), START, NOON)) // (2 if device == SHELLY else 1)
        assert (after[:half] == before[:half]).all()
        assert 0 <= after[half] < 20
        assert after[half:] - after[half] == pytest.approx(before[half:] - before[half], abs=1.01)
        assert row.messages == len(before) - half


def test_a_register_rolls_over(sound: list[Message], struck: Play) -> None:
    heard, row = struck(kind="rollover", device=P1, digits=5, left_kwh=200)
    shown = values_of(of(P1, heard), "energy_kwh")
    assert shown[0] == pytest.approx(99_800, abs=0.01)
    drops = np.flatnonzero(np.diff(shown) < 0)
    assert drops.size == 1
    assert row.messages == shown.size - 1 - drops[0]
    assert row.start == of(P1, heard)[drops[0] + 1].time
    assert np.diff(shown).sum() + 100_000 == pytest.approx(
        np.diff(values_of(of(P1, sound), "energy_kwh")).sum(), abs=0.01
    )


def test_a_swapped_meter_has_a_key_of_its_own(sound: list[Message], struck: Play) -> None:
    heard, row = struck(kind="meter_swap", device=WMBUS, successor="wmbus/71000000", start=NOON)
    assert of(WMBUS, heard) == within(of(WMBUS, sound), START, NOON)
    new = of("wmbus/71000000", heard)
    assert min(m.time for m in new) >= NOON
    counted = values_of(new, "heat_kwh")
    assert 0 <= counted[0] - 12 < 20
    assert row.messages == len(new)
    assert decoded_of(new[0]).device == "wmbus/71000000"


def test_joins_begin_the_frame_counter_anew(town: Town) -> None:
    """Over 200 days a LoRaWAN device joins four or five times, loses 1 to 3 reports, and counts from 0."""
    placed = next(device for device in town.site.devices if device.key == ELSYS)
    log = FaultLog((), 0, None)
    write = lorawan_room(town, placed, 4711, log)
    first_ms, count = int(START.timestamp()) * 1000, 200 * 288
    times_ms = first_ms + 300_000 * np.arange(count, dtype=np.int64)
    samples = Samples(times_ms // 300_000, times_ms, times_ms, first_ms, np.random.default_rng(1))
    air = ("co2_ppm", "temperature_c", "humidity_pct", "illuminance_lux", "motion_count")
    posts = write(samples, {key: np.full(count, 20.0) for key in air})
    frames = [(post[0], json.loads(post[2])["fCnt"]) for post in posts if post[1].endswith("/up")]
    joined = [post[0] for post in posts if post[1].endswith("/join")]
    resets = [(before, after) for before, after in pairwise(frames) if after[1] < before[1]]
    rows = log.rows(town.site)
    assert 4 <= len(resets) == len(rows) <= 5
    assert joined[-len(resets) :] == [after[0] for _, after in resets]
    for (before, after), row in zip(resets, rows, strict=True):
        assert (row.kind, row.device, after[1]) == ("join_gap", ELSYS, 0)
        assert 1 <= row.messages <= 3
        assert after[0] - before[0] == (row.messages + 1) * 300_000
    steps = [after[1] - before[1] for before, after in pairwise(frames)]
    assert steps.count(1) == len(steps) - len(resets)


@pytest.mark.parametrize(
    ("table", "key", "cure"),
    [
        ('kind = "spike"\ndevice = "nobody"\nsize = 1', "device", "devices.csv"),
        ('kind = "outage"\nschool = "nowhere"', "school", "schools.csv"),
        (f'kind = "abc"\ndevice = "{WMBUS}"', "device", "room's device"),
        (f'kind = "moved"\ndevice = "{NATIVE}"\nroom = "99"', "room", "rooms.csv"),
        (f'kind = "drift"\ndevice = "{NATIVE}"\nper_day = 1\nquantity = "heat_kwh"', "quantity", "name one"),
        (f'kind = "spike"\ndevice = "{WMBUS}"\nsize = 1\nquantity = "co2_ppm"', "quantity", "energy"),
        (f'kind = "local_time"\ndevice = "{WMBUS}"', "device", "native"),
    ],
)
def test_a_fault_that_does_not_fit_the_site_is_refused(table: str, key: str, cure: str) -> None:
    window = "start = 2025-05-12T10:00:00Z\nend = 2025-05-12T11:00:00Z\n"
    town = formats_town(more=f"[[faults]]\n{window}{table}\n")
    with pytest.raises(ConfigurationError) as refused:
        Stream(town)
    (fault,) = refused.value.faults
    assert (fault.file, fault.key) == ("simulation.toml", f"faults.0.{key}")
    assert cure in fault.cure


def test_a_fault_of_no_kind_names_the_kinds() -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_scenario('first_day = 2026-01-01\n[[faults]]\nkind = "outtage"')
    (fault,) = refused.value.faults
    assert (fault.key, fault.value) == ("faults.0.kind", "'outtage'")
    assert "outage" in fault.cure


def test_every_kind_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "simulate.md").read_text(encoding="utf-8")
    listed = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}
    kinds = {
        get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(PlantedFault)[0])
    }
    assert len(kinds) == 16
    assert kinds <= listed


def test_what_the_tables_say_of_moves_is_in_the_truth(town: Town) -> None:
    """A device that devices.csv hangs elsewhere needs no fault; the truth lists it all the same."""
    devices = []
    for device in town.site.devices:
        if device.key == NATIVE:
            devices.append(device.model_copy(update={"valid_to": NOON}))
            devices.append(device.model_copy(update={"valid_from": NOON, "room": "matsal"}))
        else:
            devices.append(device)
    moved = copy(town)
    moved.site = replace(town.site, devices=devices)
    stream = Stream(moved, end=START + timedelta(days=1))
    assert len(list(islice(stream, 10))) == 10
    (row,) = [row for row in stream.faults() if row.kind == "moved"]
    assert (row.device, row.start) == (NATIVE, NOON)
    assert json.loads(row.detail) == {"from": "4b", "in_tables": True, "to": "matsal"}


def test_different_seeds_strike_differently(town: Town) -> None:
    table = {"kind": "garbage", "share": 0.2}
    one = faulty(town, **table)
    other = copy(one)
    other.scenario = one.scenario.model_copy(update={"seed": 9})
    first, again, different = (
        [m.payload for m in Stream(each, NOON, NOON + HOUR)] for each in (one, faulty(town, **table), other)
    )
    assert first == again
    assert first != different
