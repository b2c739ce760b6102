"""Token entropy: the mean entropy of the tags per word (Settles & Craven 2008, Eq. 5)."""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("token_log_probs",)


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    ids = view.unlabeled
    total = torch.special.entr(view.signal("token_log_probs").exp()).sum((1, 2)).cpu()
    return rank(ids, total / view.lengths(ids), rng)
