"""Wilcoxon's signed-rank test, exact whatever ties: scipy's takes seconds where values do."""

from functools import lru_cache

import numpy as np

from bench.board.curve import Values


def signed_rank(differences: Values) -> float:
    """The two-sided p of differences [n] being symmetric about 0; 1 where all are 0.

    Over all signs that the ranks of their sizes can have (Wilcoxon 1945). Equal sizes share their
    mean rank; zeros are ranked with the others and then left out (Pratt 1959).
    """
    size = np.abs(differences)
    ordered = np.sort(size)
    doubled = np.searchsorted(ordered, size) + np.searchsorted(ordered, size, "right") + 1
    positive, negative = (int(doubled[side].sum()) for side in (differences > 0, differences < 0))
    chances = _sums(tuple(sorted(doubled[size > 0].tolist())))
    return min(1.0, 2 * float(chances[: min(positive, negative) + 1].sum()))


@lru_cache
def _sums(ranks: tuple[int, ...]) -> Values:
    """How likely each sum from 0 is, where every rank counts with probability one half."""
    chances = np.zeros(sum(ranks) + 1)
    chances[0] = 1.0
    for rank in ranks:
        chances = (chances + np.roll(chances, rank)) / 2  # only zeros come round the end
    return chances
