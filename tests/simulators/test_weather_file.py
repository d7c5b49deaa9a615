from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from classroom.faults import ConfigurationError
from classroom.sitefiles import parse_site
from simulators.demo import demo_site
from simulators.scenario import SCENARIO_FILE, parse_scenario, read_scenario
from simulators.school import Town
from simulators.weather_file import WeatherFromTable
from simulators.weather_table import parse_weather

HEADER = "time,outdoor_temperature_c,humidity_pct,irradiance_w_m2,wind_m_s"
START = datetime(2026, 3, 1, tzinfo=UTC)
FIRST_DAY = START.date()


def table(hours: int, start: datetime = START) -> list[str]:
    rows = []
    for number in range(hours):
        time = start + timedelta(hours=number)
        sun = max(0, 300 - 60 * abs(time.hour - 11))
        rows.append(f"{time.isoformat()},{number % 24 / 2},80,{sun},4.5")
    return rows


def parsed(rows: list[str], first_day: date = FIRST_DAY) -> WeatherFromTable:
    return WeatherFromTable(parse_weather("\n".join([HEADER, *rows]), "w.csv", first_day))


def test_minutes_keep_the_means_of_their_hours() -> None:
    weather = parsed(table(72))
    day = weather.day(date(2026, 3, 2))
    light = day.irradiance_w_m2.reshape(24, 60).mean(axis=1)
    assert light[11] == pytest.approx(300)
    assert light[9] == pytest.approx(180)
    assert light[2] == 0
    assert day.temperature_c.reshape(24, 60).mean(axis=1)[6:20] == pytest.approx(
        [hour / 2 for hour in range(6, 20)], abs=0.01
    )
    assert day.mean_24h_c == pytest.approx(sum(range(24)) / 2 / 24)
    assert (day.irradiance_w_m2[day.sun_elevation_rad <= 0] == 0).all()
    assert weather.last_day == date(2026, 3, 3)
    assert (weather.day(date(2026, 2, 27)).temperature_c == weather.day(date(2026, 3, 1)).temperature_c).all()


def test_a_town_lives_as_long_as_its_weather(tmp_path: Path) -> None:
    texts = demo_site(START.date())
    (tmp_path / SCENARIO_FILE).write_text(f'weather = "w.csv"\n{texts[SCENARIO_FILE]}', encoding="utf-8")
    (tmp_path / "w.csv").write_text("\n".join([HEADER, *table(60)]), encoding="utf-8")
    town = Town(parse_site(texts), read_scenario(tmp_path))
    days = list(town.days())
    assert [day.start.date() for day in days] == [date(2026, 3, 1), date(2026, 3, 2)]
    assert days[1].weather.temperature_c[10 * 60 + 30] == pytest.approx(5.0, abs=0.01)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {3: "2026-03-01T03:00Z,2,101,0,3"},
            r"w\.csv: line 5, humidity_pct = '101': write 100 or less",
        ),
        ({3: "2026-03-01T03:00Z,warm,80,0,3"}, r"line 5, outdoor_temperature_c = 'warm': write a number"),
        ({3: "2026-03-01T03:00,2,80,0,3"}, r"line 5, time = '2026-03-01T03:00': .*the offset is missing"),
        ({3: "2026-03-01T03:00Z,2,80,,3"}, r"line 5, irradiance_w_m2 = missing: add it"),
        ({3: ""}, r"time = 2026-03-01T04:00:00\+00:00: the row before is 2026-03-01T02:00"),
    ],
)
def test_a_bad_row_is_refused_with_line_column_and_cure(change: dict[int, str], said: str) -> None:
    rows = [change.get(number, row) for number, row in enumerate(table(48))]
    with pytest.raises(ConfigurationError, match=said):
        parsed(rows)


def test_weather_that_does_not_cover_the_first_day_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"begins on 2026-02-28.*cover that day, or move first_day"):
        parsed(table(48), date(2026, 2, 28))
    with pytest.raises(ConfigurationError, match="add a row an hour"):
        parsed([])


def test_a_weather_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / SCENARIO_FILE).write_text('first_day = 2026-03-01\nweather = "w.csv"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"weather = w\.csv: cannot be read.*put the CSV beside"):
        read_scenario(tmp_path)
    with pytest.raises(ConfigurationError, match=r"weather_hours.*name a CSV with weather"):
        parse_scenario("first_day = 2026-03-01\nweather_hours = []\n")
