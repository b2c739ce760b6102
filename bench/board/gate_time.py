"""Whether queries take longer than they did, in passes of the same rows.

A line's times are pairs of passes, before and after, one for each seed and round that both timed
alone. One query of milliseconds is a noisy number, so that it takes a ratio and a test.
"""

from collections.abc import Hashable, Sequence

import numpy as np

from bench.board import stats
from bench.board.curve import Values

RATIO = 1.3  # a planted 1.5 is above, what repeated honest runs tell apart below
ALONE = 10  # times a task's own p: its rounds follow each other, and share what disturbs them
FLOOR = 0.1  # passes: `random` takes a hundredth of one, and nobody waits for its double
LEVEL = 0.01  # of all tests of a gate together: of equal ones 1 in 200 is told to be slower

Times = Sequence[tuple[float, float]]


def slower(times: Times, p: float | None) -> bool:
    """Whether the ratio is large enough, in passes too, and p (see `adjusted`) small enough."""
    if p is None or p > LEVEL or ratio(times) < RATIO:
        return False
    before, after = medians(times)
    return after - before >= FLOOR


def ratio(times: Times) -> float:
    """After per before, the geometric mean; 1 without any."""
    gaps = np.subtract(*_logs(times)) if times else np.zeros(1)
    return float(np.exp(-gaps.mean()))


def medians(times: Times) -> tuple[float, float]:
    """Before and after."""
    before, after = np.median(times, axis=0).tolist()
    return before, after


def adjusted(lines: Sequence[Times], strategies: Sequence[Hashable]) -> list[float | None]:
    """The p of each line's paired t test of the logarithms, times `ALONE`; None from one pair.

    Or that of its strategy's in all tasks, where that is smaller and they are slower on the whole:
    three tasks tell more than one. All tests are of one Holm family.
    """
    several = {each: _joint(each, lines, strategies) for each in dict.fromkeys(strategies)}
    several = {each: times for each, times in several.items() if strategies.count(each) > 1}
    own = stats.holm([_test(times) for times in (*lines, *several.values())])
    joint = dict(zip(several, own[len(lines) :], strict=True))
    slow = {each: p for each, p in joint.items() if ratio(several[each]) >= RATIO}
    alone = [None if p is None else min(1.0, ALONE * p) for p in own]
    return [_lower(p, slow.get(each)) for p, each in zip(alone, strategies, strict=False)]


def _joint(
    strategy: Hashable, lines: Sequence[Times], strategies: Sequence[Hashable]
) -> list[tuple[float, float]]:
    pairs = zip(lines, strategies, strict=True)
    return [pair for times, each in pairs if each == strategy for pair in times]


def _test(times: Times) -> float | None:
    if not times:
        return None
    before, after = _logs(times)
    return stats.student(stats.paired(after, before))


def _logs(times: Times) -> Values:
    """Of before and after [2, n]."""
    logs: Values = np.log(np.array(times)).T
    return logs


def _lower(*p: float | None) -> float | None:
    return min((each for each in p if each is not None), default=None)
