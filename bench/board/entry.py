"""One strategy's line on a board: everything its finished runs say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.board import curve
from bench.board.curve import Values
from bench.board.pick import Picks
from bench.board.run import Run
from bench.board.stats import Difference, Estimate, estimate, estimates, paired

SHARES = (0.95, 0.98, 0.99)  # of the full-data score


@dataclass(frozen=True)
class Reach:
    """Words to a share of the full-data score: a number only when every seed reaches it."""

    share: float
    words: Estimate | None
    reached: int
    n: int


@dataclass(frozen=True)
class Cost:
    """Medians over rounds and seeds; `training_seconds` is the sum of a run, mean over
    the seeds whose rounds all ran alone.

    Seconds, passes and speed-ups are None where nothing was measured alone on the machine. `front`
    marks who is on the Pareto front of cost and area: no other is as cheap and as good.
    """

    acquisition_seconds: float | None
    passes: float | None
    speedup_lc: float | None
    speedup_nse: float | None
    training_seconds: float | None
    training_ratio: float  # all fits of a run per fit of its successors, median over seeds
    front_seconds: bool = False
    front_passes: bool = False


@dataclass(frozen=True)
class Entry:
    """A strategy. `scores` are by round; areas are over its own rounds, in the protocol's unit.

    `rank` is the interval of its places, and `top` whether that begins at the first; None where
    seeds are too few, or rounds fewer than others have.
    """

    strategy: str
    seeds: tuple[int, ...]
    preliminary: bool
    partial: bool  # fewer rounds than the longest strategy on the board
    rank: tuple[int, int] | None
    top: bool | None
    labelled: int  # at the last round, in the protocol's unit
    scores: tuple[Estimate, ...]
    own_scores: tuple[Estimate, ...] | None
    areas: tuple[float | None, ...]  # by seed
    area: Estimate | None
    own_area: Estimate | None
    against_random: Difference | None
    against_random_by_words: Difference | None
    against_best: Difference | None
    by_words: tuple[Estimate | None, ...]
    words_to_full: tuple[Reach, ...] | None
    cost: Cost
    picks: Picks


def stack(runs: Sequence[Run], name: str) -> Values:
    """One quantity of runs of equal length: an array [seeds, rounds]."""
    return np.array([getattr(run, name) for run in runs])


def over_seeds(values: Values) -> tuple[Estimate, ...]:
    """The estimate for each round of an array [seeds, rounds]."""
    return estimates(values.T)


def areas(
    runs: Sequence[Run], score: str = "score", rounds: int | None = None
) -> tuple[float | None, ...]:
    """The area under each run's curve, of its first rounds or of all; None for a single round."""
    return curve.areas(stack(runs, "spent")[:, :rounds], stack(runs, score)[:, :rounds])


def mean_area(found: Sequence[float | None]) -> Estimate | None:
    """The estimate over seeds; None where one is unknown."""
    known = [area for area in found if area is not None]
    return estimate(known) if len(known) == len(found) else None


def by_seed(runs: Sequence[Run], rounds: int) -> dict[int, float | None]:
    """The area under each run's curve of its first rounds, by seed."""
    return dict(zip([run.seed for run in runs], areas(runs, rounds=rounds), strict=True))


def area_pairs(ours: Sequence[Run], theirs: Sequence[Run]) -> list[tuple[float, float]]:
    """Areas of the seeds that both have, over the rounds that both have: no third matters."""
    sides = [*zip(*_pairs(ours, theirs), strict=True)]
    rounds = min((side[0].rounds for side in sides), default=0)
    return matched(*(by_seed(side, rounds) for side in sides)) if sides else []


def matched(
    ours: Mapping[int, float | None], theirs: Mapping[int, float | None]
) -> list[tuple[float, float]]:
    """The values of the seeds for which both are known, in our order."""
    both = ((one, theirs.get(seed)) for seed, one in ours.items())
    return [(one, two) for one, two in both if one is not None and two is not None]


def difference(ours: Sequence[Run], theirs: Sequence[Run]) -> Difference | None:
    """Difference of areas, paired by seed, over the rounds that both have."""
    return _paired(area_pairs(ours, theirs))


def difference_by_words(ours: Sequence[Run], theirs: Sequence[Run]) -> Difference | None:
    """The same over words: a seed's two curves, interpolated on the range that both span.

    A seed whose two curves share no range is no pair.
    """
    return _paired(_areas_by_words(_pairs(ours, theirs)))


def by_words(runs: Sequence[Run], points: Values) -> tuple[Estimate | None, ...]:
    """The score at each number of words; None where a seed's curve does not span it."""
    every = np.broadcast_to(points, (len(runs), len(points)))
    values = curve.at(stack(runs, "words"), stack(runs, "score"), every)
    known = np.logical_not(np.isnan(values).any(axis=0))
    found = iter(estimates(values.T[known]))
    return tuple(next(found) if each else None for each in known.tolist())


def words_to_full(runs: Sequence[Run], full: Sequence[Run]) -> tuple[Reach, ...] | None:
    """Words to shares of the score of `full` with the same seed, or its mean without that seed."""
    if not full:
        return None
    level = {run.seed: float(run.score[-1]) for run in full}
    mean = float(np.mean(list(level.values())))
    return tuple(_reach(runs, [level.get(run.seed, mean) for run in runs], s) for s in SHARES)


def cost(runs: Sequence[Run], lc: float | None, nse: float | None) -> Cost:
    """What the strategy costs; `lc` and `nse` are the passes of those two on the same board."""
    passes = median_passes(runs)
    training = stack(runs, "training").sum(axis=1)
    fit, own = (stack(runs, name) for name in ("fit", "own_fit"))
    alone = training[~np.isnan(training)]
    return Cost(
        acquisition_seconds=_median(stack(runs, "acquisition")),
        passes=passes,
        speedup_lc=lc / passes if lc and passes else None,
        speedup_nse=nse / passes if nse and passes else None,
        training_seconds=float(alone.mean()) if alone.size else None,
        training_ratio=float(np.median(1 + own.sum(axis=1) / fit.sum(axis=1))),
    )


def median_passes(runs: Sequence[Run]) -> float | None:
    """Median passes over rounds and seeds; None when none was measured alone."""
    return _median(stack(runs, "passes")) if runs else None


def _pairs(ours: Sequence[Run], theirs: Sequence[Run]) -> list[tuple[Run, Run]]:
    """Runs with the same seed."""
    other = {run.seed: run for run in theirs}
    return [(run, other[run.seed]) for run in ours if run.seed in other]


def _paired(known: Sequence[tuple[float, float]]) -> Difference | None:
    return paired(*zip(*known, strict=True)) if known else None


def _areas_by_words(pairs: Sequence[tuple[Run, Run]]) -> list[tuple[float, float]]:
    if not pairs:
        return []
    curves = [(stack(side, "words"), stack(side, "score")) for side in zip(*pairs, strict=True)]
    low = np.maximum(*(x[:, 0] for x, _ in curves))
    high = np.minimum(*(x[:, -1] for x, _ in curves))
    share = low < high
    low, high = low[share], high[share]
    found = (curve.areas_between(x[share], y[share], low, high).tolist() for x, y in curves)
    return [*zip(*found, strict=True)]


def _reach(runs: Sequence[Run], levels: Sequence[float], share: float) -> Reach:
    found = [
        curve.reach(run.words, run.score, share * level)
        for run, level in zip(runs, levels, strict=True)
    ]
    words = [each for each in found if each is not None]
    whole = estimate(words) if len(words) == len(runs) else None
    return Reach(share, whole, len(words), len(runs))


def _median(values: Values) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else None
