"""Linear models of sparse rows: what was fitted elsewhere, as a torch module without parameters.

A Platt calibration scales and shifts what a linear model says, so that it goes into its weights.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.learners.classification.bag import Bag
from bench.learners.classification.estimate import Array, Estimate

UNSEEN = -100.0
"""The logit of a class that no label names: P < 1e-40, and log P is finite still."""


@dataclass(frozen=True)
class Encoding:
    """A batch and the axes of its latent space; what nobody asks for is not multiplied."""

    bag: Bag
    axes: Callable[[], Tensor]

    @property
    def z(self) -> Tensor:
        """The sentences on the axes [B, Z]."""
        return self.bag.times(self.axes().to(self.bag.columns.device))


class Linear(nn.Module):
    """The mean of M linear models of K classes over F features; see `take`.

    A model's P(y|x) is softmax(logits), or, where it tells each class from the `rest`, their
    sigmoids divided by the sum. `place` [F] is a feature's row in `weights` [1 + A, M K], 0 for
    those that no labelled item has; `bias` [M, K]. All in double precision.
    """

    place: Tensor
    weights: Tensor
    bias: Tensor

    def __init__(self, classes: int, rest: bool, axes: Callable[[], Tensor]) -> None:
        super().__init__()
        self.classes, self.rest, self.axes = classes, rest, axes
        for name in ("place", "weights", "bias"):
            self.register_buffer(name, torch.empty(0))

    @property
    def latent_size(self) -> int:
        """Z."""
        return self.axes().shape[1]

    def take(self, models: Estimate, classes: Array, features: Array, width: int) -> None:
        """Be models of some classes [k] over `features` [A], of all `width` ones."""
        count, _, size = models.slopes.shape
        place = np.zeros(width, np.int64)
        place[features] = 1 + np.arange(size)
        weights = np.zeros((1 + size, count, self.classes))
        weights[1:, :, classes] = models.slopes.transpose(2, 0, 1)
        bias = np.full((count, self.classes), UNSEEN)
        bias[:, classes] = models.shifts
        self._hold({"place": place, "weights": weights.reshape(1 + size, -1), "bias": bias})

    def encoder(self, batch: Bag, noise: torch.Generator | None = None) -> Encoding:
        """What is asked for is computed then."""
        return Encoding(batch, self.axes)

    def log_probs(self, encoding: Encoding) -> Tensor:
        """log P(y|x) [B, K], in double precision."""
        bag = encoding.bag
        found = Bag(self.place[bag.columns], bag.values, bag.ends).times(self.weights)
        logits = found.view(-1, *self.bias.shape) + self.bias
        if not self.rest:
            return torch.log_softmax(logits, -1).squeeze(1)
        told = torch.sigmoid(logits.clamp(min=UNSEEN))
        return (told / told.sum(-1, keepdim=True)).mean(1).log()

    def load_state_dict(
        self, state_dict: Mapping[str, Tensor], strict: bool = True, assign: bool = False
    ) -> Any:
        """Take what `state_dict` gave; its sizes are those of a fit, not known before."""
        self._hold(state_dict)

    def _hold(self, arrays: Mapping[str, Any]) -> None:
        for name, array in arrays.items():
            setattr(self, name, torch.as_tensor(array).to(self.bias.device))
