"""The pool: what there is to label, without labels."""

from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from bench.data.corpus import take
from bench.error import BenchError

Sentences: TypeAlias = pa.ListArray  # of utf8: one list of words per item


class PoolError(BenchError):
    """An id was asked for that is not in the pool."""


class Pool:
    """Inputs of the items that may be labelled; no label can be reached from here.

    `ids` are the items' ids, int64, ascending. Methods take int64 ids of the pool, in any order
    and number, and answer in that order; PoolError for an id that is not in the pool.
    """

    def __init__(self, tokens: pa.ChunkedArray, ids: torch.Tensor, unit: str) -> None:
        self.ids = ids
        self._unit = unit
        self._inputs = take(tokens, ids)  # and nothing else of the corpus: it holds the test split
        lengths = pc.list_value_length(self._inputs)
        self._lengths = torch.from_numpy(lengths.to_numpy().astype(np.int64))

    def inputs(self, ids: torch.Tensor) -> Sentences:
        """The words of each item."""
        return self._inputs.take(pa.array(locate(self.ids, ids).numpy()))

    def lengths(self, ids: torch.Tensor) -> torch.Tensor:
        """Words per item, int64."""
        return self._lengths[locate(self.ids, ids)]

    def cost(self, ids: torch.Tensor) -> torch.Tensor:
        """What labelling each item takes from the budget: its words, or 1 where items count."""
        lengths = self.lengths(ids)
        return lengths if self._unit == "words" else torch.ones_like(lengths)


def locate(known: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """The rows of `ids` in `known` (ascending); PoolError names the first that is not there."""
    rows = torch.searchsorted(known, ids).clamp(max=len(known) - 1)
    strange = known[rows] != ids
    if strange.any():
        raise PoolError(f"Item {int(ids[strange][0])} is not in the pool.")
    return rows
