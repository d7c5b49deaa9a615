"""Quick quantiles are numpy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analytics.quantiles import median, quantile, row_medians

numbers = st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40)


@given(numbers, st.floats(0, 1))
def test_a_quantile_is_numpys(values: list[float], share: float) -> None:
    assert quantile(np.array(values), share) == np.quantile(np.array(values), share)


@given(numbers)
def test_a_median_is_numpys(values: list[float]) -> None:
    assert median(values) == np.median(np.array(values))


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6, width=32) | st.just(np.nan), min_size=5, max_size=5), min_size=1)
)
@example([[np.nan] * 5])
@pytest.mark.filterwarnings("ignore:All-NaN slice")  # numpy's
def test_medians_of_rows_are_numpys(values: list[list[float]]) -> None:
    rows = np.array(values)
    assert np.array_equal(row_medians(rows), np.nanmedian(rows, axis=1), equal_nan=True)


def test_rows_without_columns_have_no_median() -> None:
    assert np.isnan(row_medians(np.empty((2, 0)))).tolist() == [True, True]
