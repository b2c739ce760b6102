"""Boards from rows: one per task, protocol, learner, device, rules and data."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pyarrow as pa

from bench.board import entry
from bench.board.curve import Values
from bench.board.entry import ENOUGH_SEEDS, Entry
from bench.board.run import Place, Run, runs
from bench.board.stats import Spread, spread
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
class Board:
    """Entries, best first. `targets` are in `unit`; `words` are the points of `by_words`."""

    place: Place
    unit: str
    synthetic: bool
    targets: tuple[int, ...]
    words: tuple[int, ...]
    full: Spread | None
    entries: tuple[Entry, ...]
    incomplete: tuple[Incomplete, ...]


def build(table: pa.Table) -> list[Board]:
    """All boards of a table of rows, sorted by place; the order of the rows does not matter."""
    places = _group(runs(table), lambda run: run.place)
    return [_board(place, places[place]) for place in sorted(places)]


def _board(place: Place, found: Runs) -> Board:
    whole, incomplete = _sift(found)
    full = [run for run in whole if run.name == FULL]
    strategies = _group((run for run in whole if run.name != FULL), lambda run: run.strategy)
    longest = max((each[0].rounds for each in strategies.values()), default=0)
    spanning = [run for run in whole if run.name != FULL and run.rounds == longest]
    words = _word_points(spanning)
    entries = [_entry(each, strategies, full, longest, words) for each in strategies.values()]
    return Board(
        place=place,
        unit=found[0].unit,
        synthetic=any(run.synthetic for run in found),
        targets=_targets(spanning),
        words=tuple(int(each) for each in words),
        full=spread([float(run.score[-1]) for run in full]) if full else None,
        entries=tuple(sorted(_with_top(entries, strategies), key=_standing)),
        incomplete=tuple(incomplete),
    )


def _sift(found: Runs) -> tuple[Runs, list[Incomplete]]:
    """Runs to aggregate, cut to one length a strategy, and those that failed or are shorter."""
    whole, incomplete = [], []
    for each in _group(found, lambda run: run.strategy).values():
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
    ours: Runs, strategies: dict[str, Runs], full: Runs, longest: int, words: Values
) -> Entry:
    own = entry.stack(ours, "own_score")
    has_own = not np.isnan(own).any()
    random = [] if ours[0].name == "random" else _reference("random", strategies)
    passes = {name: entry.median_passes(_reference(name, strategies)) for name in ("lc", "nse")}
    return Entry(
        strategy=ours[0].strategy,
        seeds=tuple(run.seed for run in ours),
        preliminary=len(ours) < ENOUGH_SEEDS,
        partial=ours[0].rounds < longest,
        top=None,
        labelled=int(max(run.spent[-1] for run in ours)),
        scores=entry.over_seeds(entry.stack(ours, "score")),
        own_scores=entry.over_seeds(own) if has_own else None,
        area=entry.area(ours),
        own_area=entry.area(ours, "own_score") if has_own else None,
        against_random=entry.difference(ours, random),
        against_random_by_words=entry.difference_by_words(ours, random),
        by_words=entry.by_words(ours, words),
        words_to_full=entry.words_to_full(ours, full),
        cost=entry.cost(ours, passes["lc"], passes["nse"]),
    )


def _reference(name: str, strategies: dict[str, Runs]) -> Runs:
    """The runs of a strategy with default parameters, or of its only variant."""
    variants = [each for each in strategies.values() if each[0].name == name]
    return strategies.get(name, variants[0] if len(variants) == 1 else [])


def _with_top(entries: list[Entry], strategies: dict[str, Runs]) -> list[Entry]:
    """Mark the best area and all that seeds do not tell apart from it: no lone number one."""
    rivals = [each for each in entries if each.area is not None and not each.partial]
    if not rivals:
        return entries
    best = min(rivals, key=_standing)
    marks: dict[str, bool | None] = {}
    for each in rivals:
        gap = entry.difference(strategies[best.strategy], strategies[each.strategy])
        marks[each.strategy] = None if gap is None else gap.open
    return [replace(each, top=marks.get(each.strategy)) for each in entries]


def _standing(each: Entry) -> tuple[bool, float, str]:
    value = each.area or each.scores[-1]
    return each.partial, -value.mean, each.strategy


def _targets(found: Sequence[Run]) -> tuple[int, ...]:
    """The budget of each round: by words, a run stops short of it by less than one item."""
    spent = [run.spent for run in found]
    return tuple(int(each) for each in np.max(spent, axis=0)) if spent else ()


def _word_points(found: Sequence[Run]) -> Values:
    """Round numbers of words on the range that all curves share; more runs change no value."""
    if not found:
        return np.array([])
    low, high = max(run.words[0] for run in found), min(run.words[-1] for run in found)
    steps = (digit * 10.0**power for power in range(12) for digit in (1, 2, 5))
    step = next(step for step in steps if (high - low) / step < WORD_POINTS)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step


def _group(found: Iterable[Run], key: Callable[[Run], K]) -> dict[K, Runs]:
    groups: defaultdict[K, Runs] = defaultdict(list)
    for run in found:
        groups[key(run)].append(run)
    return dict(groups)
