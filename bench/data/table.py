"""Columns of a corpus on disk: Arrow files, memory-mapped."""

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import torch

from bench.data.image import Images

Inputs: TypeAlias = pa.ListArray | Images
"""Items as a learner reads them: sentences (lists of words), or images."""


class Columns(NamedTuple):
    """All items: their split (utf8), their input, their labels (list<utf8>)."""

    splits: pa.ChunkedArray
    inputs: pa.ChunkedArray | Images
    labels: pa.ChunkedArray


def save(folder: Path, columns: dict[str, list[Any]]) -> None:
    """Write columns of equal length into a new folder; OSError when the disk refuses."""
    import datasets

    datasets.disable_progress_bars()
    datasets.Dataset.from_dict(columns).save_to_disk(folder)


def load(folder: Path) -> pa.Table:
    """The columns in a folder, mapped; OSError or ValueError when they are damaged."""
    import datasets

    return datasets.Dataset.load_from_disk(folder).data.table


def take(column: pa.ChunkedArray | Images, ids: torch.Tensor) -> Any:
    """The rows `ids` (int64) of a column, in that order: a pa.ListArray, or Images."""
    taken = column.take(pa.array(ids.numpy()))
    return taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken


def digest(*columns: pa.ChunkedArray) -> str:
    """SHA-256 of a JSON line per row of columns of equal length."""
    sha = hashlib.sha256()
    for line in zip(*(column.to_pylist() for column in columns), strict=True):
        sha.update(json.dumps(line).encode() + b"\n")
    return sha.hexdigest()
