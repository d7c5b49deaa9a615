"""Three ingesters on one mosquitto and one InfluxDB, at 2,000 messages a second, through rolling restarts.

Once as a group with a shared subscription, once each with the topics of some devices. Each is stopped in an
orderly way and started again, one after the other, then killed and started again. A third of the messages
carry no time. *Lost*: acknowledged to the publisher and not stored; *doubled*: stored twice though sent once.
QUICK=1: a tenth, without the kills.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from course import Outcome, count_stored  # noqa: E402
from influx import influx2_process, programs, set_up  # noqa: E402
from members import How, Members, rolling  # noqa: E402
from mosquitto import DURABLE, Mosquitto  # noqa: E402

from running import free_ports  # noqa: E402
from store.influx_store import InfluxStore  # noqa: E402

QUICK = os.environ.get("QUICK") == "1"
MESSAGES, RATE = (6_000, 2_000.0) if QUICK else (60_000, 2_000.0)
ROUNDS = ("stop",) if QUICK else ("stop", "kill")


def course(how: How, folder: Path, stack: ExitStack) -> tuple[Outcome, int]:
    """What came of it, and how many hours are left that somebody announced and did not finish."""
    broker = Mosquitto(folder, DURABLE)
    broker.start()
    stack.callback(broker.kill)
    (folder / "influx").mkdir()
    url, _ = stack.enter_context(influx2_process(folder / "influx", free_ports(1)))
    bucket = stack.enter_context(set_up(url, folder).bucket())
    members = Members(folder, broker, how, bucket, how)
    stack.callback(members.end)

    def stored() -> Counter[int]:
        with closing(InfluxStore(bucket, read_only=True)) as store:
            return count_stored(store, how)

    outcome = rolling(members, MESSAGES, RATE, ROUNDS, stored)
    with closing(InfluxStore(bucket, beside=True)) as store:
        store.advance("rollups", store.changed("rollups").cursor)
        return outcome, len(store.changed("rollups").hours)


def main() -> None:
    """Go through both courses and print the table."""
    if 2 not in programs():
        sys.exit("this needs an influxd 2.x on PATH")
    restarts = 3 * len(ROUNDS)
    print("| three ingesters | messages | a second | restarts | lost | doubled | hours left open |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    told = []
    for how in ("shared", "shards"):
        with tempfile.TemporaryDirectory(prefix="ingesters-") as name, ExitStack() as stack:
            outcome, left = course(how, Path(name), stack)
        rate = outcome.messages / outcome.seconds
        lost, doubled = len(outcome.lost), len(outcome.doubled)
        words = {"shared": "shared subscription", "shards": "shards of the topics"}[how]
        print(f"| {words} | {outcome.messages:,} | {rate:,.0f} | {restarts} | {lost} | {doubled} | {left} |")
        told.append(
            {"how": how, "messages": outcome.messages, "rate": rate, "lost": lost, "doubled": doubled}
        )
    print(f"\nAsked of the publisher: {RATE:,.0f} a second. Of each, every third message carried no time;")
    print(f"restarts: {', '.join(ROUNDS)}. Load of the machine at the end: {os.getloadavg()[0]:.1f}.")
    print(json.dumps({"benchmark": "ingesters", "courses": told}))


if __name__ == "__main__":
    main()
