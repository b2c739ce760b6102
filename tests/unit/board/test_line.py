import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.board.line import UNSURE, Estimate, learn

SIZES = st.lists(st.floats(1, 1e6), min_size=2, max_size=12)
RATE = st.floats(1e-3, 1e3)


def test_a_line_by_hand() -> None:
    line = learn([1, 2, 3], [5, 7, 9], [0, 0, 0])
    assert (line.constant, line.slope) == (pytest.approx(3), pytest.approx(2))
    assert line.at(10).value == pytest.approx(23)


def test_a_line_through_one_size_is_proportional() -> None:
    line = learn([2, 2], [10, 10], ["a", "b"])
    assert (line.constant, line.slope) == (0, pytest.approx(5))


@given(SIZES, RATE, RATE)
def test_what_is_a_line_is_found(sizes: list[float], constant: float, slope: float) -> None:
    seconds = [constant + slope * size for size in sizes]
    line = learn(sizes, seconds, [0] * len(sizes))
    assert [line.at(size).value for size in sizes] == pytest.approx(seconds, rel=1e-3)


@given(st.lists(st.tuples(st.floats(1, 1e4), st.floats(1e-3, 1e4)), min_size=1, max_size=10))
def test_no_cost_is_negative_and_more_never_costs_less(pairs: list[tuple[float, float]]) -> None:
    line = learn(*zip(*pairs, strict=True), range(len(pairs)))  # type: ignore[arg-type]
    assert 0 <= line.at(0).value <= line.at(1).value <= line.at(1e5).value
    assert line.low <= 1 <= line.high


def test_a_slow_hour_does_not_bend_the_line() -> None:
    """One of ten is a hundred times too slow; the mean of measured per predicted stays 1."""
    sizes = [float(n) for n in range(1, 11)]
    seconds = [2 * size for size in sizes]
    seconds[2] *= 100
    line = learn(sizes, seconds, [0] * 10)
    assert line.at(20).value / line.at(10).value == pytest.approx(2, rel=0.05)
    ratios = [each / line.at(size).value for size, each in zip(sizes, seconds, strict=True)]
    assert sum(ratios) / 10 == pytest.approx(1)


def test_the_range_is_of_groups_left_out() -> None:
    """By hand: `a` takes 2 s each, `b` 4; learned from the other, `a` is half, `b` the double."""
    line = learn([1, 2, 1, 2], [2, 4, 4, 8], ["a", "a", "b", "b"])
    assert (line.low, line.high) == (pytest.approx(0.5), pytest.approx(2))
    cost = line.at(3)
    assert (cost.low, cost.high) == (pytest.approx(cost.value / 2), pytest.approx(cost.value * 2))


def test_one_group_says_nothing_of_others() -> None:
    line = learn([1, 2], [2, 4], ["a", "a"])
    assert (line.low, line.high) == (1 / UNSURE, UNSURE)


def test_what_is_of_something_else_is_never_sure() -> None:
    line = learn([1, 2, 1, 2], [2, 4, 20, 40], ["a", "a", "b", "b"], sure=False)
    assert (line.low, line.high) == (pytest.approx(0.1), pytest.approx(10))
    line = learn([1, 2, 1, 2], [2, 4, 2, 4], ["a", "a", "b", "b"], sure=False)
    assert (line.low, line.high) == (1 / UNSURE, UNSURE)


def test_ranges_add_up() -> None:
    assert Estimate(2, 1, 4) + Estimate(3, 3, 3) == Estimate(5, 4, 7)
    assert Estimate(2, 1, 4).times(2) == Estimate(4, 2, 8)
