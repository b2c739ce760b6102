"""Budgets: what is left to spend in a round, and what of a ranking it pays for (RULES, 2)."""

import operator
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bench.error import BenchError

_INTEGER = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


class SelectionError(BenchError):
    """A strategy's answer is not a valid ranking of unlabelled items."""


@dataclass(frozen=True)
class Budget:
    """The amount left until the round's cumulative target, in the protocol's unit."""

    amount: int

    def count(self, costs: Tensor) -> int:
        """How many leading items fit: up to the first that does not."""
        return int((torch.cumsum(costs, 0) <= self.amount).sum())

    def reach(self, costs: Tensor) -> int:
        """How many leading items it takes to spend all of it, or all items if they cost less."""
        return min(int((torch.cumsum(costs, 0) < self.amount).sum()) + 1, len(costs))

    def times(self, factor: int) -> "Budget":
        """A budget several times as large, for a first stage that proposes candidates."""
        return Budget(self.amount * factor)

    def cut(self, ranking: Tensor, costs: Tensor, available: int) -> Tensor:
        """The leading ids that fit; SelectionError if the ranking ends before the budget does.

        `costs` belong to the ranking; `available` is the number of unlabelled items, since a
        ranking of all of them may end early.
        """
        count = self.count(costs)
        if count == len(ranking) < available and int(costs.sum()) < self.amount:
            raise SelectionError(
                f"The strategy ranked only {len(ranking)} items, worth {int(costs.sum())} of a "
                f"budget of {self.amount}, while {available} are unlabelled; rank more of them."
            )
        return ranking[:count]


def as_ids(answer: object) -> Tensor:
    """A strategy's answer as int64 ids on the host; SelectionError unless it is integers."""
    if isinstance(answer, Tensor) and answer.dim() == 1 and _whole(answer):
        return answer.to("cpu", torch.int64)
    if isinstance(answer, Sequence) or (isinstance(answer, np.ndarray) and answer.ndim == 1):
        with suppress(TypeError):
            return torch.tensor([_id(value) for value in answer], dtype=torch.int64)
    raise SelectionError(
        f"The strategy returned {_describe(answer)}; select must return item ids: a sequence of "
        "int or a one-dimensional integer tensor, most wanted first."
    )


def check(ids: Tensor, unlabeled: Tensor) -> None:
    """SelectionError unless a ranking's ids are unlabelled items of the pool, each once."""
    ordered = ids.sort().values
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(repeated):
        raise SelectionError(f"The strategy returned item {int(repeated[0])} twice.")
    strange = ids[~torch.isin(ids, unlabeled)]
    if len(strange):
        raise SelectionError(
            f"The strategy returned item {int(strange[0])}, which is not an unlabelled item of the "
            "pool; choose from view.unlabeled."
        )


def _id(value: object) -> int:
    """An item id from an integer of Python, numpy or torch; TypeError for anything else."""
    scalar = not isinstance(value, Tensor) or (value.dim() == 0 and _whole(value))
    if isinstance(value, bool) or not scalar:
        raise TypeError
    return operator.index(value)  # type: ignore[arg-type]


def _whole(tensor: Tensor) -> bool:
    """Whether a tensor is a plain one of integers."""
    return tensor.dtype in _INTEGER and tensor.layout == torch.strided


def _describe(answer: object) -> str:
    if isinstance(answer, Tensor | np.ndarray):
        kind = "a tensor" if isinstance(answer, Tensor) else "an array"
        return f"{kind} of shape {tuple(answer.shape)} and type {answer.dtype}"
    return f"a {type(answer).__name__}"
