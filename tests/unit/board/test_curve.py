import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.board import curve
from bench.board.curve import Values

X = np.array([100.0, 200.0, 400.0])
Y = np.array([0.5, 0.7, 0.8])


def test_area_by_hand() -> None:
    # (0.6 * 100 + 0.75 * 200) / 300
    assert curve.area(X, Y) == pytest.approx(0.7)
    assert curve.area(X[:1], Y[:1]) is None
    assert curve.area(np.array([5.0, 5.0]), Y[:2]) is None


def at(x: Values, y: Values, points: Values) -> Values:
    return curve.at(x[None], y[None], points[None])[0]


def test_interpolation_by_hand() -> None:
    points = np.array([99.0, 100.0, 150.0, 300.0, 400.0, 401.0])
    expected = [np.nan, 0.5, 0.6, 0.75, 0.8, np.nan]
    np.testing.assert_allclose(at(X, Y, points), expected)


@given(st.integers(0, 1000), st.sampled_from([5, 5000]))
def test_interpolation_is_numpys_to_the_bit(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.sort(rng.integers(0, most, size=(4, 9)), axis=1).astype(float)  # of few, some are equal
    y, points = rng.random((4, 9)), np.hstack([x, rng.uniform(-1, most, size=(4, 9))])
    curves = zip(points, x, y, strict=True)
    expected = [np.interp(*each, left=np.nan, right=np.nan) for each in curves]
    np.testing.assert_array_equal(curve.at(x, y, points), expected)


def test_areas_between_two_points_by_hand() -> None:
    x, y = np.stack([X, X, X]), np.stack([Y, Y, Y])
    low, high = np.array([150.0, 100.0, 250.0]), np.array([300.0, 400.0, 350.0])
    # (0.65 * 50 + 0.725 * 100) / 150; the whole curve; a part of one line.
    np.testing.assert_allclose(curve.areas_between(x, y, low, high), [0.7, 0.7, 0.75])
    assert curve.areas_between(x[:0], y[:0], low[:0], high[:0]).tolist() == []


@given(st.lists(st.lists(st.floats(0, 1), min_size=9, max_size=9), min_size=1, max_size=6))
def test_areas_of_many_parts_are_those_of_each_to_the_bit(scores: list[list[float]]) -> None:
    y = np.array(scores)
    x = np.cumsum(1 + y, axis=1)
    low, high = x[:, 0] + y[:, 1], x[:, -1] - 3 * y[:, 2]
    found = curve.areas_between(x, y, low, high)
    for number, area in enumerate(found):
        between = (low[number] < x[number]) & (x[number] < high[number])
        points = np.array([low[number], *x[number][between], high[number]])
        assert area == curve.area(points, at(x[number], y[number], points))


@pytest.mark.parametrize(
    ("level", "expected"),
    [(0.6, 150.0), (0.7, 200.0), (0.75, 300.0), (0.8, 400.0), (0.4, 100.0), (0.5, 100.0)],
)
def test_reach_by_hand(level: float, expected: float) -> None:
    assert curve.reach(X, Y, level) == pytest.approx(expected)


def test_reach_is_the_first_crossing_or_nothing() -> None:
    assert curve.reach(X, Y, 0.81) is None
    falling = np.array([0.5, 0.9, 0.6, 0.95])
    x = np.array([0.0, 10.0, 20.0, 30.0])
    assert curve.reach(x, falling, 0.7) == pytest.approx(5.0)
    assert curve.reach(x, falling, 0.92) == pytest.approx(20 + 10 * 0.32 / 0.35)


_SCORES = st.lists(st.floats(0, 1), min_size=2, max_size=12)


@given(_SCORES, st.floats(0.1, 1e3), st.floats(-1e3, 1e3))
def test_area_does_not_depend_on_the_unit(scores: list[float], scale: float, shift: float) -> None:
    x, y = np.arange(len(scores), dtype=float), np.array(scores)
    assert curve.area(x * scale + shift, y) == pytest.approx(curve.area(x, y), abs=1e-6)


@given(_SCORES)
def test_area_lies_between_the_scores_and_is_linear(scores: list[float]) -> None:
    x, y = np.arange(len(scores), dtype=float) ** 2, np.array(scores)
    area = curve.area(x, y)
    assert area is not None
    assert min(scores) - 1e-9 <= area <= max(scores) + 1e-9
    assert curve.area(x, 2 * y - 1) == pytest.approx(2 * area - 1)


@given(_SCORES)
def test_a_point_on_the_curve_changes_no_area(scores: list[float]) -> None:
    x, y = np.arange(len(scores), dtype=float), np.array(scores)
    denser = np.sort(np.append(x, 0.5))
    assert curve.area(denser, at(x, y, denser)) == pytest.approx(curve.area(x, y))


@given(_SCORES, st.floats(0, 1))
def test_where_a_level_is_reached_the_curve_has_it(scores: list[float], level: float) -> None:
    x, y = np.arange(len(scores), dtype=float), np.array(scores)
    where = curve.reach(x, y, level)
    if where is None:
        assert max(scores) < level
    else:
        assert at(x, y, np.array([where]))[0] == pytest.approx(max(level, y[0]), abs=1e-9)
        assert all(y[x < where] < level)
