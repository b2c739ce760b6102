"""Bayesian active learning by disagreement under dropout (Gal et al. 2017; Siddhant & Lipton 2018).

1 − (votes of the most common sequence) / passes, highest first (W-BADGE, Eq. 2, whose argmin is a
slip); `measure=mutual_information` is that between labels and weights (Houlsby et al. 2011).
"""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("dropout_predictions", "mutual_information")
limits = {"passes": (2, 1000), "measure": ("votes", "mutual_information")}


def select(
    view: View, budget: Budget, rng: torch.Generator, passes: int = 100, measure: str = "votes"
) -> torch.Tensor:
    if measure == "mutual_information":
        shared = view.signal("mutual_information", passes=passes, rng=rng)
        return rank(view.unlabeled, shared, rng)
    said = view.signal("dropout_predictions", passes=passes, rng=rng)
    votes = (said == said.mode(1, keepdim=True).values).sum(1)
    return rank(view.unlabeled, 1 - votes / passes, rng)
