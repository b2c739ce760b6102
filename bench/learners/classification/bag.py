"""Sentences as rows of a sparse matrix, in batches that torch multiplies as bags."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bench.learners.device import moved


@dataclass(frozen=True)
class Bag:
    """B rows one after the other: the columns and values of all, and where each ends [B + 1]."""

    columns: Tensor
    values: Tensor
    ends: Tensor

    def times(self, table: Tensor) -> Tensor:
        """The product with a dense matrix [columns, D], in its precision: [B, D]."""
        values = self.values.to(table.dtype)
        return F.embedding_bag(
            self.columns,
            table,
            self.ends,
            mode="sum",
            per_sample_weights=values,
            include_last_offset=True,
        )


class Bags:
    """Data (see there): a sparse matrix, the words of each sentence, its class where known [n]."""

    def __init__(self, matrix: Any, lengths: Tensor, classes: Tensor | None = None) -> None:
        self.matrix, self.lengths, self.classes = matrix, lengths, classes

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: Tensor, device: torch.device) -> Bag:
        """The sentences at some rows."""
        found = self.matrix[rows.numpy()]
        parts = found.indices, found.data, found.indptr.astype(found.indices.dtype)
        return Bag(*(moved(torch.from_numpy(np.asarray(part)), device) for part in parts))
