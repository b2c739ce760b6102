from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as reference

from bench.board.curve import Values
from bench.board.wilcoxon import signed_ranks


def signed_rank(differences: Values) -> float:
    return signed_ranks(differences[None])[0]


def test_by_hand() -> None:
    assert signed_rank(np.array([1.0, 2.0, 3.0])) == 2 / 8  # the least sum of ranks, on two sides
    assert signed_rank(np.array([1.0, 2.0, -3.0])) == 1.0
    assert signed_rank(np.array([2.0, -1.0, 3.0, 4.0])) == 4 / 16  # sums of 0 and 1
    assert signed_rank(np.array([1.0, 1.0, -1.0, 1.0])) == 10 / 16  # at most one of four ranks 2.5


def test_zeros_alone_tell_nothing() -> None:
    assert signed_rank(np.zeros(9)) == 1.0
    assert signed_rank(np.array([])) == 1.0


def test_zeros_take_the_lowest_ranks() -> None:
    assert signed_rank(np.array([0.0, 0.0, 1.0, 2.0, 3.0])) == 2 / 8
    # Ranks 2, 3, 4 with one 0, but 1, 2, 3 without: only there 1 + 2 is as much as 3.
    assert signed_rank(np.array([0.0, 1.0, 2.0, -3.0])) == 1.0
    assert signed_rank(np.array([0.0, -1.0, -2.0, 3.0])) == 1.0
    assert signed_rank(np.array([0.0, 1.0, -2.0, 3.0, 4.0])) == 6 / 16  # below: 0, 2 and 3


_GAPS = st.lists(st.integers(-4, 4), min_size=1, max_size=9)


@given(_GAPS)
def test_all_signs_by_brute_force(gaps: list[int]) -> None:
    """Pratt's: the statistic for every sign that the differences other than 0 could have."""
    ranks = reference.rankdata(np.abs(gaps))
    free = ranks[np.array(gaps) != 0]
    found = abs(sum(rank * np.sign(gap) for rank, gap in zip(ranks, gaps, strict=True)))
    sums = [abs(free @ np.array(signs)) for signs in product((-1, 1), repeat=len(free))]
    expected = np.mean([each >= found - 1e-9 for each in sums])
    assert signed_rank(np.array(gaps, dtype=float)) == pytest.approx(expected)
    assert signed_rank(-np.array(gaps, dtype=float)) == pytest.approx(expected)


@given(st.integers(8, 50), st.floats(0, 1), st.integers(0, 1000))
def test_without_ties_it_is_scipys(n: int, shift: float, seed: int) -> None:
    gaps = np.random.default_rng(seed).normal(shift, size=n)
    expected = reference.wilcoxon(gaps, method="exact").pvalue
    assert signed_rank(gaps) == pytest.approx(expected, rel=1e-9)


def test_many_values() -> None:
    gaps = np.random.default_rng(0).normal(0.1, size=300)
    expected = reference.wilcoxon(gaps, method="asymptotic").pvalue
    assert signed_rank(gaps) == pytest.approx(expected, abs=1e-3)
