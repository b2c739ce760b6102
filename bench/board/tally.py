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
    counts: Counter[str] = Counter()
    for key, column in columns.items():
        for maps in _taken(column, np.concatenate(rows[key])):
            counts.update(_sums(maps))
    return counts


def _sums(maps: pa.MapArray) -> dict[str, int]:
    """The counts of all rows of an array together, by name."""
    coded = pa.types.is_dictionary(maps.keys.type)
    names = maps.keys if coded else maps.keys.dictionary_encode()
    places = names.indices.to_numpy()
    sums = np.zeros(len(names.dictionary), np.int64)
    np.add.at(sums, places, maps.items.to_numpy())
    there = np.flatnonzero(np.bincount(places, minlength=len(sums)))
    named = names.dictionary.take(pa.array(there)).to_pylist()
    return dict(zip(named, sums[there].tolist(), strict=True))


def _taken(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> list[pa.MapArray]:
    """Some rows, chunk by chunk: all of a column may hold more text than one array can."""
    starts = np.cumsum([0, *map(len, column.chunks)])
    ordered = np.sort(rows)
    cuts = np.searchsorted(ordered, starts)
    parts = zip(column.chunks, starts, cuts, cuts[1:], strict=False)
    return [chunk.take(pa.array(ordered[a:b] - start)) for chunk, start, a, b in parts if b > a]
