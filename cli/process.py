"""What a long-running command owes the machine: a port of its own, and a clean end."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import threading

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h
_LARGE_BYTES = 256_000


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


def keep_heap_small() -> None:
    """Let freed memory go back to the machine, in a process that makes large things one after another.

    glibc gives each thread a heap of its own and keeps large pieces there too; Arrow keeps a pool besides.
    Elsewhere than on glibc only Arrow is told.
    """
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def give_memory_back() -> None:
    """Return what is free between the pieces in use; for the end of a large piece of work."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


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
