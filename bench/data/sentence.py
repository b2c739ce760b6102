"""Sentences as Arrow columns: lists of words."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch


def texts(sentences: Any) -> pa.Array:
    """Each sentence (list<utf8>) as one text, its words joined by blanks."""
    joined = pc.binary_join(sentences, " ")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def words(sentences: pa.ListArray) -> torch.Tensor:
    """The number of words of each sentence (list<utf8>), int64."""
    return torch.from_numpy(pc.list_value_length(sentences).to_numpy().astype(np.int64))
