"""Boards from rows: one per task, protocol, learner, device, rules and data."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pyarrow as pa

from bench.board import entry, pick, rank
from bench.board.curve import Values
from bench.board.entry import Entry
from bench.board.rank import Pair
from bench.board.run import Origin, Place, Run, alike, group, runs
from bench.board.stats import ENOUGH_SEEDS, Estimate, estimate, holm
from bench.rows.schema import FULL

WORD_POINTS = 8  # at most this many columns of score against words

Runs = list[Run]
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Incomplete:
    """A run that no number on the board uses, and why."""

    strategy: str
    seed: int
    failed: bool
    reason: str


@dataclass(frozen=True)
class Source:
    """A cell of the board, and where its rows come from."""

    strategy: str
    seed: int
    rounds: int
    origin: Origin


@dataclass(frozen=True)
class Board:
    """Entries, best first, and every two of them. `targets` are in `unit`; `words` are the points
    of `by_words`. Where it is `preliminary`, nobody has a rank.
    """

    place: Place
    unit: str
    synthetic: bool
    preliminary: bool
    targets: tuple[int, ...]
    words: tuple[int, ...]
    full: Estimate | None
    entries: tuple[Entry, ...]
    pairs: tuple[Pair, ...]
    incomplete: tuple[Incomplete, ...]
    cells: tuple[Source, ...]


def build(table: pa.Table) -> list[Board]:
    """All boards of a table of rows, sorted by place; the order of the rows does not matter."""
    places = group(runs(table), lambda run: run.place)
    return [_board(place, places[place]) for place in sorted(places)]


def _board(place: Place, found: Runs) -> Board:
    kept, incomplete = sift(found)
    whole = alike(kept)
    full = [run for run in whole if run.name == FULL]
    strategies = group((run for run in whole if run.name != FULL), lambda run: run.strategy)
    longest = max((each[0].rounds for each in strategies.values()), default=0)
    spanning = [run for run in whole if run.name != FULL and run.rounds == longest]
    words = _word_points(spanning)
    bought = {name: pick.bought(each) for name, each in strategies.items()}
    every = pick.bought(full)
    for each in bought.values():
        every.update(each)
    labels = pick.common(every)
    passes = {name: entry.median_passes(_reference(name, strategies)) for name in ("lc", "nse")}
    made = [
        _entry(each, strategies, passes, full, longest, words, pick.shares(bought[name], labels))
        for name, each in strategies.items()
    ]
    entries = _corrected(_against_best(rank.placed(made), strategies))
    return Board(
        place=place,
        unit=found[0].unit,
        synthetic=any(run.synthetic for run in found),
        preliminary=all(each.rank is None for each in entries),
        targets=_targets(spanning),
        words=tuple(int(each) for each in words),
        full=estimate([float(run.score[-1]) for run in full]) if full else None,
        entries=tuple(entries),
        pairs=tuple(rank.pairs(entries, strategies)),
        incomplete=tuple(incomplete),
        cells=tuple(Source(run.strategy, run.seed, run.rounds, run.origin) for run in found),
    )


def sift(found: Runs) -> tuple[Runs, list[Incomplete]]:
    """Runs to aggregate, cut to one length a strategy, and those that failed or are shorter."""
    whole, incomplete = [], []
    for each in group(found, lambda run: run.strategy).values():
        rounds = _usual_rounds(each)
        for run in each:
            if run.error is not None:
                incomplete.append(Incomplete(run.strategy, run.seed, True, run.error))
            elif run.rounds < rounds:
                reason = f"{run.rounds} of {rounds} rounds"
                incomplete.append(Incomplete(run.strategy, run.seed, False, reason))
            else:
                whole.append(run.cut(rounds))
    return whole, incomplete


def _usual_rounds(found: Runs) -> int:
    """The rounds that most seeds of a strategy have, of equally many the larger.

    So neither a seed that has just begun nor one that went on discards the others.
    """
    counts = Counter(run.rounds for run in found if run.error is None)
    return max(counts, key=lambda rounds: (counts[rounds], rounds), default=0)


def _entry(
    ours: Runs,
    strategies: dict[str, Runs],
    passes: dict[str, float | None],
    full: Runs,
    longest: int,
    words: Values,
    labels: dict[str, float] | None,
) -> Entry:
    """What the runs of one strategy say; its place among the others is still open."""
    own = entry.stack(ours, "own_score")
    has_own = not np.isnan(own).any()
    random = [] if ours[0].name == "random" else _reference("random", strategies)
    areas = entry.areas(ours)
    return Entry(
        strategy=ours[0].strategy,
        seeds=tuple(run.seed for run in ours),
        preliminary=len(ours) < ENOUGH_SEEDS,
        partial=ours[0].rounds < longest,
        rank=None,
        top=None,
        labelled=int(max(run.spent[-1] for run in ours)),
        scores=entry.over_seeds(entry.stack(ours, "score")),
        own_scores=entry.over_seeds(own) if has_own else None,
        areas=areas,
        area=entry.mean_area(areas),
        own_area=entry.mean_area(entry.areas(ours, "own_score")) if has_own else None,
        against_random=entry.difference(ours, random),
        against_random_by_words=entry.difference_by_words(ours, random),
        against_best=None,
        by_words=entry.by_words(ours, words),
        words_to_full=entry.words_to_full(ours, full),
        cost=entry.cost(ours, passes["lc"], passes["nse"]),
        picks=pick.picks(ours, labels),
    )


def _against_best(entries: Sequence[Entry], strategies: dict[str, Runs]) -> list[Entry]:
    """With each one's difference to the first."""
    best = strategies[entries[0].strategy] if entries else []
    gaps = [None, *(entry.difference(strategies[each.strategy], best) for each in entries[1:])]
    return [replace(each, against_best=gap) for each, gap in zip(entries, gaps, strict=False)]


def _corrected(entries: list[Entry]) -> list[Entry]:
    """With Wilcoxon's p of each comparison corrected for all strategies of the board (Holm)."""
    for name in ("against_random", "against_random_by_words", "against_best"):
        gaps = [getattr(each, name) for each in entries]
        p = holm([gap and gap.p for gap in gaps])
        entries = [
            replace(each, **{name: gap and replace(gap, p=one)})
            for each, gap, one in zip(entries, gaps, p, strict=True)
        ]
    return entries


def _reference(name: str, strategies: dict[str, Runs]) -> Runs:
    """The runs of a strategy with default parameters, or of its only variant."""
    variants = [each for each in strategies.values() if each[0].name == name]
    return strategies.get(name, variants[0] if len(variants) == 1 else [])


def _targets(found: Sequence[Run]) -> tuple[int, ...]:
    """The budget of each round: by words, a run stops short of it by less than one item."""
    spent = [run.spent for run in found]
    return tuple(int(each) for each in np.max(spent, axis=0)) if spent else ()


def _word_points(found: Sequence[Run]) -> Values:
    """Round numbers of words on the range that all curves share; none where inputs have no words.

    More runs change no value.
    """
    low = max((run.words[0] for run in found), default=0)
    high = min((run.words[-1] for run in found), default=0)
    if not high:
        return np.array([])
    steps = (digit * 10.0**power for power in range(12) for digit in (1, 2, 5))
    step = next(step for step in steps if (high - low) / step < WORD_POINTS)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
