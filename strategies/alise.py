"""ALISE: lowest D(M(x)) first, what the discriminator takes for labelled least (Deng et al. 2018).

The discriminator's logits are compared, since its sigmoid saturates.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("discriminator",)
objective = "adversarial"


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    return rank(view.unlabeled, -view.signal("discriminator"), rng)
