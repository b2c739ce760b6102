"""Items in batches: what gives them, and which rows go together."""

from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import Tensor


class Data(Protocol):
    """Items on the host, as numbers; batches on demand. `lengths` [n] is what sorts them."""

    lengths: Tensor

    def __len__(self) -> int: ...

    def batch(self, rows: Tensor, device: torch.device) -> Any:
        """The items at some rows, with `tokens`, the number of labels where there are labels."""
        ...

    def draw(
        self, rows: Tensor, device: torch.device, order: torch.Generator, noise: torch.Generator
    ) -> Any:
        """A training batch, with what is random about it: `order` on the host, `noise` beside."""
        ...


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
