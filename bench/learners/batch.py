"""Sentences as tensors: words looked up, batched by length, padded at the end only."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

UNKNOWN = 0
IGNORED = -100  # cross-entropy skips positions with this tag


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


@dataclass(frozen=True)
class Batch:
    """Time-major padded sentences: `words` [T, B], `lengths` [B], `tags` [T, B] or None."""

    words: Tensor
    lengths: Tensor
    tags: Tensor | None = None


class Indexed:
    """Sentences (with tags, where known) as flat tensors on the host; batches on demand."""

    def __init__(self, words: Tensor, lengths: Tensor, tags: Tensor | None = None) -> None:
        self.words, self.lengths, self.tags = words, lengths, tags
        self.starts = torch.cumsum(lengths, 0) - lengths

    @classmethod
    def of(
        cls,
        sentences: pa.ListArray,
        words: Vocabulary,
        labels: tuple[pa.ListArray, Vocabulary] | None = None,
    ) -> "Indexed":
        """Look up every word, and every tag when labels are given."""
        lengths = torch.from_numpy(
            sentences.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
        )
        tags = labels[1].encode(labels[0]) if labels else None
        return cls(words.encode(sentences), lengths, tags)

    def __len__(self) -> int:
        return len(self.lengths)

    def positions(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Where the words of some rows stand [T, B], and which of these are inside a sentence."""
        lengths = self.lengths[rows]
        steps = torch.arange(int(lengths.max())).unsqueeze(1)
        inside = steps < lengths
        return torch.where(inside, self.starts[rows] + steps, 0), inside

    def batch(self, rows: Tensor, device: torch.device) -> Batch:
        """The sentences at some rows, padded to the longest of them, on the device."""
        lengths = self.lengths[rows]
        flat, inside = self.positions(rows)
        words = self.words[flat].mul_(inside)
        tags = None if self.tags is None else self.tags[flat].masked_fill_(~inside, IGNORED)
        return Batch(
            words.to(device, non_blocking=True),
            lengths.to(device, non_blocking=True),
            None if tags is None else tags.to(device, non_blocking=True),
        )


def buckets(
    lengths: Tensor, size: int, generator: torch.Generator, reach: int = 50
) -> list[Tensor]:
    """Shuffled batches of rows of like lengths: sorted only within `reach` shuffled batches."""
    order = torch.randperm(len(lengths), generator=generator)
    batches: list[Tensor] = []
    for chunk in torch.split(order, size * reach):
        near = chunk[torch.argsort(lengths[chunk], stable=True)]
        batches.extend(torch.split(near, size))
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]


def descending(lengths: Tensor, size: int) -> Iterator[Tensor]:
    """Batches of rows for scoring, longest first, so that padding is rare and beams can shrink."""
    if len(lengths):  # split would make one empty batch of none
        yield from torch.split(torch.argsort(lengths, descending=True, stable=True), size)
