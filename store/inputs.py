"""The hash of the readings behind an hourly rollup: years later it tells whether they are still the same.

It does not protect against somebody who wants two sets of readings to look alike; it finds one that was lost,
added or changed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from store.times import Array

BITS = 52
"""Of the hash: whole numbers of so many bits are exact in the floats that InfluxDB keeps."""

Words = npt.NDArray[np.uint64]


def reading_hash(time_us: Array, value: npt.NDArray[np.float64], flag: Array) -> Array:
    """A number below ``2**BITS`` for each reading; a rollup's ``inputs_hash`` is all of its readings' XORed.

    ``mix(mix(mix(time_us) ^ value) ^ flag) >> 12``, where ``time_us`` are microseconds since 1970 (UTC),
    ``value`` is the pattern of its 64 bits (IEEE 754; -0 as 0), ``flag`` the ingest flag, and ``mix`` the
    finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
    """
    word = _mixed(time_us.astype(np.uint64))
    word ^= (value + 0.0).view(np.uint64)
    word = _mixed(word)
    word ^= flag.astype(np.uint64)
    word = _mixed(word)
    word >>= np.uint64(64 - BITS)
    return word.astype(np.int64)


def _mixed(word: Words) -> Words:
    """SplitMix64's finalizer, in place."""
    word += np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        word ^= word >> np.uint64(shift)
        word *= np.uint64(factor)
    word ^= word >> np.uint64(31)
    return word
