"""M: what a classifier's last layer reads, in steps that its signals can take apart."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from bench.learners.classification.batch import Batch
from bench.learners.classification.config import Images, Texts, Wide
from bench.learners.classification.convolution import Convolution
from bench.learners.layer import BiLSTM, Pretrained, dropout

Run: TypeAlias = Callable[[nn.LSTM, Tensor], Tensor]
"""How an LSTM is run, see BiLSTM."""


class Encoding(NamedTuple):
    """A batch on its way: every field has a row per item.

    `x` is the input as numbers that may vary: pixels from 0 to 1 [B, C, S, S], or word vectors
    [B, T, E]; `seen` what the first dropout meets; `z` [B, Z] what the last layer reads. Of texts
    `lengths` [B] and `words` [B, T] too.
    """

    z: Tensor
    seen: Tensor
    x: Tensor
    lengths: Tensor | None = None
    words: Tensor | None = None

    def take(self, rows: Any) -> "Encoding":
        """Some of the items."""
        kept: list[Any] = [None if field is None else field[rows] for field in self]
        return Encoding(*kept)


class Vision(nn.Module):
    """Images: `body` is what no dropout reaches, `dense` the layers before the last."""

    def __init__(self, body: nn.Module, sizes: tuple[int, ...], config: Images) -> None:
        super().__init__()
        self.share, self.size = config.dropout, sizes[-1]
        self.body = body
        self.dense = nn.ModuleList(nn.Linear(low, high) for low, high in pairwise(sizes))

    def forward(self, batch: Batch, noise: torch.Generator | None = None) -> Encoding:
        """Encode a batch; dropout before every dense layer where a stream is given."""
        x = batch.items.images.float() / 255
        seen = self.body(x)
        return Encoding(self.head(seen, None, noise), seen, x)

    def trace(self, x: Tensor, lengths: Tensor | None, run: Run) -> Tensor:
        """z [B, Z] of pixels."""
        return self.head(self.body(x))

    def head(
        self, seen: Tensor, lengths: Tensor | None = None, noise: torch.Generator | None = None
    ) -> Tensor:
        """From what the body gives [B, F] to z [B, Z]."""
        for layer in self.dense:
            seen = torch.relu(layer(dropout(seen, self.share, noise)))
        return seen


class Recurrent(nn.Module):
    """Texts: word vectors and a BiLSTM; z = [last forward state; first backward state].

    `vectors` [words, E] is what the embeddings start from, where given and not NaN.
    """

    def __init__(self, words: int, config: Texts, vectors: Tensor | None = None) -> None:
        super().__init__()
        self.share, self.size = config.dropout, 2 * config.hidden
        self.embedding = (
            nn.Embedding(words, config.embedding) if vectors is None else Pretrained(vectors)
        )
        self.lstm = BiLSTM(config.embedding, config.hidden)

    def forward(self, batch: Batch, noise: torch.Generator | None = None) -> Encoding:
        """Encode a batch; dropout on the embeddings where a stream is given."""
        words, lengths = batch.items.words.T, batch.items.lengths
        x = self.embedding(words)
        return Encoding(self.head(x, lengths, noise), x, x, lengths, words)

    def head(
        self, seen: Tensor, lengths: Tensor | None = None, noise: torch.Generator | None = None
    ) -> Tensor:
        """From word vectors [B, T, E] to z [B, Z]."""
        z: Tensor = self.lstm(dropout(seen, self.share, noise).transpose(0, 1), lengths)[1]
        return z

    def trace(self, x: Tensor, lengths: Tensor | None, run: Run) -> Tensor:
        """z [B, Z] of word vectors, the LSTMs run as asked."""
        z: Tensor = self.lstm(x.transpose(0, 1), lengths, run)[1]
        return z


def lenet(shape: tuple[int, ...], config: Images) -> Vision:
    """LeNet-5 (LeCun et al. 1998) with ReLU and max pooling; z has 84 dimensions.

    Its second convolution is padded where images are so small (8 × 8) that nothing would be left.
    """
    channels, size = shape[0], shape[-1]
    padding = 0 if size >= 12 else 2
    body = nn.Sequential(
        *(Convolution(channels, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5, padding=padding), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
    )
    side = (size // 2 - 4 + 2 * padding) // 2
    return Vision(body, (16 * side * side, 120, 84), config)


def vgg16(shape: tuple[int, ...], config: Wide) -> Vision:
    """VGG-16 (Simonyan & Zisserman 2015) for small images: one dense layer of 512 before the last.

    Norms of groups of 16 channels (Wu & He 2018) follow the convolutions: without norms so deep a
    network hardly learns from scratch, and norms of batches would tie an item's output to its
    neighbours.
    """
    layers: list[nn.Module] = []
    channels, size = shape[0], shape[-1]
    for factor, depth in ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3)):
        width = factor * config.width
        for _ in range(depth):
            convolution = nn.Conv2d if layers else Convolution
            norm = nn.GroupNorm(max(1, width // 16), width)
            layers += [convolution(channels, width, 3, padding=1), norm, nn.ReLU()]
            channels = width
        if size > 1:
            layers.append(nn.MaxPool2d(2))
            size //= 2
    body = nn.Sequential(*layers, nn.Flatten())
    return Vision(body, (channels * size * size, channels), config)
