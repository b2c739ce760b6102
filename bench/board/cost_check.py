"""How far off costs are where they were measured, but learned without these rows."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bench.board.cost import EVALUATION, FIT, OWN, QUERY, Costs, Sample
from bench.board.line import Estimate
from bench.error import UsageError

CHOICE, TOTAL = "acquisition", "total"
PARTS = (FIT, OWN, CHOICE, EVALUATION)
_PART = {FIT: FIT, OWN: OWN, QUERY: CHOICE, EVALUATION: EVALUATION}

Group = Callable[[Sample], Hashable]


class Way(NamedTuple):
    """What is left out at once, what is summed up and compared, and of which parts."""

    left: Group
    summed: Group
    parts: tuple[str, ...] = (*PARTS, TOTAL)


LEFT_OUT = {
    "a seed of a board": Way(lambda s: (s.board, s.seed), lambda s: (s.board, s.seed)),
    # Fits of other strategies on the same board stay, and are as good to learn from.
    "a strategy": Way(lambda s: s.like.strategy, lambda s: (s.like.strategy, s.board), (CHOICE,)),
    "a board": Way(lambda s: s.board, lambda s: s.board),
    "a task": Way(lambda s: s.like.task, lambda s: s.board),
}


@dataclass(frozen=True)
class Error:
    """Predicted per measured, of sums: the median and the one farthest from 1.

    `count` sums were predicted, `unknown` had no row to learn from; `within` is the share of those
    measured within the range that was given.
    """

    without: str
    part: str
    count: int
    unknown: int
    median: float
    worst: float
    within: float


def check(samples: Sequence[Sample]) -> list[Error]:
    """The errors of every part, and of their total, for everything that can be left out."""
    return [each for name, way in LEFT_OUT.items() for each in _errors(name, way, samples)]


class _Sums:
    """Predicted and measured, by part and group, and the groups that cannot be predicted."""

    def __init__(self) -> None:
        self.pairs: dict[str, dict[Hashable, tuple[Estimate, float]]] = defaultdict(dict)
        self.unknown: dict[str, set[Hashable]] = defaultdict(set)

    def add(self, part: str, group: Hashable, found: Estimate | None, measured: float) -> None:
        """One more sample of a group."""
        if found is None:
            self.unknown[part].add(group)
            return
        before, sofar = self.pairs[part].get(group, (Estimate(), 0.0))
        self.pairs[part][group] = (before + found, sofar + measured)


def _errors(name: str, way: Way, samples: Sequence[Sample]) -> Iterator[Error]:
    sums = _Sums()
    for group in dict.fromkeys(map(way.left, samples)):
        costs = Costs(s for s in samples if way.left(s) != group)
        for sample in (s for s in samples if way.left(s) == group and s.part in _PART):
            found, measured = _predict(costs, sample)
            for part in (_PART[sample.part], TOTAL):
                sums.add(part, way.summed(sample), found, measured)
    for part in way.parts:
        unknown = sums.unknown[part]
        pairs = [pair for key, pair in sums.pairs[part].items() if key not in unknown]
        if pairs:
            yield _error(name, part, pairs, len(unknown))


def _predict(costs: Costs, sample: Sample) -> tuple[Estimate | None, float]:
    """What is predicted, None where no row tells, and what was measured."""
    query = sample.part == QUERY
    measured = sample.value + 2 * sample.size * query  # a query's size is its pass, see `Costs`
    try:
        if not query:
            return costs.estimate(sample.part, sample.like, sample.size), measured
        if sample.unlabelled is not None:
            return costs.query(sample.like, sample.unlabelled), measured
    except UsageError:
        pass
    return None, measured


def _error(name: str, part: str, pairs: Sequence[tuple[Estimate, float]], unknown: int) -> Error:
    ratios = np.array([estimate.value / max(measured, 1e-6) for estimate, measured in pairs])
    within = np.mean([estimate.low <= measured <= estimate.high for estimate, measured in pairs])
    worst = ratios[np.abs(np.log(np.maximum(ratios, 1e-9))).argmax()]
    return Error(
        *(name, part, len(pairs), unknown),
        *(float(np.median(ratios)), float(worst), float(within)),
    )
