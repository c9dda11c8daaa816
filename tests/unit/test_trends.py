"""Where a figure is to be expected: a table of histories, each with figures that lie there and that do not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.trends import MOST, expected

TABLE = (
    ("always the same", [100.0] * 7, 3.5, [100, 103, 97], [104, 96, 0]),
    ("scattered", [100, 104, 97, 102, 99, 103, 98], 3.5, [100, 110, 90], [125, 75, 200]),
    ("grows by ten", [float(10 * i) for i in range(1, 11)], 3.5, [110], [100, 125]),
    ("grows, one run was wrong", [10, 20, 30, 4000, 50, 60, 70, 80], 3.5, [90], [70, 110, 4000]),
    ("falls", [90, 80, 70, 60, 50, 40, 30], 3.5, [20], [40, 0]),
    ("four of ten were wrong", [5, 5, 0, 5, 0, 5, 0, 5, 0, 5], 3.5, [5], [50]),
    ("as scattered, but more sensitive", [100, 104, 97, 102, 99, 103, 98], 1.0, [100], [110, 90]),
    ("nothing yet", [0.0, 0.0, 0.0], 3.5, [0], [1, -1]),
)


@pytest.mark.parametrize(("what", "earlier", "deviations", "there", "off"), TABLE, ids=[row[0] for row in TABLE])
def test_expected(what: str, earlier: list[float], deviations: float, there: list[float], off: list[float]) -> None:
    low, high = expected(earlier, deviations)
    assert all(low <= figure <= high for figure in there)
    assert not any(low <= figure <= high for figure in off)


def test_long_ago_is_forgotten() -> None:
    assert expected([1.0] * 500 + [9.0] * MOST, 3.5) == expected([9.0] * MOST, 3.5)


@settings(deadline=None)  # the first import takes a second
@given(st.integers(-10_000, 10_000), st.integers(-1_000, 1_000), st.integers(3, 60), st.floats(0.5, 10))
def test_a_straight_line_goes_on(start: int, step: int, length: int, deviations: float) -> None:
    low, high = expected([float(start + step * i) for i in range(length)], deviations)
    assert low - 1e-6 <= start + step * length <= high + 1e-6


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e9), min_size=3, max_size=60), st.floats(0.5, 5))
def test_more_deviations_are_wider(earlier: list[float], deviations: float) -> None:
    narrow, wide = expected(earlier, deviations), expected(earlier, deviations * 2)
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]
