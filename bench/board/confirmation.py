"""Whether rows that were fitted again confirm those on disk."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.rows.schema import Row

Verdict = Literal["identical", "within", "differs", "unjudged", "skipped"]

_BOUGHT = ("initial", "items", "words", "entities", "duplicates", "labels")
_SCORES = ("score", "own_score", "metrics", "own_metrics")
_BITS = ("cpu", "numpy", "threads", "torch")  # what decides the bits of a sum on a CPU


@dataclass(frozen=True)
class Confirmation:
    """What a refit says of a cell; `gap` is the largest difference of a score, of either model."""

    verdict: Verdict
    reason: str = ""
    rounds: int = 0
    gap: float = 0.0


def confirm(
    stored: Sequence[Row], found: Sequence[Row], others: Sequence[Sequence[Row]]
) -> Confirmation:
    """A cell's rows against their refit; `others` are the cells that differ in seed alone.

    On one kind of CPU the scores must be the same to the bit. Elsewhere a score may be off by two
    standard deviations over the seeds, in each round, of which there must be two.
    """
    verdict, reason = _judge(stored, found, others)
    return Confirmation(verdict, reason, len(stored), max(map(_gap, stored, found), default=0.0))


def _judge(
    stored: Sequence[Row], found: Sequence[Row], others: Sequence[Sequence[Row]]
) -> tuple[Verdict, str]:
    counts = _unequal(stored, found, _BOUGHT)
    if counts:
        return "differs", f"{counts} is not what the seed and the ids give"
    changed = _unequal(stored, found, _SCORES)
    if not changed:
        return "identical", ""
    if _alike(stored, found):
        return "differs", f"{changed}, on the same kind of CPU"
    return _by_spread(stored, found, others)


def repeated(
    stored: Sequence[Row], found: Sequence[Row], others: Sequence[Sequence[Row]]
) -> Confirmation:
    """A cell's rows against those of another run, for which its strategy was asked again.

    On one kind of CPU it must select the same; elsewhere, where a last bit may turn an order,
    its scores are judged as by `confirm`.
    """
    if len(found) != len(stored):
        return Confirmation("differs", f"{len(found)} of {len(stored)} rounds were reached")
    verdict: Verdict = "identical"
    reason = _unequal(stored, found, ("initial", "selected"))
    if reason and (_alike(stored, found) or reason.startswith("initial")):
        verdict, reason = "differs", f"{reason} is not the same"
    elif reason:
        verdict, reason = _by_spread(stored, found, others)
    return Confirmation(verdict, reason, len(stored), max(map(_gap, stored, found)))


def _by_spread(
    stored: Sequence[Row], found: Sequence[Row], others: Sequence[Sequence[Row]]
) -> tuple[Verdict, str]:
    """Whether scores are off by no more than twice the spread over seeds."""
    for one, two in zip(stored, found, strict=True):
        scores = [row.score for rows in (stored, *others) for row in rows if row.round == one.round]
        known = [score for score in scores if score is not None]
        if len(known) < 2:
            return "unjudged", f"no other seed has round {one.round}, whose spread could judge it"
        spread = float(np.std(known, ddof=1))
        if not _gap(one, two) <= 2 * spread:  # nor where it is no number
            return "differs", f"round {one.round} by over twice the spread over seeds, {spread:.4f}"
    return "within", "on another machine"


def shifted(stored: Sequence[Sequence[Row]], found: Sequence[Sequence[Row]]) -> str:
    """The first round whose scores are off on the mean of all cells, one a seed; '' for none.

    Other bits move scores, but not all one way: two standard errors of the mean over seeds are
    left, by the spread of what was found.
    """
    for number in range(len(found[0]) if len(found) > 1 else 0):
        ours, theirs = (
            np.array([rows[number].score for rows in cells], dtype=float)
            for cells in (stored, found)
        )
        allowed = 2 * float(np.std(theirs, ddof=1)) / len(theirs) ** 0.5
        gap = float(np.mean(ours - theirs))
        if not abs(gap) <= allowed:
            return f"round {number}: the mean score is off by {gap:+.4f}, over {allowed:.4f}"
    return ""


def _unequal(stored: Sequence[Row], found: Sequence[Row], names: Sequence[str]) -> str:
    """The first value that is not the same, and where; nothing when all are."""
    for one, two in zip(stored, found, strict=True):
        for name in names:
            if getattr(one, name) != getattr(two, name):
                return f"{name} of round {one.round}"
    return ""


def _gap(one: Row, two: Row) -> float:
    pairs = ((one.score, two.score), (one.own_score, two.own_score))
    return max((abs(a - b) for a, b in pairs if a is not None and b is not None), default=0.0)


def _alike(stored: Sequence[Row], found: Sequence[Row]) -> bool:
    """Whether both were made on one kind of CPU, by the same libraries."""
    seen = {machine(row.environment) for row in (*stored, *found)}
    return len(seen) == 1 and all(row.device == "cpu" for row in stored)


def machine(environment: str) -> tuple[object, ...]:
    """The kind of CPU and the versions that decide bits, from a row's environment."""
    known = json.loads(environment)
    return tuple(known.get(name) for name in _BITS) if isinstance(known, dict) else ()
