"""Token entropy: the mean entropy of the tags per word (Settles & Craven 2008, Eq. 5)."""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("token_entropy",)


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    return rank(view.unlabeled, view.signal("token_entropy"), rng)
