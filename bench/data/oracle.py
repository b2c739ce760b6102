"""The oracle: the sole holder of the pool's labels."""

import pyarrow as pa
import pyarrow.compute as pc
import torch

from bench.data.pool import PoolError, locate
from bench.data.table import take
from bench.error import BenchError


class OracleError(BenchError):
    """A label was asked for twice, or of an item that is not in the pool."""


class Scarce(BenchError):
    """The pool holds fewer items of a class than were asked for."""


class Oracle:
    """Reveals each label once."""

    def __init__(self, labels: pa.ChunkedArray, ids: torch.Tensor) -> None:
        self._labels = labels
        self._ids = ids
        self._revealed = torch.zeros(len(ids), dtype=torch.bool)

    def reveal(self, ids: torch.Tensor) -> pa.ListArray:
        """The labels of items (int64 ids), in the order asked.

        OracleError, and nothing is revealed, when one is not in the pool, is asked for twice, or
        was revealed before.
        """
        try:
            rows = locate(self._ids, ids)
        except PoolError as error:
            raise OracleError(str(error)) from error
        asked = torch.bincount(rows, minlength=len(self._ids)) + self._revealed.long()
        if (asked[rows] > 1).any():
            again = int(ids[asked[rows] > 1][0])
            raise OracleError(f"The label of item {again} was asked for twice.")
        self._revealed[rows] = True
        revealed: pa.ListArray = take(self._labels, ids)
        return revealed

    def draw(self, each: int, rng: torch.Generator) -> torch.Tensor:
        """Ids (int64) of so many items of each class, drawn at random, class by class.

        For labels of one class an item. No label is revealed; Scarce names the first class, of all
        that the data has, of which the pool holds too few.
        """
        order = self._ids[torch.randperm(len(self._ids), generator=rng)]
        held = take(self._labels, order).flatten()
        chosen = []
        for name in sorted(pc.unique(pc.list_flatten(self._labels)).to_pylist()):
            found = order[torch.tensor(pc.equal(held, name).to_pylist())]
            if len(found) < each:
                raise Scarce(
                    f"the pool holds {len(found)} items of class '{name}', but the protocol starts "
                    f"with {each} of each class"
                )
            chosen.append(found[:each])
        return torch.cat(chosen)
