"""Wilcoxon's signed-rank test, exact whatever ties: scipy's takes seconds where values do."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.board.curve import Values


def signed_ranks(differences: Values) -> list[float]:
    """The two-sided p of each row of differences [k, n] being symmetric about 0; 1 where all are 0.

    Over all signs that the ranks of their sizes can have (Wilcoxon 1945). Equal sizes
    share their mean rank; zeros are ranked with the others and then left out (Pratt 1959).
    """
    order = np.argsort(np.abs(differences), axis=1)
    ordered = np.take_along_axis(differences, order, axis=1)
    doubled = _doubled(np.abs(ordered))
    sides = [(doubled * side).sum(axis=1) for side in (ordered > 0, ordered < 0)]
    least = np.minimum(*sides).tolist()
    ranks = [line[free].tolist() for line, free in zip(doubled, ordered != 0, strict=True)]
    chances = (_sums(tuple(each))[: last + 1] for each, last in zip(ranks, least, strict=True))
    return [min(1.0, 2 * float(each.sum())) for each in chances]


def _doubled(size: Values) -> NDArray[np.int64]:
    """Twice the ranks of values that do not fall [k, n], from 1 on; equal ones share their mean."""
    places, last = np.arange(size.shape[1]), size.shape[1] - 1
    rises = np.diff(size, axis=1) > 0
    begins = np.pad(rises, ((0, 0), (1, 0)), constant_values=True)
    ends = np.pad(rises, ((0, 0), (0, 1)), constant_values=True)
    first = np.maximum.accumulate(np.where(begins, places, 0), axis=1)
    final = np.minimum.accumulate(np.where(ends, places, last)[:, ::-1], axis=1)[:, ::-1]
    return first + final + 2


@lru_cache
def _sums(ranks: tuple[int, ...]) -> Values:
    """How likely each sum from 0 is, where every rank counts with probability one half."""
    chances = np.zeros(sum(ranks) + 1)
    chances[0] = 1.0
    for rank in ranks:
        chances = (chances + np.roll(chances, rank)) / 2  # only zeros come round the end
    return chances
