"""Images or texts with one class each, as tensors."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from bench.learners.batching import Data
from bench.learners.device import moved


@dataclass(frozen=True)
class Batch:
    """`items` as their data give them (a batch of images or of sentences); `classes` [B]."""

    items: Any
    classes: Tensor | None = None

    @property
    def tokens(self) -> int:
        """How many items have a class."""
        return 0 if self.classes is None else len(self.classes)

    def join(self, other: "Batch") -> "Batch":
        """The items of both, without classes."""
        return Batch(self.items.join(other.items))


class Classed:
    """Data of items and, where they are known, the numbers of their classes [n]."""

    def __init__(self, items: Data, classes: Tensor | None = None) -> None:
        self.items, self.classes = items, classes
        self.lengths = items.lengths

    def __len__(self) -> int:
        return len(self.items)

    def batch(self, rows: Tensor, device: torch.device) -> Batch:
        """See Data."""
        return Batch(self.items.batch(rows, device), self._classes(rows, device))

    def draw(
        self, rows: Tensor, device: torch.device, order: torch.Generator, noise: torch.Generator
    ) -> Batch:
        """See Data."""
        return Batch(self.items.draw(rows, device, order, noise), self._classes(rows, device))

    def _classes(self, rows: Tensor, device: torch.device) -> Tensor | None:
        if self.classes is None:
            return None
        return moved(self.classes[rows], device)
