"""Sentences as tensors: words looked up, batched by length, padded at the end only."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import torch
import torch.nn.functional as F
from torch import Tensor

from bench.learners.device import moved
from bench.learners.vocabulary import IGNORED, UNKNOWN, Vocabulary


@dataclass(frozen=True)
class Batch:
    """Time-major padded sentences: `words` [T, B], `lengths` [B], `tags` [T, B] or None."""

    words: Tensor
    lengths: Tensor
    tags: Tensor | None = None

    @property
    def tokens(self) -> int:
        """How many words have a tag."""
        return int(self.lengths.sum())

    def join(self, other: "Batch") -> "Batch":
        """The sentences of both, padded to the longer, without tags."""
        steps = max(len(self.words), len(other.words))
        words = [F.pad(part.words, (0, 0, 0, steps - len(part.words))) for part in (self, other)]
        return Batch(torch.cat(words, 1), torch.cat([self.lengths, other.lengths]))


class Indexed:
    """Sentences (with tags, where known) as flat tensors on the host; batches on demand.

    `hidden` [words of the vocabulary] marks those that a training step reads as unknown with
    probability `share`: a labelled set's singletons.
    """

    def __init__(
        self,
        words: Tensor,
        lengths: Tensor,
        tags: Tensor | None = None,
        hidden: Tensor | None = None,
        share: float = 0.0,
    ) -> None:
        self.words, self.lengths, self.tags = words, lengths, tags
        self.hidden, self.share = hidden, share
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

    def hide_singletons(self, symbols: int, share: float) -> None:
        """Have training steps read a share of the words that stand here once as unknown."""
        self.hidden = torch.bincount(self.words, minlength=symbols) == 1
        self.share = share

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
            moved(words, device),
            moved(lengths, device),
            None if tags is None else moved(tags, device),
        )

    def draw(
        self, rows: Tensor, device: torch.device, order: torch.Generator, noise: torch.Generator
    ) -> Batch:
        """A training batch, in which some words read as unknown; `order` is not drawn from."""
        batch = self.batch(rows, device)
        if self.hidden is None:
            return batch
        drop = torch.rand(batch.words.shape, device=device, generator=noise) < self.share
        single = self.hidden.to(device)[batch.words]
        return replace(batch, words=batch.words.masked_fill(single & drop, UNKNOWN))
