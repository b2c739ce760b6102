"""One strategy's line on a board: everything its finished runs say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.board import curve
from bench.board.curve import Values
from bench.board.run import Run
from bench.board.stats import Difference, Spread, paired, spread

ENOUGH_SEEDS = 5  # fewer are preliminary
SHARE_OF_FULL = 0.98


@dataclass(frozen=True)
class Reach:
    """Words to 98 % of the full-data score: a number only when every seed reaches it."""

    words: Spread | None
    reached: int
    n: int


@dataclass(frozen=True)
class Cost:
    """Medians over rounds and seeds; `training_seconds` is the sum of a run, mean over
    the seeds whose rounds all ran alone.

    Seconds, passes and speed-ups are None where nothing was measured alone on the machine.
    """

    acquisition_seconds: float | None
    passes: float | None
    speedup_lc: float | None
    speedup_nse: float | None
    training_seconds: float | None
    training_ratio: float  # all fits of a run per fit of its successors, median over seeds
    words_per_item: float | None  # over the items that the strategy selected
    duplicate_share: float  # of all labelled items


@dataclass(frozen=True)
class Entry:
    """A strategy. `scores` are by round; areas are over its own rounds, in the protocol's unit."""

    strategy: str
    seeds: tuple[int, ...]
    preliminary: bool
    partial: bool  # fewer rounds than the longest strategy on the board
    top: bool | None  # the best, or not told apart from it; None without an interval
    labelled: int  # at the last round, in the protocol's unit
    scores: tuple[Spread, ...]
    own_scores: tuple[Spread, ...] | None
    area: Spread | None
    own_area: Spread | None
    against_random: Difference | None
    against_random_by_words: Difference | None
    by_words: tuple[Spread | None, ...]
    words_to_full: Reach | None
    cost: Cost


def stack(runs: Sequence[Run], name: str) -> Values:
    """One quantity of runs of equal length: an array [seeds, rounds]."""
    return np.stack([getattr(run, name) for run in runs])


def over_seeds(values: Values) -> tuple[Spread, ...]:
    """The spread of each round of an array [seeds, rounds]."""
    return tuple(spread(column.tolist()) for column in values.T)


def area(runs: Sequence[Run], score: str = "score") -> Spread | None:
    """The spread over seeds of the area under the curve."""
    areas = [_area(run, score) for run in runs]
    found = [each for each in areas if each is not None]
    return spread(found) if len(found) == len(runs) else None


def difference(ours: Sequence[Run], theirs: Sequence[Run]) -> Difference | None:
    """Difference of areas, paired by seed, over the rounds that both have: no third matters."""
    pairs = _pairs(ours, theirs)
    rounds = min((run.rounds for pair in pairs for run in pair), default=0)
    return _paired([[_area(run.cut(rounds)) for run in pair] for pair in pairs])


def difference_by_words(ours: Sequence[Run], theirs: Sequence[Run]) -> Difference | None:
    """The same over words: a seed's two curves, interpolated on the range that both span.

    A seed whose two curves share no range is no pair.
    """
    return _paired([_areas_by_words(pair) for pair in _pairs(ours, theirs)])


def by_words(runs: Sequence[Run], points: Values) -> tuple[Spread | None, ...]:
    """The score at each number of words; None where a seed's curve does not span it."""
    values = np.stack([curve.at(run.words, run.score, points) for run in runs])
    return tuple(None if np.isnan(column).any() else spread(column.tolist()) for column in values.T)


def words_to_full(runs: Sequence[Run], full: Sequence[Run]) -> Reach | None:
    """Words to 98 % of the score of `full` with the same seed (its mean where that is missing)."""
    if not full:
        return None
    level = {run.seed: float(run.score[-1]) for run in full}
    mean = float(np.mean(list(level.values())))
    found = [
        curve.reach(run.words, run.score, SHARE_OF_FULL * level.get(run.seed, mean)) for run in runs
    ]
    words = [each for each in found if each is not None]
    return Reach(spread(words) if len(words) == len(runs) else None, len(words), len(runs))


def cost(runs: Sequence[Run], lc: float | None, nse: float | None) -> Cost:
    """What the strategy costs; `lc` and `nse` are the passes of those two on the same board."""
    passes = median_passes(runs)
    training = stack(runs, "training").sum(axis=1)
    fit, own = (stack(runs, name) for name in ("fit", "own_fit"))
    alone = training[~np.isnan(training)]
    items, words = (stack(runs, name) for name in ("items", "words"))
    selected = items[:, -1] - items[:, 0]
    per_item = (words[:, -1] - words[:, 0])[selected > 0] / selected[selected > 0]
    shares = stack(runs, "duplicates")[:, -1] / np.maximum(items[:, -1], 1)
    return Cost(
        acquisition_seconds=_median(stack(runs, "acquisition")),
        passes=passes,
        speedup_lc=lc / passes if lc and passes else None,
        speedup_nse=nse / passes if nse and passes else None,
        training_seconds=float(alone.mean()) if alone.size else None,
        training_ratio=float(np.median(1 + own.sum(axis=1) / fit.sum(axis=1))),
        words_per_item=float(per_item.mean()) if per_item.size else None,
        duplicate_share=float(shares.mean()),
    )


def median_passes(runs: Sequence[Run]) -> float | None:
    """Median passes over rounds and seeds; None when none was measured alone."""
    return _median(stack(runs, "passes")) if runs else None


def _pairs(ours: Sequence[Run], theirs: Sequence[Run]) -> list[tuple[Run, Run]]:
    """Runs with the same seed."""
    other = {run.seed: run for run in theirs}
    return [(run, other[run.seed]) for run in ours if run.seed in other]


def _paired(areas: Sequence[Sequence[float | None]]) -> Difference | None:
    """The difference over the pairs of which both areas are known."""
    known = [(one, two) for one, two in areas if one is not None and two is not None]
    return paired(*zip(*known, strict=True)) if known else None


def _area(run: Run, score: str = "score") -> float | None:
    return curve.area(run.spent, getattr(run, score))


def _areas_by_words(pair: tuple[Run, Run]) -> list[float | None]:
    low, high = max(run.words[0] for run in pair), min(run.words[-1] for run in pair)
    if low >= high:
        return [None, None]
    return [curve.area(*curve.between(run.words, run.score, low, high)) for run in pair]


def _median(values: Values) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else None
