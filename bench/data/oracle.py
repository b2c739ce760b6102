"""The oracle: the sole holder of the pool's labels."""

import pyarrow as pa
import torch

from bench.data.pool import PoolError, locate
from bench.data.table import take
from bench.error import BenchError


class OracleError(BenchError):
    """A label was asked for twice, or of an item that is not in the pool."""


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
