"""What several seeds say together. Strategies are compared seed by seed, never across seeds.

A matrix holds scores [strategies, seeds], higher is better, NaN where a strategy lacks a seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.board.curve import Values
from bench.board.wilcoxon import signed_ranks

CONFIDENCE = 0.95
POWER = 0.8
ENOUGH_SEEDS = 5  # fewer are preliminary: no ranks
WILCOXON_SEEDS = 8  # with seven its smallest p is 1/64, which no Holm over four leaves under 5 %
DECIMALS = 12  # what two scores differ by beyond these is round-off

_BLOCK = 100  # resamples at once: few stay in the cache


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` values, their sample standard deviation and Student's 95 % t interval of the
    mean: None from a single value.
    """

    mean: float
    std: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Difference:
    """Ours minus theirs over `n` pairs: an estimate as above, and what the pairs say of it."""

    mean: float
    std: float | None
    low: float | None
    high: float | None
    n: int
    improvement: float  # probability of improvement: share of pairs in which ours is higher
    detectable: float | None  # true difference that a t test at 5 % finds with 80 % power
    p: float | None  # Wilcoxon's signed-rank test, unadjusted; None for fewer than eight pairs

    @property
    def open(self) -> bool | None:
        """Whether the interval includes 0: the sign is not settled. None without an interval."""
        return None if self.low is None or self.high is None else self.low <= 0 <= self.high


def estimate(values: Sequence[float] | Values) -> Estimate:
    """The estimate from at least one value."""
    (found,) = estimates(np.array(values, dtype=float)[None])
    return found


def estimates(values: Values) -> tuple[Estimate, ...]:
    """The estimate from each row of an array [k, n]."""
    values, n = np.ascontiguousarray(values), values.shape[1]  # rows: sums have one order
    means = values.mean(axis=1)
    if n == 1:
        return tuple(Estimate(mean, None, None, None, n) for mean in means.tolist())
    varied = np.ptp(values, axis=1) != 0  # equal ones leave round-off
    stds = np.where(varied, values.std(axis=1, ddof=1), 0.0)
    halves = _quantile(n) * stds / n**0.5
    columns = np.column_stack([means, stds, means - halves, means + halves]).tolist()
    return tuple(Estimate(mean, std, low, high, n) for mean, std, low, high in columns)


def paired(ours: Sequence[float] | Values, theirs: Sequence[float] | Values) -> Difference:
    """Ours minus theirs, value by value (at least one). In `improvement` ties count half.

    `detectable` takes the standard deviation found for the true one.
    """
    ours, theirs = np.array(ours, dtype=float), np.array(theirs, dtype=float)
    return differences(ours[None] - theirs)[0]


def differences(values: Values) -> tuple[Difference, ...]:
    """The same from each row of differences [k, n]."""
    gaps = np.round(values, DECIMALS)
    n = gaps.shape[1]
    higher = ((np.sign(gaps).mean(axis=1) + 1) / 2).tolist()
    p = signed_ranks(gaps) if n >= WILCOXON_SEEDS else [None] * len(gaps)
    return tuple(
        Difference(
            *(each.mean, each.std, each.low, each.high, n),
            improvement=improvement,
            detectable=None if each.std is None else _effect(n) * each.std,
            p=chance,
        )
        for each, improvement, chance in zip(estimates(gaps), higher, p, strict=True)
    )


def student(found: Difference) -> float | None:
    """Two-sided p of the t test whose interval the difference has; None from one pair."""
    if found.std is None:
        return None
    if found.std == 0:
        return float(found.mean == 0)
    from scipy.special import stdtr

    return float(2 * stdtr(found.n - 1, -abs(found.mean) / found.std * found.n**0.5))


def holm(p: Sequence[float | None]) -> list[float | None]:
    """p values adjusted for their number (Holm 1979), in the order given.

    None stays None and is none of the family.
    """
    family = sorted((value, place) for place, value in enumerate(p) if value is not None)
    adjusted: list[float | None] = [None] * len(p)
    highest = 0.0
    for rejected, (value, place) in enumerate(family):
        highest = max(highest, min(1.0, (len(family) - rejected) * value))
        adjusted[place] = highest
    return adjusted


