"""paho receiving with MQTT 5, QoS 1, a callback that only counts, and its own automatic acknowledgement.

``python _bare.py PORT``; speaks with the measuring process as ``_ingester.py`` does.
"""

from __future__ import annotations

import json
import sys

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


def main() -> None:
    """Receive until the input ends."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare", protocol=paho.MQTTv5)
    received = 0

    def count(*_: object) -> None:
        nonlocal received
        received += 1

    client.on_message = count
    client.on_connect = lambda *_: client.subscribe("#", 1)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", int(sys.argv[1]))
    client.loop_start()
    for _ in sys.stdin:
        print(json.dumps({"done": received}), flush=True)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main()
