"""Runs makers' scripts in one child process that is reused, and killed when a script does not end."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from classroom.faults import ConfigurationError, Fault
from ingest.codecs.codec import Codec
from ingest.decoders import decode as decode_any
from ingest.decoders.lorawan import NoCodec, Uplink, finished
from ingest.message import Decoded, Message, Undecodable

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 2.0
"""Wall time after which the child is killed; the engine's own limit is an eighth of it."""

START_WITHIN_S = 15.0
"""The same for the first answer of a new child, which has to start on a busy machine."""

STOPS_IN_A_ROW = 3
SET_ASIDE_S = 60.0
"""A script that was stopped so often is not tried for so long: each try holds up the messages behind it."""

_CHILD = Path(__file__).with_name("child.py")


class Codecs:
    """The decoders with a site's own codecs behind them; used by one thread.

    Args:
        codecs: in the order in which they are asked.
        decode: what is asked first; a codec is used only where it raises :class:`NoCodec`.
        monotonic: seconds of a clock that does not jump.

    Raises:
        ConfigurationError: there are codecs and QuickJS is not installed.
    """

    def __init__(
        self,
        codecs: Sequence[Codec],
        decode: Callable[[Message], Decoded] = decode_any,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if codecs and importlib.util.find_spec("quickjs") is None:
            cure = "install it: pip install 'classroom-climate[codecs]'; or remove the folder codecs"
            raise ConfigurationError([Fault("codecs", "(folder)", "needs quickjs-ng", cure)])
        self._codecs = tuple(codecs)
        self._decode = decode
        self._monotonic = monotonic
        self._child: subprocess.Popen[bytes] | None = None
        self._stops: dict[str, int] = {}
        self._aside_until: dict[str, float] = {}

    def decode(self, message: Message) -> Decoded:
        """What a message says, by a codec where no decoder knows its bytes.

        Raises:
            Undecodable: as :func:`ingest.decoders.decode`, and codec_failed (the script says so, or breaks),
                codec_stopped (it took too long or too much memory, or is set aside after that).
        """
        try:
            return self._decode(message)
        except NoCodec as unknown:
            uplink = unknown.uplink
            codec = next((codec for codec in self._codecs if codec.match.fits(uplink)), None)
            if codec is None:
                raise
        outcome = codec.outcome(self.run(codec, uplink))
        return finished(uplink, outcome)

    def run(self, codec: Codec, uplink: Uplink) -> Mapping[str, Any]:
        """The object a codec's script makes of an uplink.

        Raises:
            Undecodable: codec_failed, codec_stopped.
        """
        if self._monotonic() < self._aside_until.get(codec.name, 0.0):
            detail = f"{codec.name}: set aside after it was stopped {STOPS_IN_A_ROW} times"
            raise Undecodable("codec_stopped", detail, uplink.device)
        given: dict[str, Any] = {"bytes": list(uplink.data), "fPort": uplink.f_port}
        if uplink.time is not None:
            given["recvTime"] = uplink.time.isoformat()
        answer = self._ask(codec, given)
        if "stopped" in answer:
            self._count_stop(codec)
            raise Undecodable("codec_stopped", f"{codec.name}: {answer['stopped']}"[:300], uplink.device)
        self._stops.pop(codec.name, None)
        if "data" not in answer:
            raise Undecodable("codec_failed", f"{codec.name}: {answer.get('failed')}"[:300], uplink.device)
        data: Mapping[str, Any] = answer["data"]
        return data

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            with suppress(BrokenPipeError):
                child.communicate()

    def _ask(self, codec: Codec, given: Mapping[str, Any]) -> dict[str, Any]:
        line = _line({"run": codec.name, "input": given})
        try:
            child, within_s = self._running()
            if child.stdin is None or child.stdout is None:
                raise BrokenPipeError
            child.stdin.write(line)
            child.stdin.flush()
            answer, until = b"", time.monotonic() + within_s
            while not answer.endswith(b"\n"):
                ready, _, _ = select.select([child.stdout], [], [], max(until - time.monotonic(), 0))
                part = os.read(child.stdout.fileno(), 65_536) if ready else b""
                if not part:
                    raise BrokenPipeError
                answer += part
            found: dict[str, Any] = json.loads(answer)
        except (OSError, ValueError):
            self.close()
            return {"stopped": "its process ended or did not answer; it was killed"}
        return found

    def _running(self) -> tuple[subprocess.Popen[bytes], float]:
        """The child, and how long it may take to answer."""
        if self._child is not None and self._child.poll() is None:
            return self._child, ANSWER_WITHIN_S
        self.close()
        self._child = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            start_new_session=True,
        )
        if self._child.stdin is not None:
            for codec in self._codecs:
                self._child.stdin.write(_line({"add": codec.name, "source": codec.script}))
        return self._child, START_WITHIN_S

    def _count_stop(self, codec: Codec) -> None:
        stops = self._stops[codec.name] = self._stops.get(codec.name, 0) + 1
        if stops >= STOPS_IN_A_ROW:
            log.warning("codec %s was stopped %s times; set aside for %.0f s", codec.name, stops, SET_ASIDE_S)
            self._aside_until[codec.name] = self._monotonic() + SET_ASIDE_S
            self._stops.pop(codec.name)


def _line(request: Mapping[str, Any]) -> bytes:
    return json.dumps(request).encode() + b"\n"
