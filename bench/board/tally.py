"""What was labelled by name, round by round; looked up only where somebody asks."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Tally:
    """The names and counts in some rows of a column of maps, in an order of the rows."""

    column: pa.ChunkedArray
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rounds: slice) -> "Tally":
        return Tally(self.column, self.rows[rounds])


def total(tallies: Iterable[Tally]) -> Counter[str]:
    """The counts of all rows of some tallies together, by name."""
    rows: defaultdict[int, list[NDArray[np.int64]]] = defaultdict(list)
    columns: dict[int, pa.ChunkedArray] = {}
    for each in tallies:
        columns[id(each.column)] = each.column
        rows[id(each.column)].append(each.rows)
    found = [maps for key in columns for maps in _taken(columns[key], np.concatenate(rows[key]))]
    if not found:
        return Counter()
    names = pa.chunked_array([maps.keys for maps in found])
    counts = pa.chunked_array([maps.items for maps in found])
    groups = pa.table({"name": names, "count": counts}).group_by("name", use_threads=False)
    sums = groups.aggregate([("count", "sum")])
    return Counter(dict(zip(sums["name"].to_pylist(), sums["count_sum"].to_pylist(), strict=True)))


def _taken(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> list[pa.MapArray]:
    """Some rows, chunk by chunk: all of a column may hold more text than one array can."""
    starts = np.cumsum([0, *map(len, column.chunks)])
    ordered = np.sort(rows)
    cuts = np.searchsorted(ordered, starts)
    parts = zip(column.chunks, starts, cuts, cuts[1:], strict=False)
    return [chunk.take(pa.array(ordered[a:b] - start)) for chunk, start, a, b in parts if b > a]
