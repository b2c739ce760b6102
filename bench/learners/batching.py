"""Which rows go into a batch together."""

from collections.abc import Iterator

import torch
from torch import Tensor


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
