"""What the board claims, simulated: runs drawn from a known truth must bear it out.

Every generator is seeded: a rate is the same number each time. A rate of `RUNS` runs that is
truly 5 % is found within ± 1.5 points (three standard errors).
"""

from collections.abc import Sequence

import numpy as np
import pytest

from bench.board.stats import ENOUGH_SEEDS, Values, draws, iqm, order, paired, ranks, stratified

RUNS = 2000
ERROR = 3 * (0.05 * 0.95 / RUNS) ** 0.5


def board(truth: Sequence[float], seeds: int, rng: np.random.Generator) -> Values:
    """Scores [strategies, seeds]: the truth, what a seed does to all, and noise of each one's own.

    Strategies differ in how noisy they are.
    """
    deviation = np.linspace(0.5, 1.5, len(truth))[:, None]
    noise = deviation * rng.normal(size=(len(truth), seeds))
    return np.array(truth)[:, None] + 2 * rng.normal(size=seeds) + noise


@pytest.mark.parametrize("seeds", [5, 10])
def test_paired_intervals_cover_the_true_difference(seeds: int) -> None:
    rng = np.random.default_rng(1)
    found = [paired(*board([0.3, 0.0], seeds, rng)) for _ in range(RUNS)]
    covered = np.mean([each.low <= 0.3 <= each.high for each in found])
    assert covered == pytest.approx(0.95, abs=0.02)


def test_a_percentile_bootstrap_would_not() -> None:
    """Why the intervals of a mean are Student's: at five seeds the bootstrap's are too short."""
    rng = np.random.default_rng(2)
    gaps = (np.subtract(*board([0.3, 0.0], 5, rng)) for _ in range(RUNS))
    found = [
        stratified([each], lambda drawn: drawn[0].mean(axis=-1), draws([len(each)], rng))
        for each in gaps
    ]
    covered = np.mean([low <= 0.3 <= high for low, high in found])
    assert covered == pytest.approx(0.84, abs=0.02)


@pytest.mark.parametrize("seeds", [5, 10])
@pytest.mark.parametrize("strategies", [2, 8, 20])
def test_equal_strategies_are_rarely_told_apart(strategies: int, seeds: int) -> None:
    """Any two of them on the whole board: the family-wise rate."""
    rng = np.random.default_rng(3)
    boards = (board([0.0] * strategies, seeds, rng) for _ in range(RUNS))
    assert np.mean([order(each).any() for each in boards]) <= 0.05 + ERROR


TRUTHS = {
    "groups": [0, 0, 0, 1, 1, 2, 2, 5],
    "all but equal": [0.01 * step for step in range(8)],
    "pairs": [0, 0.05, 50, 50.05, 100, 100.05, 150, 150.05],
    "one better": [0] * 19 + [100],
}


@pytest.mark.parametrize("seeds", [5, 10])
@pytest.mark.parametrize("name", TRUTHS)
def test_rank_intervals_cover_all_true_ranks(name: str, seeds: int) -> None:
    """Those of all strategies at once. Equal ones have each of the ranks that they share."""
    rng = np.random.default_rng(4)
    truth = np.array(TRUTHS[name], dtype=float)
    first = 1 + (truth > truth[:, None]).sum(axis=1)
    last = len(truth) - (truth < truth[:, None]).sum(axis=1)
    found = np.array([ranks(board(list(truth), seeds, rng)) for _ in range(RUNS)])
    covered = (found[:, :, 0] <= first).all(axis=1) & (found[:, :, 1] >= last).all(axis=1)
    assert covered.mean() >= 0.95 - ERROR


def test_rank_intervals_are_no_wider_than_need_be() -> None:
    rng = np.random.default_rng(5)
    pairs = [(7, 8), (7, 8), (5, 6), (5, 6), (3, 4), (3, 4), (1, 2), (1, 2)]
    found = [ranks(board(TRUTHS["pairs"], 5, rng)) == pairs for _ in range(RUNS)]
    assert np.mean(found) >= 0.9


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_a_detectable_difference_is_found_four_times_in_five(seeds: int) -> None:
    """By the interval, and by a board of two where that has ranks."""
    rng = np.random.default_rng(6)
    gaps = np.resize([-1.0, 1.0], seeds) - np.resize([-1.0, 1.0], seeds).mean()
    deviation = (0.5**2 + 1.5**2) ** 0.5  # of the difference, true
    detectable = paired(deviation * gaps / gaps.std(ddof=1), 0 * gaps).detectable
    assert detectable is not None
    boards = [board([detectable, 0.0], seeds, rng) for _ in range(RUNS)]
    found = np.array([paired(*each).open is False for each in boards])
    assert found.mean() == pytest.approx(0.8, abs=0.03)
    told = [bool(order(each)[0, 1]) for each in boards]
    assert (told == found).all() if seeds >= ENOUGH_SEEDS else not any(told)


@pytest.mark.parametrize(("seeds", "rate"), [(5, 0.9), (10, 0.93)])
@pytest.mark.parametrize("tasks", [(0, 0, 0, 0, 0), (-5, -1, 0, 1, 5)])
def test_how_often_the_interval_of_the_interquartile_mean_covers(
    tasks: tuple[int, ...], seeds: int, rate: float
) -> None:
    """Less often than it says, as any percentile bootstrap of few seeds; the truth is 0."""
    rng = np.random.default_rng(7)
    scores = ([task + rng.normal(size=seeds) for task in tasks] for _ in range(RUNS))
    found = [stratified(each, iqm, draws([*map(len, each)], rng, 1000)) for each in scores]
    assert np.mean([low <= 0 <= high for low, high in found]) == pytest.approx(rate, abs=0.02)
