from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from classroom.sitefiles import parse_site
from simulators.city import city_site
from simulators.defects import Defect, DefectKind
from simulators.faults import FaultRow
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town, TownDay
from simulators.truth import room_hours, school_hours
from simulators.truth_files import write_truth


def test_truth_by_the_hour_is_the_mean_of_its_minutes(town: Town, week: list[TownDay]) -> None:
    start = town.start + timedelta(days=1, hours=9)
    hours = list(room_hours(town, start, start + timedelta(hours=2)))
    rooms = len(town.site.rooms)
    assert len(hours) == 2 * rooms
    assert [hour.time for hour in hours[::rooms]] == [start, start + timedelta(hours=1)]
    of_4b = [h for h in room_hours(town, start, start + timedelta(days=3)) if h.room == "4b"]
    found = next(h for h in of_4b if h.occupied_share == 1 and h.people > 15 and h.windows_share == 0)
    day = week[(found.time - town.start).days]
    zone, minutes = town.zone_index("almgarden", "4b"), slice(60 * found.time.hour, 60 * found.time.hour + 60)
    course = day.course
    assert found.co2_ppm == pytest.approx(course.co2_mean_ppm[minutes, zone].mean())
    assert found.people == pytest.approx(day.people[minutes, zone].mean())
    # 70 L/s through 58 m² x 2.8 m is 1.55 air changes, and a little comes through the walls.
    assert 1.55 < found.air_change_1_h < 1.8
    # The same for a class and its teacher.
    flow_l_s = 1000 * course.flow_m3_s[minutes, zone].mean()
    assert found.air_l_s_person == pytest.approx(flow_l_s / found.people, rel=1e-6)
    assert 2.4 < found.air_l_s_person < 5
    night = next(room_hours(town, town.start, town.start + timedelta(hours=1)))
    assert (night.people, night.air_l_s_person) == (0, None)


def test_energy_by_the_hour_is_the_registers_difference(town: Town, week: list[TownDay]) -> None:
    start = town.start + timedelta(days=1, hours=9)
    energy = list(school_hours(town, start, start + timedelta(hours=24)))
    assert len(energy) == 24 * 2
    for name, register in (("electricity_kwh", "import_kwh"), ("district_heat_kwh", "heat_kwh")):
        drawn = sum(getattr(hour, name) for hour in energy if hour.school == "almgarden")
        before, after = (getattr(day.registers, register)[9 * 60, 0] for day in week[1:3])
        assert drawn == pytest.approx(after - before)
    hour = energy[0]
    parts = hour.radiator_kwh + hour.coil_kwh + hour.hot_water_kwh + hour.culvert_kwh
    assert hour.district_heat_kwh == pytest.approx(parts)


@pytest.fixture(scope="module")
def small_town() -> Town:
    first_day = date(2025, 11, 3)
    texts = city_site(first_day, schools=1, rooms=(1, 1), planted=False)
    night = Defect(school="almbacka", kind=DefectKind.VENTILATION_ALL_NIGHT, first=date(2025, 11, 5))
    scenario = parse_scenario(texts[SCENARIO_FILE]).model_copy(update={"defects": (night,)})
    return Town(parse_site(texts), scenario)


_FAULT = FaultRow("stuck", "a", None, datetime(2025, 11, 4, tzinfo=UTC), None, 3, "{}")


def test_both_forms_of_the_truth_say_the_same(small_town: Town, tmp_path: Path) -> None:
    start, end = small_town.start, small_town.start + timedelta(days=3, hours=6)
    done: list[int] = []
    write_truth(small_town, tmp_path / "truth.jsonl", start, end, faults=[_FAULT], on_day=done.append)
    write_truth(small_town, tmp_path / "truth", start, end, faults=[_FAULT])
    assert done == [1, 2, 3, 4]
    lines = [orjson.loads(line) for line in (tmp_path / "truth.jsonl").read_bytes().splitlines()]
    by_table: dict[str, list[dict[str, object]]] = {}
    for line in lines:
        by_table.setdefault(line.pop("table"), []).append(line)
    assert {name: len(rows) for name, rows in by_table.items()} == {
        "made": 1, "defects": 1, "rooms": 78 * 3, "schools": 78, "extra": 2 * 2, "faults": 1,
    }  # fmt: skip
    for name, rows in by_table.items():
        table = pq.read_table(tmp_path / "truth" / f"{name}.parquet").to_pylist()
        assert [_plain(row) for row in table] == rows


def _plain(row: dict[str, object]) -> dict[str, object]:
    return {
        key: value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
        for key, value in row.items()
    }


def test_what_a_defect_costs_stands_by_local_day(small_town: Town, tmp_path: Path) -> None:
    start = small_town.start
    write_truth(small_town, tmp_path, start, start + timedelta(days=4))
    extra = pq.read_table(tmp_path / "extra.parquet").to_pandas()
    assert extra.day.unique().tolist() == ["2025-11-04", "2025-11-05", "2025-11-06"]  # whole local days
    assert set(extra.defect) == {-1, 0}
    heat = extra[extra.defect == 0].set_index("day").district_heat_kwh
    assert heat["2025-11-04"] == 0
    assert heat["2025-11-06"] > 1


def test_the_same_seed_gives_the_same_bytes(make_town: Callable[..., Town], tmp_path: Path) -> None:
    def written(name: str, seed: int) -> dict[str, bytes]:
        town = make_town(seed=seed)
        write_truth(town, tmp_path / name, town.start, town.start + timedelta(days=1))
        return {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}

    one, again, other = written("one", 1), written("again", 1), written("other", 2)
    assert one == again
    assert one["rooms.parquet"] != other["rooms.parquet"]


def test_the_truth_of_part_of_an_hour_is_refused(town: Town, tmp_path: Path) -> None:
    half = town.start + timedelta(minutes=30)
    with pytest.raises(ValueError, match="no full hour"):
        write_truth(town, tmp_path, half, half + timedelta(days=1))
    with pytest.raises(ValueError, match="begin at 2025-11-10"):
        write_truth(town, tmp_path, town.start - timedelta(hours=1), town.start)


def test_the_sensor_hears_late_and_aside(town: Town, week: list[TownDay]) -> None:
    """What the truth says of the spot is what the spot had, and it is not the room's mean."""
    start = town.start + timedelta(days=1, hours=8)
    hours = [h for h in room_hours(town, start, start + timedelta(hours=4)) if h.school == "almgarden"]
    apart = np.array([hour.co2_at_sensor_ppm - hour.co2_ppm for hour in hours])
    assert 1 < np.abs(apart).max() < 150
