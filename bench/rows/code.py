"""A column's values as numbers."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Codes = NDArray[np.int64]


def coded(kind: pa.DataType) -> pa.DataType:
    """A type of a column with texts as dictionaries, those within maps too: most come again."""
    if pa.types.is_string(kind):
        return pa.dictionary(pa.int32(), kind)
    return pa.map_(coded(kind.key_type), kind.item_type) if pa.types.is_map(kind) else kind


def encode(column: pa.ChunkedArray) -> tuple[Codes, list[Any]]:
    """The number of each row's value, -1 where there is none, and the distinct values in order."""
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    array = column.unify_dictionaries().combine_chunks()
    numbers = array.indices.fill_null(-1).to_numpy().astype(np.int64)
    return numbers, array.dictionary.to_pylist()


def pair(one: Codes, two: Codes) -> Codes:
    """Numbers that are equal where both are, from 0 on, in order of appearance."""
    both = one * (two.max(initial=0) + 2) + two + 1
    return encode(pa.chunked_array([both]))[0]
