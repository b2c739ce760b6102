"""Deep Bayesian active learning: uncertainty of the mean over dropout masks (Gal et al. 2017).

`measure=entropy` of the predictive distribution, or `variation_ratio`, 1 − its largest probability.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("predictive_probs",)
limits = {"passes": (1, 1000), "measure": ("entropy", "variation_ratio")}


def select(
    view: View, budget: Budget, rng: torch.Generator, passes: int = 20, measure: str = "entropy"
) -> torch.Tensor:
    probs = view.signal("predictive_probs", passes=passes, rng=rng).double()
    if measure == "variation_ratio":
        return rank(view.unlabeled, 1 - probs.amax(-1), rng)
    return rank(view.unlabeled, torch.special.entr(probs).sum(-1), rng)
