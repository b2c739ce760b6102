"""M: from an image, or from features of it, to annotation vectors (Xu et al. 2015, 3.1.1)."""

from itertools import pairwise
from math import gcd
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bench.learners.captioning.batch import Batch
from bench.learners.captioning.config import Config

GRID = 8
"""Annotation vectors of an image stand on a grid of GRID × GRID places."""


class Encoding(NamedTuple):
    """What the decoder reads: annotation vectors [B, L, H] and z, their mean [B, H]."""

    annotations: Tensor
    z: Tensor

    def head(self, count: int) -> "Encoding":
        """The first `count` images."""
        return Encoding(self.annotations[:count], self.z[:count])

    def take(self, rows: Tensor) -> "Encoding":
        """Some images, each as often as it is asked for."""
        return Encoding(self.annotations[rows], self.z[rows])


class Convolution(nn.Module):
    """A small network on pixels: convolutions that halve the image until it is GRID wide.

    It also reads where each pixel is (Liu et al. 2018, CoordConv): captions say 'above', 'left of'.
    """

    def __init__(self, size: int, config: Config) -> None:
        super().__init__()
        halvings = max(1, (size // GRID).bit_length() - 1)
        inner = (max(8, config.hidden >> halvings - i) for i in range(halvings))
        widths = [5, *inner, config.hidden]
        self.stages = nn.ModuleList(
            nn.Conv2d(before, after, 3, 1 + (number < halvings), padding=1, bias=False)
            for number, (before, after) in enumerate(pairwise(widths))
        )
        self.norms = nn.ModuleList(nn.GroupNorm(gcd(8, width), width) for width in widths[1:])

    def forward(self, images: Tensor) -> Tensor:
        """uint8 pixels [B, 3, S, S] → annotation vectors [B, L, H]."""
        x = images.float() / 127.5 - 1
        line = torch.linspace(-1, 1, x.shape[-1], device=x.device).expand(
            len(x), 1, x.shape[-1], -1
        )
        x = torch.cat([x, line, line.transpose(2, 3)], 1)
        for stage, norm in zip(self.stages, self.norms, strict=True):
            x = torch.relu(norm(stage(x)))
        return x.flatten(2).transpose(1, 2)


class Projection(nn.Module):
    """One trained layer on features that were made before."""

    def __init__(self, width: int, config: Config) -> None:
        super().__init__()
        self.inner = nn.Linear(width, config.hidden)

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, L, D] → annotation vectors [B, L, H]."""
        return torch.relu(self.inner(features.float()))


class Encoder(nn.Module):
    """Annotation vectors of pixels [3, S, S] or of features [L, D]; z is their mean."""

    def __init__(self, shape: tuple[int, ...], config: Config) -> None:
        super().__init__()
        pixels = len(shape) == 3
        self.see = Convolution(shape[-1], config) if pixels else Projection(shape[-1], config)

    def forward(self, batch: Batch, noise: torch.Generator | None = None) -> Encoding:
        """Encode a batch; nothing here is random."""
        annotations: Tensor = self.see(batch.images)
        return Encoding(annotations, annotations.mean(1))
