"""Quick quantiles are numpy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.quantiles import median, quantile

numbers = st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40)


@given(numbers, st.floats(0, 1))
def test_a_quantile_is_numpys(values: list[float], share: float) -> None:
    assert quantile(np.array(values), share) == np.quantile(np.array(values), share)


@given(numbers)
def test_a_median_is_numpys(values: list[float]) -> None:
    assert median(values) == np.median(np.array(values))
