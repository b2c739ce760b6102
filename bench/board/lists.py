"""Lists of several lengths that lie one after the other; each is found where it is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Lists:
    """Parts of one array, each from its start to its end."""

    values: NDArray[Any]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]

    @classmethod
    def of(cls, column: pa.ChunkedArray, rows: NDArray[np.int64]) -> "Lists":
        """The lists in some rows of a column, in their order."""
        lists = column.combine_chunks()
        offsets = lists.offsets.to_numpy()
        return cls(lists.values.to_numpy(), offsets[rows], offsets[rows + 1])

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, place: int) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, place: slice) -> "Lists": ...
    def __getitem__(self, place: int | slice) -> "NDArray[Any] | Lists":
        starts, ends = self.starts[place], self.ends[place]
        if isinstance(place, slice):
            return Lists(self.values, starts, ends)
        return self.values[starts:ends]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[place] for place in range(len(self)))

    def joined(self) -> NDArray[Any]:
        """What all of them hold, in their order."""
        if len(self) and (self.starts[1:] == self.ends[:-1]).all():
            return self.values[self.starts[0] : self.ends[-1]]
        return np.concatenate([self.values[:0], *self])
