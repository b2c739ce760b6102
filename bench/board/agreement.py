"""How far two choices from one pool agree: the items chosen, and the rankings of all of them."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


def jaccard(one: Sequence[int], two: Sequence[int]) -> float | None:
    """|A ∩ B| / |A ∪ B| of two sets of ids; None when both are empty."""
    either = len(set(one) | set(two))
    return len(set(one) & set(two)) / either if either else None


@cache
def by_chance(pool: int, one: int, two: int) -> float | None:
    """The Jaccard to be expected of `one` and `two` items, drawn at random of the same `pool`.

    E[X / (one + two − X)], where X, the number drawn twice, is hypergeometric; None for no items.
    """
    if one + two == 0:
        return None
    from scipy.stats import hypergeom  # scipy is slow to load and only needed here

    both = np.arange(min(one, two) + 1)
    shares = both / (one + two - both)
    return float(hypergeom.pmf(both, pool, one, two) @ shares)


def places(ranking: Ids) -> Ids:
    """The place of each item in a ranking, from 0, by ascending id; both int64 [n]."""
    return np.argsort(ranking, kind="stable")


def spearman(one: Ids, two: Ids) -> float | None:
    """Spearman's correlation of two rankings, ids of the same items; None for fewer than two."""
    if len(one) < 2:
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(places(one), places(two)).statistic)
