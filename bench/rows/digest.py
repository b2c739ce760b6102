"""A digest of what rows say, whatever the encoding of their file and the layout that Arrow chose.

It catches accidents, not forgery. Column by column, it takes whether each value is there and then
the values: numbers as their bytes (0 where there is none), texts and lists as their lengths and
then what they hold.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bench.rows.schema import NAMES, VOLATILE

Bounds = NDArray[np.int64]
_BLOCK = 1 << 13  # texts that are written out at once, at most: so few stay in the cache
_NOTHING = {pa.string(): "", pa.bool_(): False}


def digest(table: pa.Table) -> str:
    """SHA-256 over every column but `schema.VOLATILE`: timings, created, environment.

    The environment names the machine; without it two honest runs of a cell have equal digests.
    """
    return digests(table, [table.num_rows])[0]


def digests(table: pa.Table, counts: Sequence[int]) -> list[str]:
    """The digests of consecutive parts of a table, of so many rows each; faster than one by one."""
    shas = [hashlib.sha256(f"{count}:".encode()) for count in counts]
    columns = (table[name].combine_chunks() for name in NAMES if name not in VOLATILE)
    bounds = _ends(np.array(counts))
    for content, places in chain.from_iterable(_contents(column, bounds) for column in columns):
        cuts = places.tolist()
        for sha, start, end in zip(shas, cuts, cuts[1:], strict=False):
            sha.update(content[start:end])
    return [sha.hexdigest() for sha in shas]


def _contents(array: pa.Array, bounds: Bounds) -> Iterator[tuple[memoryview, Bounds]]:
    """What an array holds as bytes, and where in them lies what is between `bounds`."""
    yield _bytes(array.is_valid(), bounds)
    if pa.types.is_map(array.type):
        entry = {"key": array.type.key_type, "value": array.type.item_type}
        array = array.cast(pa.list_(pa.struct(entry)))
    if pa.types.is_list(array.type):
        lengths = _filled(pc.list_value_length(array))
        yield _bytes(lengths, bounds)
        yield from _contents(array.flatten(), _ends(lengths.to_numpy())[bounds])
    elif pa.types.is_struct(array.type):
        for child in array.flatten():
            yield from _contents(child, bounds)
    elif pa.types.is_dictionary(array.type):
        yield _bytes(_filled(pc.binary_length(array.dictionary).take(array.indices)), bounds)
        for start in range(0, len(array), _BLOCK):
            block = array[start : start + _BLOCK]
            yield from _texts(block.dictionary_decode(), (bounds - start).clip(0, len(block)))
    elif pa.types.is_string(array.type):
        array = _filled(array)
        yield _bytes(pc.binary_length(array), bounds)
        yield from _texts(array, bounds)
    else:
        yield _bytes(_filled(array), bounds)


def _texts(array: pa.Array, bounds: Bounds) -> Iterator[tuple[memoryview, Bounds]]:
    _, ends, texts = array.buffers()
    if texts is not None:
        places = np.frombuffer(ends, np.int32)[array.offset :][bounds]
        yield memoryview(texts), places.astype(np.int64)


def _bytes(array: pa.Array, bounds: Bounds) -> tuple[memoryview, Bounds]:
    values = np.ascontiguousarray(array.to_numpy(zero_copy_only=False))
    return values.view(np.uint8).data, bounds * values.itemsize


def _filled(array: pa.Array) -> pa.Array:
    """Zeros, or empty texts, for nulls."""
    return array.fill_null(_NOTHING.get(array.type, 0)) if array.null_count else array


def _ends(lengths: NDArray[Any]) -> Bounds:
    """Where each of some lengths ends, one after the other, and a 0 before the first."""
    ends = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    return ends
