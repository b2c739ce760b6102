"""Least confidence: 1 − P(y*|x), ranked as −log P(y*|x) (Culotta & McCallum 2005; ALISE, Eq. 2).

In float32, 1 − P is 1.0 for most sentences; the logarithm keeps their order.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("best_log_prob",)
limits = {"width": (1, 100), "decode": ("batched", "sequential")}


def select(
    view: View, budget: Budget, rng: torch.Generator, width: int = 5, decode: str = "batched"
) -> torch.Tensor:
    return rank(view.unlabeled, -view.signal("best_log_prob", width=width, decode=decode), rng)
