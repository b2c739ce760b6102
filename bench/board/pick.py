"""What a strategy picks: how long it is, how often the same, of which labels, and who else does."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bench.board.curve import Values
from bench.board.run import Run
from bench.board.tally import total

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


def picks(runs: Sequence[Run], labels: dict[str, float] | None) -> Picks:
    """What the runs of a strategy picked, with the `shares` of what they bought."""
    items = np.array([run.items[-1] - run.items[0] for run in runs])
    words = np.array([run.words[-1] - run.words[0] for run in runs])
    lengths = words[items > 0] / items[items > 0]
    duplicates = [run.duplicates[-1] / max(run.items[-1], 1) for run in runs]
    return Picks(
        words_per_item=float(lengths.mean()) if lengths.size else None,
        duplicate_share=float(np.mean(duplicates)),
        labels=labels,
    )


def bought(runs: Iterable[Run]) -> Counter[str]:
    """How often each label was revealed after the initial set, over all runs; may be negative where
    rows contradict themselves, so that sums are those of all runs together.
    """
    runs = list(runs)
    count = total(run.labels[-1:] for run in runs)
    count.subtract(total(run.labels[:1] for run in runs))
    return count


def common(count: Mapping[str, int]) -> tuple[str, ...]:
    """The most frequent labels, of equally many the first by name."""
    there = +Counter(count)
    return tuple(sorted(there, key=lambda name: (-there[name], name))[:NAMED])


def overlaps(strategies: Mapping[str, Sequence[Run]]) -> Overlaps:
    """Jaccard of all that two strategies selected in the rounds that both have, by their names.

    The mean over the seeds that both have; None where there is none, or where neither selected.
    """
    names = list(strategies)
    rounds = {name: strategies[name][0].rounds for name in names}
    by_rounds = {each: _jaccards(strategies, each) for each in {*rounds.values()}}
    found: Overlaps = {}
    for one, two in combinations(names, 2):
        share = float(by_rounds[min(rounds[one], rounds[two])][names.index(one), names.index(two)])
        found[one, two] = None if np.isnan(share) else share
    return found


def _jaccards(strategies: Mapping[str, Sequence[Run]], rounds: int) -> Values:
    """[strategies, strategies]: mean Jaccard over seeds of what the first rounds selected."""
    summed = np.zeros((len(strategies),) * 2)
    counts = np.zeros_like(summed)
    by_seed = [{run.seed: run for run in runs} for runs in strategies.values()]
    for seed in {seed for runs in by_seed for seed in runs}:
        found = _incident([_ids(runs.get(seed), rounds) for runs in by_seed])
        known = ~np.isnan(found)
        summed[known] += found[known]
        counts += known
    return np.divide(summed, counts, out=np.full_like(summed, np.nan), where=counts > 0)


def _ids(run: Run | None, rounds: int) -> NDArray[np.int32] | None:
    """What the first rounds of a run selected; None without a run."""
    if run is None:
        return None
    return (run.chosen if run.rounds == rounds else run.chosen[:rounds]).joined()


def _incident(chosen: Sequence[NDArray[np.int32] | None]) -> Values:
    """Jaccard of every two sets of ids; NaN where one is missing or both are empty."""
    lengths = [0 if ids is None else len(ids) for ids in chosen]
    every = np.concatenate([ids for ids in chosen if ids is not None])
    members = np.zeros((len(chosen), every.max(initial=-1) + 1), dtype=np.float32)
    members[np.repeat(np.arange(len(chosen)), lengths), every] = 1
    both = (members @ members.T).astype(np.float64)  # counts are exact, their ratios are not
    sizes = np.diag(both)
    either = sizes[:, None] + sizes[None] - both
    there = np.array([ids is not None for ids in chosen])
    known = there[:, None] & there[None] & (either > 0)
    found: Values = np.divide(both, either, out=np.full(both.shape, np.nan), where=known)
    return found


def shares(count: Mapping[str, int], names: Sequence[str]) -> dict[str, float] | None:
    """The shares of labels in a count, those beyond `names` as one; None where there are none."""
    count = +Counter(count)
    whole = sum(count.values())
    if not whole:
        return None
    named = {name: count.get(name, 0) / whole for name in names}
    rest = whole - sum(count.get(name, 0) for name in names)
    return {**named, OTHER: rest / whole} if rest else named
