"""Symbols as numbers."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

UNKNOWN = 0
IGNORED = -100  # cross-entropy skips positions with this label


class Vocabulary:
    """A fixed list of symbols; anything else reads as UNKNOWN (0), known ones start at `first`."""

    def __init__(self, symbols: pa.Array, first: int = 1) -> None:
        self.symbols, self.first = symbols, first

    @classmethod
    def of(cls, sentences: pa.ListArray) -> "Vocabulary":
        """Every distinct word of some sentences, in order of first appearance."""
        return cls(pc.unique(sentences.flatten()))

    def __len__(self) -> int:
        return len(self.symbols) + self.first

    def encode(self, sentences: pa.ListArray) -> Tensor:
        """All words of all sentences, one after the other, as int64 [words]."""
        found = pc.fill_null(pc.index_in(sentences.flatten(), self.symbols), UNKNOWN - self.first)
        return torch.from_numpy(found.to_numpy(zero_copy_only=False).astype(np.int64)) + self.first
