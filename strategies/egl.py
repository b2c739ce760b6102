"""Expected gradient length of the last layer, over the N best parses (Settles & Craven 2008).

`width` is N. A long gradient is a large change of the model, whatever label is revealed.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("expected_gradient_length",)
limits = {"width": (1, 100)}


def select(view: View, budget: Budget, rng: torch.Generator, width: int = 5) -> torch.Tensor:
    return rank(view.unlabeled, view.signal("expected_gradient_length", width=width), rng)
