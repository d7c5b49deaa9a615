"""What a long-running command owes the machine: a port of its own, and a clean end."""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading


class PortBusyError(Exception):
    """Something else listens on a port we were told to use."""


def listen(host: str, port: int, option: str) -> socket.socket:
    """A listening socket, taken before anything else starts.

    Raises:
        PortBusyError: with what to do, naming ``option``.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, or asyncio leaves Nagle on: every answer on an open connection takes 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        raise PortBusyError(
            f"Port {port} on {host} is in use ({error.strerror}). Stop what uses it or choose {option}."
        ) from error
    return sock


def collect_seldom() -> None:
    """Let Python look for cycles after 50,000 new objects, not after 700.

    With its default a fifth of ingest's CPU time goes into looking through batches that hold no cycle.
    """
    gc.set_threshold(50_000, 10, 10)


def wait_for_signal(stop: threading.Event) -> None:
    """Block until Ctrl-C, SIGTERM or ``stop``; a second Ctrl-C ends at once."""

    def on_signal(number: int, frame: object) -> None:
        del number, frame
        if stop.is_set():
            os._exit(130)
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    stop.wait()
