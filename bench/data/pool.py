"""The pool: what there is to label, without labels."""

from typing import Any

import pyarrow as pa
import torch

from bench.data.table import Inputs
from bench.error import BenchError


class PoolError(BenchError):
    """An id was asked for that is not in the pool."""


class Pool:
    """Inputs of the items that may be labelled; no label can be reached from here.

    `ids` are the items' ids, int64, ascending; `inputs` and `costs` (int64) are theirs. Methods
    take int64 ids of the pool, in any order and number, and answer in that order; PoolError for an
    id that is not in the pool.
    """

    def __init__(self, ids: torch.Tensor, inputs: Inputs, costs: torch.Tensor) -> None:
        self.ids = ids
        self._inputs, self._costs = inputs, costs

    def inputs(self, ids: torch.Tensor) -> Any:
        """The input of each item, of the task's kind."""
        return self._inputs.take(pa.array(locate(self.ids, ids).numpy()))

    def cost(self, ids: torch.Tensor) -> torch.Tensor:
        """What labelling each item takes from the budget: its words, or 1 where items count."""
        return self._costs[locate(self.ids, ids)]


def locate(known: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """The rows of `ids` in `known` (ascending); PoolError names the first that is not there."""
    rows = torch.searchsorted(known, ids).clamp(max=len(known) - 1)
    strange = known[rows] != ids
    if strange.any():
        raise PoolError(f"Item {int(ids[strange][0])} is not in the pool.")
    return rows
