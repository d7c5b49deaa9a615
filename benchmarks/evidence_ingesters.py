"""Three ingesters on one mosquitto and one InfluxDB, at 2,000 messages a second, through rolling restarts.

Once as a group with a shared subscription, once each with the topics of some devices. Each is stopped in an
orderly way and started again, one after the other, then killed and started again. A third of the messages
carry no time. *Lost*: acknowledged to the publisher and not stored; *doubled*: stored twice though sent once.
Then the trap of a group: one of two members is away while messages come, and returns before or after its
session has ended. QUICK=1: a tenth, without the kills.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from course import Outcome, count_stored  # noqa: E402
from influx import influx2_process, programs, set_up  # noqa: E402
from members import How, Members, away, rolling  # noqa: E402
from mosquitto import DURABLE, Mosquitto  # noqa: E402

from running import free_ports  # noqa: E402
from store.influx_store import InfluxStore  # noqa: E402

QUICK = os.environ.get("QUICK") == "1"
MESSAGES, RATE = (6_000, 2_000.0) if QUICK else (60_000, 2_000.0)
ABSENT, EXPIRY_S = MESSAGES // 10, 10
ROUNDS = ("stop",) if QUICK else ("stop", "kill")

Stored = Callable[[], Counter[int]]


@contextmanager
def group(how: How, name: str, number: int = 3, **more: object) -> Iterator[tuple[Members, Stored]]:
    """Members on a broker and in a bucket of their own, and what counts the messages stored there."""
    with tempfile.TemporaryDirectory(prefix="ingesters-") as temporary, ExitStack() as stack:
        folder = Path(temporary)
        broker = stack.enter_context(Mosquitto(folder, DURABLE))
        (folder / "influx").mkdir()
        url, _ = stack.enter_context(influx2_process(folder / "influx", free_ports(1)))
        bucket = stack.enter_context(set_up(url, folder).bucket())
        members = Members(folder, broker, name, bucket, how, number, more)
        stack.callback(members.end)

        def stored() -> Counter[int]:
            with closing(InfluxStore(bucket, read_only=True)) as store:
                return count_stored(store, name)

        yield members, stored


def course(how: How) -> tuple[Outcome, int]:
    """What came of it, and how many hours are left that somebody announced and did not finish."""
    with group(how, how) as (members, stored):
        outcome = rolling(members, MESSAGES, RATE, ROUNDS, stored)
        with closing(InfluxStore(members.bucket, beside=True)) as store:
            store.advance("rollups", store.changed("rollups").cursor)
            return outcome, len(store.changed("rollups").hours)


def trap() -> list[dict[str, object]]:
    """The table of a member that is away."""
    print(
        "\n| one of two members of a group is away | published | stored meanwhile | after its return | lost |"
    )
    print("|---|--:|--:|--:|--:|")
    found: list[dict[str, object]] = []
    cases = {
        "and returns in time": {},
        f"until its session has ended ({EXPIRY_S} s)": {"session_expiry_s": EXPIRY_S},
    }
    for number, (words, more) in enumerate(cases.items()):
        with group("shared", f"away{number}", 2, **more) as (members, stored):
            before, after = away(members, ABSENT, RATE, stored)
        print(f"| {words} | {ABSENT:,} | {before:,} | {after:,} | {ABSENT - after:,} |")
        found.append({"away": words, "published": ABSENT, "before": before, "after": after})
    print("\nThe broker deals to a member that is away too, as long as its session stands (docs/ingest.md).")
    return found


def main() -> None:
    """Go through both courses and print the table."""
    if 2 not in programs():
        sys.exit("this needs an influxd 2.x on PATH")
    restarts = 3 * len(ROUNDS)
    print("| three ingesters | messages | a second | restarts | lost | doubled | hours left open |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    told = []
    for how in ("shared", "shards"):
        outcome, left = course(how)
        rate = outcome.messages / outcome.seconds
        lost, doubled = len(outcome.lost), len(outcome.doubled)
        words = {"shared": "shared subscription", "shards": "shards of the topics"}[how]
        print(f"| {words} | {outcome.messages:,} | {rate:,.0f} | {restarts} | {lost} | {doubled} | {left} |")
        told.append(
            {"how": how, "messages": outcome.messages, "rate": rate, "lost": lost, "doubled": doubled}
        )
    print(f"\nAsked of the publisher: {RATE:,.0f} a second. Of each, every third message carried no time;")
    print(f"restarts: {', '.join(ROUNDS)}. Load of the machine at the end: {os.getloadavg()[0]:.1f}.")
    print(json.dumps({"benchmark": "ingesters", "courses": told, "trap": trap()}))


if __name__ == "__main__":
    main()
