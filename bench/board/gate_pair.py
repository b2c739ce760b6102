"""Two runs of one cell: what no clock decides, and whether it should be the same to the bit."""

import numpy as np

from bench.board.agreement import Ids
from bench.board.confirmation import machine
from bench.board.run import Run

_DECIDED = ("items", "words", "duplicates", "score", "own_score")


def alike(one: Run, two: Run) -> bool:
    """Whether both were made on one kind of machine, by the same libraries."""
    return machine(one.origin.environment) == machine(two.origin.environment)


def exact(one: Run, two: Run) -> bool:
    """Whether both should be the same to the bit (RULES, 6)."""
    return one.place.device == "cpu" and alike(one, two)


def difference(one: Run, two: Run) -> str:
    """The first of the rounds of both that is not the same, and how; '' for none."""
    for at in range(min(one.rounds, two.rounds)):
        for name in _DECIDED:
            ours, theirs = getattr(one, name)[at], getattr(two, name)[at]
            if not np.array_equal(ours, theirs, equal_nan=True):
                return f"round {at}: {name.replace('_', ' ')} {ours:g} became {theirs:g}"
        if not np.array_equal(one.chosen[at], two.chosen[at]):
            return f"round {at}: {_swapped(one.chosen[at], two.chosen[at])}"
    return ""


def _swapped(ours: Ids, theirs: Ids) -> str:
    """How two choices that are not equal differ."""
    others = len(set(theirs.tolist()) - set(ours.tolist()))
    return f"{others} of {len(theirs)} items are others" if others else "the items' order"
