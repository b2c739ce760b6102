"""Rows of batches in any order, back in the order of the items."""

from typing import Any

import torch
from torch import Tensor

from bench.learners.gradient import Gradients


class Gathered:
    """One signal of `count` items, batch by batch, on a device."""

    def __init__(self, count: int, device: torch.device) -> None:
        self.count, self.found = count, torch.empty(0, device=device)
        self.parts, self.order = list[Gradients](), list[Tensor]()

    def add(self, rows: Tensor, part: Any) -> None:
        """What the items at some rows have, a row each."""
        if isinstance(part, Gradients):
            self.parts.append(part)
            self.order.append(rows)
            return
        if not len(self.found):
            self.found = part.new_empty((self.count, *part.shape[1:]))
        self.found[rows] = part  # at once: what is kept between batches scatters the heap

    @property
    def all(self) -> Any:
        """A tensor, or Gradients."""
        if self.parts:
            return Gradients.join(self.parts)[torch.cat(self.order).argsort()]
        return self.found
