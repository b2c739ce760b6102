import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.board.agreement import by_chance, jaccard, places, spearman

SELECTION = st.lists(st.integers(0, 30), unique=True, max_size=20)
ORDER = st.permutations(range(100, 112)).map(np.array)


def test_jaccard_by_hand() -> None:
    assert jaccard((1, 2, 3), (4, 3, 2)) == 2 / 4
    assert jaccard((1, 2), (3,)) == 0
    assert jaccard((1, 2), ()) == 0
    assert jaccard((), ()) is None


@given(SELECTION, SELECTION)
def test_jaccard_is_symmetric_and_1_for_equal_sets_alone(one: list[int], two: list[int]) -> None:
    value = jaccard(one, two)
    assert value == jaccard(two, one)
    assert (value == 1) == (bool(one) and set(one) == set(two))
    assert value is None or 0 <= value <= 1


def test_two_of_three_by_hand() -> None:
    # Of {1, 2, 3}, two pairs share both (1 of 3) or one item (2 of 3, Jaccard 1/3).
    assert by_chance(3, 2, 2) == pytest.approx(1 / 3 + 2 / 3 / 3)
    assert by_chance(4, 4, 4) == pytest.approx(1)
    assert by_chance(4, 4, 1) == pytest.approx(1 / 4)
    assert by_chance(4, 0, 1) == 0
    assert by_chance(4, 0, 0) is None


@pytest.mark.parametrize(("pool", "one", "two"), [(50, 10, 10), (50, 40, 30), (20, 3, 12)])
def test_by_chance_is_what_random_selections_share(pool: int, one: int, two: int) -> None:
    rng = np.random.default_rng(0)
    drawn = [(rng.permutation(pool)[:one], rng.permutation(pool)[:two]) for _ in range(4_000)]
    shares = [jaccard(ours.tolist(), theirs.tolist()) for ours, theirs in drawn]
    error = np.std(shares) / len(shares) ** 0.5
    assert by_chance(pool, one, two) == pytest.approx(np.mean(shares), abs=4 * error)
    assert by_chance(pool, one, two) == pytest.approx(by_chance(pool, two, one))


def test_places_are_by_ascending_id() -> None:
    assert places(np.array([30, 10, 40, 20])).tolist() == [1, 3, 0, 2]


def test_spearman_by_hand() -> None:
    # Places of ids 1, 2, 3, 4: (0, 1, 2, 3) and (2, 0, 1, 3): 1 - 6 · (4 + 1 + 1) / (4 · 15).
    assert spearman(np.array([1, 2, 3, 4]), np.array([2, 3, 1, 4])) == pytest.approx(0.4)
    assert spearman(np.array([7]), np.array([7])) is None


@given(ORDER, ORDER)
def test_spearman_is_symmetric_1_with_itself_and_turned_by_reversal(
    one: np.ndarray, two: np.ndarray
) -> None:
    value = spearman(one, two)
    assert value is not None
    assert value == pytest.approx(spearman(two, one))
    assert spearman(one, one) == pytest.approx(1)
    assert spearman(one, two[::-1]) == pytest.approx(-value)
    squares = ((places(one) - places(two)) ** 2).sum()
    assert value == pytest.approx(1 - 6 * squares / (12 * (12**2 - 1)))
