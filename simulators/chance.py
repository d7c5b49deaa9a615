"""Seeded randomness: every purpose has its own stream, so nothing depends on what was drawn before."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A generator that is a pure function of ``seed`` and ``names`` (say a school, a room, a day)."""
    keys = [name if isinstance(name, int) else zlib.crc32(name.encode()) for name in names]
    return np.random.default_rng([seed, *keys])
