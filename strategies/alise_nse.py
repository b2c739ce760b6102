"""ALISE + NSE: among twice the budget by ALISE, the highest entropy (Deng et al. 2018, 3.2)."""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank, sequence_entropy
from bench.loop.view import View

needs = ("discriminator", "nbest_log_probs")
objective = "adversarial"
limits = {"width": (1, 100)}


def select(view: View, budget: Budget, rng: torch.Generator, width: int = 5) -> torch.Tensor:
    ids = rank(view.unlabeled, -view.signal("discriminator"), rng)
    candidates = ids[: budget.times(2).reach(view.cost(ids))]
    parses = view.signal("nbest_log_probs", candidates, width=width)
    return rank(candidates, sequence_entropy(parses), rng)
