"""Images and their captions as tensors: images are read from disk batch by batch."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from bench.data.captioning.reader import words
from bench.data.image import Images
from bench.learners.device import moved
from bench.learners.vocabulary import IGNORED, Vocabulary

LIMIT = 20
"""Words of a caption at most; longer ones are cut, so that P(y|x) is over what can be said."""
END = 0
"""The symbol that ends a caption."""


@dataclass(frozen=True)
class Batch:
    """`images` [B, …] as in their file; `captions` [T, C] with end marks, IGNORED after them.

    `owners` [C] are the rows of the images that the captions belong to.
    """

    images: Tensor
    captions: Tensor | None = None
    owners: Tensor | None = None

    @property
    def tokens(self) -> int:
        """How many words and end marks the captions have."""
        return 0 if self.captions is None else int((self.captions != IGNORED).sum())

    def join(self, other: "Batch") -> "Batch":
        """The images of both, without captions."""
        return Batch(torch.cat([self.images, other.images]))


@dataclass(frozen=True)
class Captions:
    """The captions of some images, as numbers on the host.

    `words` [LIMIT + 1, N] holds a column per caption, IGNORED after its end mark; image i has the
    columns from `starts[i]` on, `counts[i]` of them.
    """

    words: Tensor
    starts: Tensor
    counts: Tensor

    @classmethod
    def of(cls, labels: pa.ListArray, vocabulary: Vocabulary) -> "Captions":
        """Look up the words of all captions (list<utf8> per image); unknown words are dropped."""
        texts = pa.array(
            [words(text) for text in labels.flatten().to_pylist()], pa.list_(pa.string())
        )
        flat = torch.split(vocabulary.encode(texts), texts.value_lengths().to_pylist())
        table = torch.full((len(flat), LIMIT + 1), IGNORED)
        for row, found in enumerate(flat):
            kept = found[found != END][:LIMIT]
            table[row, : len(kept)], table[row, len(kept)] = kept, END
        counts = torch.from_numpy(labels.value_lengths().to_numpy().astype(np.int64))
        return cls(table.T.contiguous(), torch.cumsum(counts, 0) - counts, counts)

    def columns(self, chosen: Tensor) -> Tensor:
        """Some columns, cut after the last end mark."""
        found = self.words[:, chosen]
        return found[: int((found != IGNORED).sum(0).max())]


class Pictures:
    """Images, with captions where they are known; batches on demand."""

    def __init__(self, images: Images, captions: Captions | None = None) -> None:
        self.images, self.captions = images, captions
        self.lengths = torch.zeros(len(images), dtype=torch.int64)  # all cost the same

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, rows: Tensor, device: torch.device) -> Batch:
        """The images at some rows, with all their captions."""
        images = self._images(rows, device)
        if self.captions is None:
            return Batch(images)
        counts = self.captions.counts[rows]
        owners = torch.arange(len(rows)).repeat_interleave(counts)
        inside = torch.arange(len(owners)) - (torch.cumsum(counts, 0) - counts)[owners]
        captions = self.captions.columns(self.captions.starts[rows][owners] + inside)
        return Batch(images, moved(captions, device), moved(owners, device))

    def draw(
        self, rows: Tensor, device: torch.device, order: torch.Generator, noise: torch.Generator
    ) -> Batch:
        """The images at some rows, each with one of its captions, drawn from `order`."""
        images = self._images(rows, device)
        if self.captions is None:
            return Batch(images)
        counts = self.captions.counts[rows]
        drawn = (torch.rand(len(rows), generator=order) * counts).long().clamp(max=counts - 1)
        captions = self.captions.columns(self.captions.starts[rows] + drawn)
        return Batch(images, moved(captions, device), torch.arange(len(rows), device=device))

    def _images(self, rows: Tensor, device: torch.device) -> Tensor:
        return moved(torch.from_numpy(self.images.read(rows.numpy())), device)
