"""Expected gradient length, over the labels that the model expects (Settles & Craven 2008).

Of sequences: of the last layer, over the `width` best ones. Where items have one class: of all
parameters, over all classes (Huang et al. 2016). A long gradient is a large change of the model,
whatever label is revealed.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("expected_gradient_length",)
limits = {"width": (1, 100)}


def select(view: View, budget: Budget, rng: torch.Generator, width: int = 5) -> torch.Tensor:
    return rank(view.unlabeled, view.signal("expected_gradient_length", width=width), rng)
