"""B against A, task by task: two strategies, or the same ones before and after a change.

Every difference is B minus A, after minus before, paired by seed, over the rounds that both have.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pyarrow as pa

from bench.board import compare_place, entry, leaderboard, stats
from bench.board.compare_place import Runs, Settings
from bench.board.curve import Values
from bench.board.run import Place, Run, alike, group, runs
from bench.board.stats import Difference, Estimate
from bench.rows.schema import FULL


class Verdict(StrEnum):
    """What is said of B."""

    WORSE = "worse"
    BETTER = "better"
    OPEN = "no difference shown"
    IDENTICAL = "identical"
    APART = "not comparable"


@dataclass(frozen=True)
class Point:
    """A budget: scores over the seeds that both have. The interval is for this point alone."""

    spent: int
    before: Estimate
    after: Estimate
    difference: Difference


@dataclass(frozen=True)
class Paired:
    """Areas and curves of the seeds and rounds that both have; passes are None where unknown.

    `p` is that of the paired t test of areas, Holm-adjusted over the strategies of the task; None
    from one seed, and where both are identical.
    """

    seeds: tuple[int, ...]
    preliminary: bool
    before: Estimate
    after: Estimate
    difference: Difference
    by_words: Difference | None
    p: float | None
    passes_before: float | None
    passes_after: float | None
    points: tuple[Point, ...]

    @property
    def ratio(self) -> float | None:
        """Passes after per pass before; None where either is unknown or nothing."""
        if not self.passes_before or not self.passes_after:
            return None
        return self.passes_after / self.passes_before


@dataclass(frozen=True)
class Line:
    """A strategy; of two that are compared, the second.

    `paired` is None where they are not comparable, and `reason` says why. `notes` say what could
    not be paired.
    """

    strategy: str
    verdict: Verdict
    reason: str = ""
    notes: tuple[str, ...] = ()
    paired: Paired | None = None


@dataclass(frozen=True)
class Comparison:
    """The places of A and B, equal where anything can be compared, and a line for each strategy."""

    before: Place
    after: Place
    unit: str
    synthetic: bool
    lines: tuple[Line, ...]

    @property
    def place(self) -> Place:
        """Of both; with both values where they differ."""
        pairs = zip(self.before, self.after, strict=True)
        return Place(*(one if one == two else f"{one}/{two}" for one, two in pairs))


def strategies(table: pa.Table, one: str, two: str) -> list[Comparison]:
    """Strategy `two` against strategy `one`, wherever a table has either."""
    found = runs(table)
    before, after = ([run for run in found if run.strategy == name] for name in (one, two))
    settings = compare_place.settings(table)
    return _compare(before, after, lambda run: (*run.place[:3], two), settings)


def folders(before: pa.Table, after: pa.Table) -> list[Comparison]:
    """Every strategy of either table against itself."""
    settings = {**compare_place.settings(before), **compare_place.settings(after)}
    ours, theirs = runs(before), runs(after)
    return _compare(ours, theirs, lambda run: (*run.place[:3], run.strategy), settings)


def _compare(
    before: Runs, after: Runs, key: Callable[[Run], tuple[str, ...]], settings: Settings
) -> list[Comparison]:
    """Runs of equal keys belong together; a key ends with the name of its line."""
    ours, theirs = (group(found, key) for found in (before, after))
    pairs: defaultdict[tuple[Place, Place], list[tuple[str, Runs, Runs]]] = defaultdict(list)
    for each in sorted(ours.keys() | theirs.keys()):
        for one, two in compare_place.matched(ours.get(each, ()), theirs.get(each, ())):
            first, second = one or two, two or one
            pairs[first[0].place, second[0].place].append((each[-1], one, two))
    return [_comparison(*places, pairs[places], settings) for places in sorted(pairs)]


def _comparison(
    before: Place, after: Place, found: Sequence[tuple[str, Runs, Runs]], settings: Settings
) -> Comparison:
    gap = compare_place.gap(before, after, settings)
    lines = [Line(name, Verdict.APART, gap) if gap else _line(name, *both) for name, *both in found]
    every = [run for _, one, two in found for run in (*one, *two)]
    synthetic = any(run.synthetic for run in every)
    return Comparison(before, after, every[0].unit, synthetic, tuple(_judged(lines)))


def _judged(lines: Sequence[Line]) -> Iterator[Line]:
    """With p adjusted for all strategies of the task that are not identical, and their verdicts."""
    adjusted = stats.holm([each.paired.p if each.paired else None for each in lines])
    for each, p in zip(lines, adjusted, strict=True):
        if each.paired is None or p is None:
            yield each
            continue
        told = Verdict.BETTER if each.paired.difference.mean > 0 else Verdict.WORSE
        verdict = told if p <= 1 - stats.CONFIDENCE else Verdict.OPEN
        yield replace(each, verdict=verdict, paired=replace(each.paired, p=p))


def _line(name: str, before: Runs, after: Runs) -> Line:
    """A strategy at one place, before all strategies there are judged together."""
    if not before or not after:
        return Line(name, Verdict.APART, f"only in {'A' if before else 'B'}")
    (one, first), (two, second) = _whole(before, "A"), _whole(after, "B")
    ours, theirs = _shared(one, two), _shared(two, one)
    rounds = min((run.rounds for run in (*ours, *theirs)), default=0)
    ours, theirs = ([run.cut(rounds) for run in found] for found in (ours, theirs))
    notes = (*first, *second, *_alone(before, after), *_longer(one, two, rounds))
    reason = _obstacle(one, two, rounds)
    if reason:
        return Line(name, Verdict.APART, reason, notes)
    same = all(map(_identical, ours, theirs))
    paired = _paired(ours, theirs, same)
    if paired is None:
        return Line(name, Verdict.APART, "one common budget, no curve", notes)
    return Line(name, Verdict.IDENTICAL if same else Verdict.OPEN, "", notes, paired)


def _whole(found: Runs, side: str) -> tuple[Runs, list[str]]:
    """The runs that a board counts, and what is to be said of the others."""
    whole, incomplete = leaderboard.sift(list(found))
    return whole, [f"seed {each.seed} of {side} {_missing(each)}" for each in incomplete]


def _missing(each: leaderboard.Incomplete) -> str:
    if not each.failed:
        return f"has {each.reason}"
    return f"failed, {(each.reason.splitlines() or [''])[0][:200].rstrip('.')}"


def _shared(ours: Runs, theirs: Runs) -> Runs:
    """Those of ours whose seed theirs have, by seed."""
    seeds = {run.seed for run in theirs}
    return sorted((run for run in ours if run.seed in seeds), key=lambda run: run.seed)


def _obstacle(before: Runs, after: Runs, rounds: int) -> str:
    """Why whole runs with so many rounds in common cannot be paired."""
    for found, side in ((before, "A"), (after, "B")):
        if not found:
            return f"no finished run in {side}"
    return "" if rounds else f"no common seed, A has {_seeds(before)}, B has {_seeds(after)}"


def _alone(before: Runs, after: Runs) -> Iterator[str]:
    """The seeds of one that the other has not begun."""
    for found, other, side in ((before, after, "A"), (after, before, "B")):
        seeds = {run.seed for run in other}
        alone = [run for run in found if run.seed not in seeds]
        if alone and len(alone) < len(found):
            yield f"seed {_seeds(alone)} only in {side}"


def _longer(before: Runs, after: Runs, rounds: int) -> Iterator[str]:
    """Who has more rounds than are compared, if any are."""
    for found, side in ((before, "A"), (after, "B")) if rounds else ():
        if found[0].rounds > rounds:
            yield f"compared over {rounds} rounds, {side} has {found[0].rounds}"


def _seeds(found: Runs) -> str:
    return ", ".join(str(run.seed) for run in found)


def _identical(one: Run, two: Run) -> bool:
    """The same selections and, to the bit, the same scores in all rounds of two of one length."""
    chosen = zip(one.chosen[:-1], two.chosen[:-1], strict=True)  # no score comes after the last
    scores = ((one.score, two.score), (one.own_score, two.own_score))
    return all(np.array_equal(ours, theirs) for ours, theirs in chosen) and all(
        np.array_equal(ours, theirs, equal_nan=True) for ours, theirs in scores
    )


def _paired(before: Runs, after: Runs, same: bool) -> Paired | None:
    """Runs of the same seeds and equally many rounds; None where they have no area.

    What labels everything at once is compared by its score.
    """
    spent = np.max([run.spent for run in (*before, *after)], axis=0)
    scores = (entry.stack(found, "score").T for found in (before, after))
    points = tuple(map(_point, spent, *scores))
    theirs, ours = (entry.mean_area(entry.areas(found)) for found in (before, after))
    gap = entry.difference(after, before)
    if before[0].name == FULL:
        theirs, ours, gap = points[-1].before, points[-1].after, points[-1].difference
    if theirs is None or ours is None or gap is None:
        return None
    timed = alike([*before, *after])
    return Paired(
        seeds=tuple(run.seed for run in before),
        preliminary=len(before) < stats.ENOUGH_SEEDS,
        before=theirs,
        after=ours,
        difference=gap,
        by_words=entry.difference_by_words(after, before),
        p=None if same else stats.student(gap),
        passes_before=entry.median_passes(timed[: len(before)]),
        passes_after=entry.median_passes(timed[len(before) :]),
        points=points,
    )


def _point(spent: float, before: Values, after: Values) -> Point:
    found = stats.estimate(before), stats.estimate(after)
    return Point(int(spent), *found, stats.paired(after, before))
