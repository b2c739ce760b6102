"""What a strategy picks: how long it is, how often the same, of which labels, and who else does."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bench.board.curve import Values
from bench.board.run import Run

NEAR = 0.9  # from this Jaccard on, two strategies are near-identical
NAMED = 10  # labels that a board shows by name
OTHER = "(other)"

Overlaps = dict[tuple[str, str], float | None]


@dataclass(frozen=True)
class Picks:
    """Means over seeds: words of an item that the strategy selected (None: nothing selected), and
    the share of all labelled items whose input equals an earlier one's.

    `labels` are the shares of labels among all that was bought, by name; None where nothing was
    bought or labels have no names.
    """

    words_per_item: float | None
    duplicate_share: float
    labels: dict[str, float] | None


def picks(runs: Sequence[Run], names: Sequence[str]) -> Picks:
    """What the runs of a strategy picked; labels beyond `names` are counted as one."""
    items = np.array([run.items[-1] - run.items[0] for run in runs])
    words = np.array([run.words[-1] - run.words[0] for run in runs])
    lengths = words[items > 0] / items[items > 0]
    shares = [run.duplicates[-1] / max(run.items[-1], 1) for run in runs]
    return Picks(
        words_per_item=float(lengths.mean()) if lengths.size else None,
        duplicate_share=float(np.mean(shares)),
        labels=_shares(bought(runs), names),
    )


def bought(runs: Iterable[Run]) -> Counter[str]:
    """How often each label was revealed after the initial set, over all runs."""
    count: Counter[str] = Counter()
    for run in runs:
        count.update(dict(run.labels[-1].tolist()))
        count.subtract(dict(run.labels[0].tolist()))
    return +count


def common(count: Mapping[str, int]) -> tuple[str, ...]:
    """The most frequent labels, of equally many the first by name."""
    return tuple(sorted(count, key=lambda name: (-count[name], name))[:NAMED])


def overlaps(strategies: Mapping[str, Sequence[Run]]) -> Overlaps:
    """Jaccard of all that two strategies selected in the rounds that both have, by their names.

    The mean over the seeds that both have; None where there is none, or where neither selected.
    """
    names = list(strategies)
    rounds = {name: strategies[name][0].rounds for name in names}
    shares = {each: _jaccards(strategies, each) for each in {*rounds.values()}}
    found: Overlaps = {}
    for one, two in combinations(names, 2):
        share = float(shares[min(rounds[one], rounds[two])][names.index(one), names.index(two)])
        found[one, two] = None if np.isnan(share) else share
    return found


def _jaccards(strategies: Mapping[str, Sequence[Run]], rounds: int) -> Values:
    """[strategies, strategies]: mean Jaccard over seeds of what the first rounds selected."""
    total = np.zeros((len(strategies),) * 2)
    seeds = np.zeros_like(total)
    for seed in {run.seed for runs in strategies.values() for run in runs}:
        chosen = [_ids(runs, seed, rounds) for runs in strategies.values()]
        shares = _incident(chosen)
        known = ~np.isnan(shares)
        total[known] += shares[known]
        seeds += known
    return np.divide(total, seeds, out=np.full_like(total, np.nan), where=seeds > 0)


def _ids(runs: Sequence[Run], seed: int, rounds: int) -> NDArray[np.int32] | None:
    """What the first rounds of a strategy selected with a seed; None without that seed."""
    for run in runs:
        if run.seed == seed:
            return np.concatenate(run.chosen[:rounds])
    return None


def _incident(chosen: Sequence[NDArray[np.int32] | None]) -> Values:
    """Jaccard of every two sets of ids; NaN where one is missing or both are empty."""
    size = max((int(ids.max()) + 1 for ids in chosen if ids is not None and len(ids)), default=0)
    members = np.zeros((len(chosen), size), dtype=np.float32)
    for line, ids in enumerate(chosen):
        if ids is not None:
            members[line, ids] = 1
    both = (members @ members.T).astype(np.float64)  # counts are exact, their ratios are not
    sizes = np.diag(both)
    either = sizes[:, None] + sizes[None] - both
    there = np.array([ids is not None for ids in chosen])
    known = there[:, None] & there[None] & (either > 0)
    shares: Values = np.divide(both, either, out=np.full(both.shape, np.nan), where=known)
    return shares


def _shares(count: Mapping[str, int], names: Sequence[str]) -> dict[str, float] | None:
    total = sum(count.values())
    if not total:
        return None
    shares = {name: count.get(name, 0) / total for name in names}
    rest = total - sum(count.get(name, 0) for name in names)
    return {**shares, OTHER: rest / total} if rest else shares
