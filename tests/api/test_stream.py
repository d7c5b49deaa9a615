"""The live stream over a real server."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Thread
from typing import Any

import httpx
import pytest

import api.stream
from api.context import ApiContext
from api.server import Server, make_server
from classroom.reading import Reading

MakeCo2 = Callable[..., Reading]
PATH = "/api/v1/schools/tagaborg/rooms/a101/stream"
DEADLINE_S = 60.0


class Running:
    """A server in a thread, on a free port."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.thread = Thread(target=server.run)
        self.thread.start()
        wait(lambda: server.started)
        self.port: int = server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(DEADLINE_S)
        assert not self.thread.is_alive()


@pytest.fixture
def running(context: ApiContext) -> Iterator[Running]:
    server = Running(make_server(context, port=0))
    yield server
    server.stop()


def wait(done: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.01)


def events(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """Events as a browser reads them; a comment is an event of its own here."""
    event: dict[str, Any] = {}
    for line in response.iter_lines():
        if not line:
            if event:
                yield event
            event = {}
            continue
        name, _, value = line.partition(":")
        event[name or "comment"] = json.loads(value) if name == "data" else value.strip()


def test_a_live_value_arrives_and_a_break_is_made_good(
    running: Running, context: ApiContext, co2: MakeCo2
) -> None:
    context.live.publish([co2("first", 9, 700.0)])
    address = f"http://127.0.0.1:{running.port}{PATH}"
    with httpx.stream("GET", address, timeout=DEADLINE_S) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-content-type-options"] == "nosniff"
        stream = events(response)
        assert next(stream) == {"retry": "3000"}
        first = next(stream)
        assert (first["event"], first["data"]["air"]["level"]) == ("now", "good")

        context.live.publish([co2("first", 5, 1234.0)])
        arrived, state = next(stream), next(stream)

    assert arrived["event"] == "readings"
    assert arrived["data"] == [
        {
            "device": "first",
            "quantity": "co2_ppm",
            "time": "2026-11-16T08:55:00Z",
            "value": 1234.0,
            "unit": "ppm",
            "flag": 0,
        }
    ]
    assert (state["event"], state["data"]["air"]["level"]) == ("now", "soon")
    wait(lambda: context.registry.get_sample_value("classroom_live_readers") == 0)

    context.live.publish([co2("first", 1, 1460.0)])  # while nobody listens
    with httpx.stream(
        "GET", address, timeout=DEADLINE_S, headers={"Last-Event-ID": arrived["id"]}
    ) as response:
        stream = events(response)
        next(stream)
        assert next(stream)["data"]["air"]["level"] == "now"
        assert next(stream)["data"][0]["value"] == 1460.0


def test_a_heartbeat_keeps_the_line_open(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.stream, "HEARTBEAT_S", 0.05)
    with httpx.stream("GET", f"http://127.0.0.1:{running.port}{PATH}", timeout=DEADLINE_S) as response:
        stream = events(response)
        assert [next(stream) for _ in range(4)][2:] == [{"comment": "heartbeat"}] * 2


def test_a_value_that_goes_stale_is_told_without_an_arrival(
    context: ApiContext, co2: MakeCo2, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.stream, "HEARTBEAT_S", 0.05)
    times = [co2("first", 0, 0).time]
    context.live.publish([co2("first", 10, 700.0)])
    running = Running(make_server(replace(context, clock=lambda: times[-1]), port=0))
    with httpx.stream("GET", f"http://127.0.0.1:{running.port}{PATH}", timeout=DEADLINE_S) as response:
        stream = (event for event in events(response) if event.get("event") == "now")
        assert next(stream)["data"]["air"]["level"] == "good"
        times.append(co2("first", -6, 0).time)
        assert next(stream)["data"]["air"] == {
            "level": None,
            "since": None,
            "shown_ppm": None,
            "reason": "stale",
        }
    running.stop()


def test_the_server_stops_while_a_stream_is_open(context: ApiContext) -> None:
    running = Running(make_server(context, port=0))
    with httpx.stream("GET", f"http://127.0.0.1:{running.port}{PATH}", timeout=DEADLINE_S) as response:
        stream = events(response)
        next(stream)
        running.stop()
        assert list(stream)[1:] == []  # it ends, and without an error


def test_a_reader_that_takes_nothing_is_dropped(
    running: Running, context: ApiContext, co2: MakeCo2, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.stream, "SEND_TIMEOUT_S", 0.2)
    readers = lambda: context.registry.get_sample_value("classroom_live_readers")  # noqa: E731
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", running.port))
        deaf.sendall(f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        wait(lambda: readers() == 1)
        minutes = 0

        def gone() -> bool:
            nonlocal minutes
            minutes -= 1
            reading = co2("first", minutes, 700.0)
            context.live.publish([reading._replace(quantity=q) for q in ("co2_ppm", "noise_db") * 50])
            context.live.publish([reading._replace(value=1.0 * n) for n in range(200)])
            return readers() == 0

        wait(gone)


def test_an_unknown_room_has_no_stream(running: Running) -> None:
    answer = httpx.get(f"http://127.0.0.1:{running.port}{PATH.replace('a101', 'x')}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
