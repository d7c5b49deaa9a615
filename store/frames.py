"""Readings as columns of numbers with their names beside them, and the frame that callers get.

Memory is what costs here: on a virtual machine a page touched for the first time costs more than the work
done on it. So names are numbers until the end, and a column becomes a frame's without a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from store.batch import Ids
from store.times import Array


class Columns(NamedTuple):
    """Readings sorted by device, quantity, time; ``device`` and ``quantity`` number the names, in order."""

    device: Ids
    quantity: Ids
    time_us: Array
    value: npt.NDArray[np.float64]
    flag: Array
    devices: Sequence[str]
    quantities: Sequence[str]

    def frame(self) -> pd.DataFrame:
        """The same with READING_COLUMNS."""
        columns = {
            "device": _texts(self.device, self.devices),
            "quantity": _texts(self.quantity, self.quantities),
            "time": pa.array(self.time_us).view(pa.timestamp("us", tz="UTC")),
            "value": self.value,
            "flag": self.flag,
        }
        made: pd.DataFrame = pa.table(columns).to_pandas(split_blocks=True)
        return made


def ranked(names: Sequence[str]) -> tuple[list[str], Ids]:
    """The distinct names in order, and the place of each in that order."""
    rank = {name: number for number, name in enumerate(sorted(set(names)))}
    return list(rank), np.array([rank[name] for name in names], dtype=np.int32)


def _texts(codes: Ids, names: Sequence[str]) -> pa.Array:
    text = pa.large_string()  # what pandas keeps; it would copy anything smaller
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names, text)).cast(text)
