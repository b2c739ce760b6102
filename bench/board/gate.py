"""The gate: whether a change made a strategy worse or slower, or changed what it does.

The candidate against the baseline, a line for each strategy wherever either has it. What is random
about them is the seed (another kind of CPU rounds otherwise, and amplifies it) and the machine's
time; the thresholds are chosen by repeated honest runs (tests/simulation/test_gate.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import pyarrow as pa

from bench.board import compare_place, entry, gate_pair, gate_time, number, stats
from bench.board.compare_place import Runs, Settings
from bench.board.gate_time import LEVEL
from bench.board.run import Place, Run, group, runs
from bench.board.stats import Difference

EFFECT = 0.02  # of area: what other bits alone move a strategy's mean by is mostly below


class Verdict(StrEnum):
    """What is said of a strategy, the gravest first."""

    FAILED = "failed"
    MISSING = "missing"
    WORSE = "worse"
    CHANGED = "changed"
    SLOWER = "slower"
    APART = "not comparable"
    NEW = "new"
    ALIKE = "not worse"
    SAME = "same"


Pairs = Sequence[tuple[Run, Run]]
"""Runs of the baseline and of the candidate, by seed."""

REGRESSED = frozenset(list(Verdict)[:5])
"""The verdicts that fail a candidate."""


@dataclass(frozen=True)
class Finding:
    """A verdict and why, in one sentence without its end."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Line:
    """A strategy at one place, and what was found of it, the gravest first.

    `areas`: candidate minus baseline, paired by seed; None where nothing could be paired.
    `passes`: before and after, of every seed and round that both timed; `untimed` says why none
    is. The p are those of paired t tests, Holm-adjusted over all lines; None where all is equal or
    there is one pair. `judged`: whether any round of both was compared, to the bit or by a
    test; `same`: whether what no clock decides was the same to the bit in all.
    """

    place: Place
    name: str
    strategy: str
    findings: tuple[Finding, ...] = ()
    areas: Difference | None = None
    areas_p: float | None = None
    passes: tuple[tuple[float, float], ...] = ()
    times_p: float | None = None
    untimed: str = ""
    judged: bool = False
    same: bool = False

    @property
    def verdict(self) -> Verdict:
        """The gravest."""
        return self.findings[0].verdict

    @property
    def regressed(self) -> bool:
        """Whether it fails the candidate."""
        return self.verdict in REGRESSED


def check(baseline: pa.Table, candidate: pa.Table) -> list[Line]:
    """A line for each strategy of either table, sorted by place."""
    settings = {**compare_place.settings(baseline), **compare_place.settings(candidate)}
    ours, theirs = (group(runs(table), _key) for table in (baseline, candidate))
    keys = sorted(ours.keys() | theirs.keys())
    lines = [_line(ours.get(each, []), theirs.get(each, []), settings) for each in keys]
    areas = stats.holm([each.areas_p for each in lines])
    times = gate_time.adjusted([each.passes for each in lines], [_strategy(each) for each in lines])
    return [
        _judged(replace(line, areas_p=area, times_p=time))
        for line, area, time in zip(lines, areas, times, strict=True)
    ]


def _strategy(line: Line) -> tuple[str, ...]:
    """What its tasks have in common."""
    return (line.place.protocol, line.place.device, line.strategy)


def _key(run: Run) -> tuple[str, ...]:
    return (*run.place[:4], run.strategy)


def _line(before: Runs, after: Runs, settings: Settings) -> Line:
    """A strategy, before all are judged together."""
    first = (*after, *before)[0]
    line = Line(first.place, first.name, first.strategy)
    if not before:
        only = Finding(Verdict.NEW, f"{_seeds(after)}, not in the baseline")
        return replace(line, findings=(*_failed((), after), only))
    pairs = [(one, two) for one in before for two in after if one.seed == two.seed]
    gap = next((told for pair in pairs if (told := _gap(*pair, settings))), "")
    if gap:
        return replace(line, findings=(Finding(Verdict.APART, gap),))
    found = {one.seed: gate_pair.difference(one, two) for one, two in pairs}
    findings = [*_failed(before, after), *_missing(before, after), *_changed(pairs, found)]
    line = replace(line, findings=tuple(findings), same=not any(found.values()))
    return _clocked(_scored(line, pairs), pairs)


def _gap(one: Run, two: Run, settings: Settings) -> str:
    return compare_place.gap(one.place, two.place, settings)


