"""Margin: −(P(y₁*|x) − P(y₂*|x)), the two best parses (Scheffer et al. 2001; ALISE, Eq. 3)."""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("nbest_log_probs",)
limits = {"width": (2, 100), "decode": ("batched", "sequential")}


def select(
    view: View, budget: Budget, rng: torch.Generator, width: int = 5, decode: str = "batched"
) -> torch.Tensor:
    best = view.signal("nbest_log_probs", width=width, decode=decode).double().exp()
    return rank(view.unlabeled, best[:, 1] - best[:, 0], rng)
