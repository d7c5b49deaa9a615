"""A site's own mappings and the families with readable payloads, through broker, spool and store."""

from __future__ import annotations

import json
from collections.abc import Callable
from subprocess import CompletedProcess

from running import TABLES, Start, until

MAPPING = """
[[mapping]]
topic = "house/{house}/air"
device = "house/{house}"

[[mapping.value]]
path = "$"
quantity = "temperature_c"
unit = "°F"
"""


def test_each_device_is_stored_under_its_own_key(
    start: Start, replay: Callable[[str], CompletedProcess[str]]
) -> None:
    running = start({**TABLES, "mappings.toml": MAPPING})
    lines = [
        {"topic": "house/12/air", "payload": "50"},
        {"topic": "zigbee2mqtt/b12", "payload": '{"linkquality": 80, "co2": 712}'},
        {"topic": "tele/t12/SENSOR", "payload": '{"DHT22": {"Temperature": 20.5}}'},
        {"topic": "shellies/shelly1pm-AABBCC/relay/0/energy", "payload": "60000"},
        {"topic": "zigbee2mqtt/bridge/state", "payload": '{"state": "online"}'},
    ]
    outcome = replay("\n".join(json.dumps(line) for line in lines))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    until(lambda: running.stored_all(len(lines)), "every message is stored or a dead letter")
    assert running.dead() == {"no_reading": 1}
    pending = running.get("/api/v1/devices/pending")["items"]
    assert {item["key"] for item in pending} == {
        "house/12",
        "z2m/b12",
        "tasmota/t12",
        "shelly/shelly1pm-aabbcc",
    }
    counts = running.counts()
    decoded = {"mapping", "zigbee2mqtt", "tasmota", "shelly-gen1"}
    assert all(counts[f"classroom_messages_decoded_total{{{family}}}"] == 1 for family in decoded)