def _failed(before: Runs, after: Runs) -> Iterator[Finding]:
    """Cells that fail now and did not before, or not so early."""
    once = {run.seed: run.rounds for run in before if run.error is not None}
    found = [run for run in after if run.error and run.rounds < once.get(run.seed, run.rounds + 1)]
    if found:
        said = (found[0].error or "").splitlines() or [""]
        reason = f"{_seeds(found)} failed, the first in round {found[0].rounds}: {said[0][:200]}"
        yield Finding(Verdict.FAILED, reason)


def _missing(before: Runs, after: Runs) -> Iterator[Finding]:
    """Seeds and rounds that the candidate lacks without having failed."""
    found = {run.seed: run for run in after}
    absent = [run for run in before if run.seed not in found]
    if absent:
        yield Finding(Verdict.MISSING, f"{_seeds(absent)} only in the baseline")
    shared = [run for run in before if run.seed in found and found[run.seed].error is None]
    short = [run for run in shared if found[run.seed].rounds < run.rounds]
    if short:
        reached = found[short[0].seed].rounds
        rounds = f"{reached} of {short[0].rounds} rounds"
        yield Finding(Verdict.MISSING, f"{_seeds(short)} has {rounds}")


def _changed(pairs: Pairs, told: dict[int, str]) -> Iterator[Finding]:
    """What should be the same to the bit, as both were made on one kind of CPU, and is not."""
    found = [two.seed for one, two in pairs if gate_pair.exact(one, two) and told[two.seed]]
    if found:
        where = f"in {len(found)} of {len(pairs)} seeds, the first in seed {found[0]}"
        yield Finding(Verdict.CHANGED, f"{where}, {told[found[0]]}")


def _scored(line: Line, pairs: Pairs) -> Line:
    """With the paired difference of areas, and the p of its test unless all areas are equal."""
    reached = [min(one.rounds, two.rounds) for one, two in pairs]
    rounds = max(reached, default=0)
    if rounds == 0:
        return line
    whole = [pair for pair, each in zip(pairs, reached, strict=True) if each == rounds]
    before, after = ([run.cut(rounds) for run in side] for side in zip(*whole, strict=True))
    gap = entry.difference(after, before)
    equal = gap is None or (gap.mean == 0 and gap.std == 0)
    p = None if gap is None or equal else stats.student(gap)
    exact = any(gate_pair.exact(*pair) for pair in pairs)
    return replace(line, areas=gap, areas_p=p, judged=line.same or exact or p is not None)


def _clocked(line: Line, pairs: Pairs) -> Line:
    """With the passes of the rounds that both timed, or why there are none."""
    if not all(gate_pair.alike(one, two) for one, two in pairs):
        return replace(line, untimed="another kind of CPU, or other versions")
    if any(one.origin.isolation != two.origin.isolation for one, two in pairs):
        return replace(line, untimed="another isolation")
    found = [each for pair in pairs for each in _passes(*pair)]
    if not found:
        return replace(line, untimed="no round timed alone on the machine on both sides")
    return replace(line, passes=tuple(found))


def _passes(one: Run, two: Run) -> Iterator[tuple[float, float]]:
    """The passes of every round that both timed."""
    for ours, theirs in zip(one.passes, two.passes, strict=False):
        if ours > 0 and theirs > 0:  # NaN is not
            yield float(ours), float(theirs)


def _judged(line: Line) -> Line:
    """With what its tests say, the gravest first."""
    found = [*line.findings, *_worse(line), *_slower(line)]
    if not found:
        found = [Finding(Verdict.SAME if line.same else Verdict.ALIKE, "")]
    order = list(Verdict)
    return replace(line, findings=tuple(sorted(found, key=lambda each: order.index(each.verdict))))


def _worse(line: Line) -> Iterator[Finding]:
    """An effect that is large enough, and that the seeds bear out."""
    gap, p = line.areas, line.areas_p
    if gap is not None and p is not None and p <= LEVEL and gap.mean <= -EFFECT:
        said = f"area {gap.mean:+.3f} over {gap.n} seeds, p {number.chance(p)}"
        yield Finding(Verdict.WORSE, said)


def _slower(line: Line) -> Iterator[Finding]:
    """See `gate_time`."""
    if gate_time.slower(line.passes, line.times_p):
        before, after = map(number.significant, gate_time.medians(line.passes))
        ratio, p = gate_time.ratio(line.passes), number.chance(line.times_p)
        yield Finding(Verdict.SLOWER, f"{before} passes became {after}, ×{ratio:.2f}, p {p}")


def _seeds(found: Runs) -> str:
    return f"seed {', '.join(str(run.seed) for run in found)}"