def order(matrix: Values) -> NDArray[np.int8]:
    """Which of every two strategies is higher [m, m]: 1 the row, −1 the column, 0 not told apart.

    Paired t tests over the seeds that both have, five at least; after Holm over all pairs a board
    tells any equal two apart with a probability of at most 5 %.
    """
    told = np.zeros((len(matrix), len(matrix)), dtype=np.int8)
    known = ~np.isnan(matrix)
    one, two = np.nonzero(np.triu(known.astype(int) @ known.T >= ENOUGH_SEEDS, k=1))
    mean, p = _t_tests(_gaps(matrix[one], matrix[two]), known[one] & known[two])
    apart = np.array(holm(p.tolist()), dtype=float) <= 1 - CONFIDENCE
    told[one, two] = np.sign(mean) * apart
    told[two, one] = -told[one, two]
    return told


def ranks(matrix: Values) -> list[tuple[int, int]]:
    """The interval of each strategy's rank, 1 the highest; those from 1 on are the top group.

    A rank is at least one more than the strategies told to be higher, and leaves room for those
    told to be lower; all intervals hold together at 95 % (Mogstad et al. 2024, section 3).
    """
    told = order(matrix)
    first, last = 1 + (told < 0).sum(axis=1), len(told) - (told > 0).sum(axis=1)
    return list(zip(first.tolist(), last.tolist(), strict=True))


def wins(matrix: Values) -> NDArray[np.int64]:
    """In how many seeds the row is higher than the column [m, m]."""
    won: NDArray[np.int64] = (_gaps(matrix[:, None], matrix[None]) > 0).sum(axis=2)
    return won


def iqm(scores: Sequence[Values]) -> Values:
    """Interquartile mean over the values of all tasks: a quarter cut off at either end.

    Of one array [..., seeds] a task, to [...] (Agarwal et al. 2021).
    """
    values = np.sort(np.concatenate(scores, axis=-1), axis=-1)
    cut = values.shape[-1] // 4
    middle: Values = values[..., cut : values.shape[-1] - cut].mean(axis=-1)
    return middle


def draws(
    counts: Sequence[int], rng: np.random.Generator, resamples: int = 2000
) -> tuple[NDArray[np.int64], ...]:
    """So many seeds of each task drawn again: their places, an array [resamples, seeds] a task."""
    return tuple(rng.integers(count, size=(resamples, count)) for count in counts)


def stratified(
    scores: Sequence[Values],
    statistic: Callable[[Sequence[Values]], Values],
    drawn: Sequence[NDArray[np.int64]],
) -> tuple[float, float]:
    """The 95 % percentile interval of a statistic of arrays [seeds], one a task.

    Seeds are drawn again within each task, see `draws` (Agarwal et al. 2021); the statistic is
    called with arrays [k, seeds] of some resamples. Of the interquartile mean the interval covers
    about 90 % at five seeds and 93 % at ten (tests/simulation).
    """
    found = [
        statistic([task[each[at : at + _BLOCK]] for task, each in zip(scores, drawn, strict=True)])
        for at in range(0, len(drawn[0]), _BLOCK)
    ]
    ends = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    low, high = np.quantile(np.concatenate(found), ends)
    return float(low), float(high)


def front(cost: Values, value: Values) -> NDArray[np.bool_]:
    """Who of [n] is on the Pareto front: nobody is as cheap and as good, and in one of them better.

    NaN is never on it.
    """
    cheap, good = cost[:, None] <= cost, value[:, None] >= value
    better = (cost[:, None] < cost) | (value[:, None] > value)
    return ~((cheap & good & better).any(axis=0) | np.isnan(cost) | np.isnan(value))


def _gaps(ours: Values, theirs: Values) -> Values:
    return np.round(ours - theirs, DECIMALS)


def _t_tests(gaps: Values, known: NDArray[np.bool_]) -> tuple[Values, Values]:
    """Mean and two-sided p of each row of gaps [k, n], of which at least two are known."""
    from scipy.special import stdtr  # scipy is slow to load and only needed here

    n = known.sum(axis=1)
    mean = gaps.mean(axis=1, where=known)
    error = gaps.std(axis=1, ddof=1, where=known) / np.sqrt(n)
    certain = np.where(mean == 0, 0.0, np.inf)  # without any error
    t = np.divide(np.abs(mean), error, out=certain, where=error > 0)
    return mean, 2 * stdtr(n - 1, -t)


@cache
def _quantile(n: int) -> float:
    """Half a t interval from `n` values, in standard errors."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, (1 + CONFIDENCE) / 2))


@cache
def _effect(n: int) -> float:
    """The mean that `n` values tell from 0 with the power asked for, in standard deviations.

    Non-central t; that 0 is left on the wrong side has no chance to speak of (under 1e-6).
    """
    from scipy.special import nctdtrinc

    return float(nctdtrinc(n - 1, 1 - POWER, _quantile(n)) / n**0.5)
