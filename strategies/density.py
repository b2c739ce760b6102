"""Information density, β = 1: entropy × mean cosine to the pool (Settles & Craven 2008).

The pool is what is unlabelled, the item itself included. The mean of the cosines with all items is
the cosine part with the mean of their unit vectors, so that the cost is linear in the pool.
"""

import torch
from torch.nn.functional import normalize

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("latent", "token_entropy")


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    points, entropy = view.signals("latent", "token_entropy")
    units = normalize(points, dim=-1)
    return rank(view.unlabeled, entropy * (units @ units.mean(0)), rng)
