"""Time a message of each family takes to be read, beside parsing its JSON alone in the same run.

    python benchmarks/decoders.py            # QUICK=1 for a short run

Prints a table and, as the last line, one JSON object: microseconds a message by family (the best of several
rounds: the machine's other work only ever adds), ``json`` for orjson.loads of the same payload, and
``javascript`` for a codec in the child process if the extra ``codecs`` is installed.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import orjson

from ingest.codecs.codec import parse_codec
from ingest.codecs.runner import Codecs
from ingest.decoders import decode
from ingest.message import Message, Undecodable

QUICK = os.environ.get("QUICK") == "1"
RECEIVED = datetime(2026, 3, 10, 12, tzinfo=UTC)
LIMIT_US = 60.0
"""No family may take longer, but JavaScript and P1 telegrams."""

CASES = Path(__file__).resolve().parents[1] / "tests" / "ingest" / "decoders" / "cases"

RX = [
    {
        "gatewayId": "f88624f6dfabf4cf",
        "nsTime": "2026-03-10T11:59:58.171481193+00:00",
        "rssi": -87,
        "snr": 8.5,
    }
]


def chirpstack(eui: str, port: int, data: str = "", **more: Any) -> tuple[str, dict[str, Any]]:
    """A ChirpStack v4 uplink with hexadecimal ``data``."""
    info = {
        "tenantName": "School",
        "applicationName": "air",
        "deviceProfileName": "EU868",
        "deviceName": "s-1",
    }
    return f"application/1/device/{eui}/event/up", {
        "deduplicationId": "3243e2c4-7f05-47ec-9c74-b09f7ff88624",
        "time": "2026-03-10T11:59:58.118+00:00",
        "deviceInfo": {**info, "devEui": eui, "tags": {"room": "12"}},
        "fCnt": 53,
        "fPort": port,
        "data": base64.b64encode(bytes.fromhex(data)).decode(),
        "rxInfo": RX,
        "txInfo": {
            "frequency": 868100000,
            "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 7}},
        },
        **more,
    }


def ttn(eui: str, port: int, data: str = "", **more: Any) -> tuple[str, dict[str, Any]]:
    """A Things Stack v3 uplink with hexadecimal ``data``."""
    return "v3/air@ttn/devices/s-1/up", {
        "end_device_ids": {"device_id": "s-1", "dev_eui": eui, "application_ids": {"application_id": "air"}},
        "correlation_ids": ["gs:uplink:01D68C3CA36D5759BB70CD8440"],
        "received_at": "2026-03-10T11:59:58.358120412Z",
        "uplink_message": {
            "f_port": port,
            "frm_payload": base64.b64encode(bytes.fromhex(data)).decode(),
            "received_at": "2026-03-10T11:59:58.152907871Z",
            "rx_metadata": [{"gateway_ids": {"gateway_id": "g"}, "rssi": -87, "snr": 8.5}],
            **more,
        },
    }


def gateway(eui: str, port: int, data: str) -> tuple[str, dict[str, Any]]:
    """A Milesight gateway's uplink."""
    return "any/topic", {
        "applicationID": "1",
        "data": base64.b64encode(bytes.fromhex(data)).decode(),
        "devEUI": eui,
        "deviceName": "EM300-TH",
        "fPort": port,
        "rxInfo": [{"loRaSNR": 13.8, "mac": "24e124fffef54092", "time": "2026-03-10T07:21:27.078763Z"}],
        "time": "2026-03-10T07:21:27.078763Z",
    }


AM319 = "0367340104686505000106cb02077da803087d2500097366270a7d04000b7d20000c7d3000"
HISTORY = "".join(f"20ce{minute}5ba664e10065d002" for minute in ("10", "4c", "88"))
HEAT = "1e04068fa10100041384b71e00022bcf0f023b5d00025a1003025e9801077982253269a511400401fd1700"
ERS = "0100e202290400270506060308070d62"
ROOM = {"temperature": 21.5, "humidity": 40.5, "co2": 800}

FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "native": (
        "classroom/oak/12/s-1",
        {"co2_ppm": 800, "temperature_c": 21.5, "time": "2026-03-10T11:00:00Z"},
    ),
    "chirpstack-object": chirpstack("24e124725c123456", 85, object=ROOM),
    "ttn-object": ttn("24e124725c123456", 85, decoded_payload=ROOM),
    "elsys": chirpstack("a81758fffe0302ea", 5, ERS),
    "elsys-unnamed": chirpstack("0102030405060708", 5, ERS),
    "milesight": chirpstack("24e124725c123456", 85, AM319),
    "milesight-unnamed": ttn("0102030405060708", 85, AM319),
    "milesight-history": chirpstack(
        "24e124128c123456",
        85,
        HISTORY,
    ),
    "milesight-history-unnamed": ttn("0102030405060708", 85, HISTORY),
    "milesight-gateway": gateway("24e124136b502217", 85, "0367ea0004684f050000"),
    "elvaco": chirpstack("94193a0001020304", 2, HEAT),
    "elvaco-unnamed": ttn("0102030405060708", 2, HEAT),
}
"""One message a family; families with readable payloads come from their golden cases."""

SCRIPT = "function decodeUplink(i) { return {data: {t: ((i.bytes[0] << 24 >> 16) | i.bytes[1]) / 10}}; }"
MAPPING = '[match]\ndev_eui = ["70b3d5"]\n[[value]]\npath = "t"\nquantity = "temperature_c"'


def best_us(call: Callable[[], object], seconds: float) -> float:
    """Microseconds a call, the best of rounds of 10 within ``seconds``."""
    call()
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        for _ in range(10):
            call()
        best = min(best, (time.perf_counter() - started) / 10)
    return best * 1e6


def javascript_us(seconds: float) -> float:
    """Microseconds a message through a codec in the child process."""
    topic, document = chirpstack("70b3d50000000001", 2, "00eb")
    message = Message(topic, json.dumps(document).encode(), RECEIVED)
    with closing(Codecs([parse_codec("bench", SCRIPT, MAPPING, "bench.toml")])) as codecs:
        return best_us(lambda: codecs.decode(message), seconds)


def golden_messages() -> dict[str, Message]:
    """Of each family in the tests' golden cases the longest payload that gives readings."""
    found: dict[str, Message] = {}
    for file in sorted(CASES.glob("*/*/input.json")):
        family, case = file.parent.parent.name, json.loads(file.read_text(encoding="utf-8"))
        payload = case.get("payload")
        if family in FAMILIES or payload is None:
            continue
        text = payload if isinstance(payload, str) else json.dumps(payload)
        message = Message(case["topic"], text.encode(), RECEIVED)
        try:
            decode(message)
        except Undecodable:
            continue
        if family not in found or len(message.payload) > len(found[family].payload):
            found[family] = message
    return found


def parse_us(payload: bytes, seconds: float) -> float | None:
    """Microseconds of orjson alone; None where the payload is no JSON."""
    try:
        return best_us(lambda: orjson.loads(payload), seconds)
    except orjson.JSONDecodeError:
        return None


def main() -> None:
    """Measure, print, and fail where a family is slower than the limit."""
    written = {
        family: Message(topic, json.dumps(document).encode(), RECEIVED)
        for family, (topic, document) in FAMILIES.items()
    }
    seconds = 0.4 if QUICK else 3.0
    measured: dict[str, dict[str, float | None]] = {}
    print(f"{'family':<28}{'µs':>8}{'JSON µs':>9}{'values':>8}")
    for family, message in {**written, **golden_messages()}.items():
        values = len(decode(message).values)
        took = best_us(lambda message=message: decode(message), seconds)
        parsing = parse_us(message.payload, seconds / 4)
        measured[family] = {"us": round(took, 2), "json_us": parsing and round(parsing, 2)}
        print(f"{family:<28}{took:>8.1f}{'–' if parsing is None else format(parsing, '.1f'):>9}{values:>8}")
    slow = [f for f, figures in measured.items() if f != "p1" and (figures["us"] or 0) > LIMIT_US]
    if importlib.util.find_spec("quickjs") is not None:
        took = javascript_us(seconds)
        measured["javascript"] = {"us": round(took, 2)}
        print(f"{'javascript':<28}{took:>8.1f}")
    print(json.dumps({"benchmark": "decoders", "limit_us": LIMIT_US, "slow": slow, "families": measured}))
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
