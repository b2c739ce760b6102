"""Maximum normalised log-probability: −(1/n) log P(y*|x) for n tokens (Shen et al. 2018)."""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("best_log_prob",)
limits = {"width": (1, 100)}


def select(view: View, budget: Budget, rng: torch.Generator, width: int = 5) -> torch.Tensor:
    mean = view.signal("best_log_prob", width=width, normalize=True)
    return rank(view.unlabeled, -mean, rng)
