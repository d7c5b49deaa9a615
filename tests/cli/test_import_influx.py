"""``import values`` into a real InfluxDB: new, again, corrected, never half."""

from __future__ import annotations

import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lives import influx_settings

from running import command, environment
from store.influx_server import Address
from store.influx_store import InfluxStore

ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
START = datetime(2023, 12, 31, 23, tzinfo=UTC)
HOURS = "Mätare;Tid;kWh\n" + "".join(f"a/el;2024-01-01 {hour:02}:00;{hour},5\n" for hour in range(24))


@pytest.mark.server
def test_new_again_corrected_and_never_half(bucket: Address, tmp_path: Path) -> None:
    site, file = tmp_path / "site", tmp_path / "el.csv"
    settings = influx_settings(site, bucket)
    (site / "classroom.toml").write_text(settings)

    def bring(text: str, code: int = 0) -> str:
        file.write_text(text)
        asked = command("import", "values", file, "-m", "generic-hourly", "-y", "-s", site)
        done = subprocess.run(asked, env=environment(), capture_output=True, text=True, timeout=90)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def stored() -> list[tuple[datetime, float]]:
        with closing(InfluxStore(bucket)) as store:
            found = store.read_readings(["a/el"], None, *ALWAYS)
            assert store.changed("all").hours.empty == found.empty
        return list(zip(found["time"].dt.to_pydatetime(), found["value"], strict=True))

    assert "row 7, column 'kWh': 'fem'" in " ".join(bring(HOURS.replace("5,5", "fem", 1), 1).split())
    assert stored() == []
    hours = [(START + timedelta(hours=hour), hour + 0.5) for hour in range(24)]
    assert "24 readings, 24 new" in bring(HOURS)
    assert stored() == hours
    assert "0 new, 0 corrected, 24 as they were" in bring(HOURS)
    assert stored() == hours
    assert "0 new, 1 corrected, 23 as they were" in bring(HOURS.replace("23,5", "123,5"))
    assert stored() == [*hours[:-1], (hours[-1][0], 123.5)]
    with closing(InfluxStore(bucket)) as store:
        assert list(store.superseded("a/el")["value"]) == [23.5]
