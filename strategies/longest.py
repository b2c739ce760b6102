"""Most input words first: the baseline that shows what a bias for length alone is worth.

No model is asked. Uncertainty of whole sequences prefers long ones too (Settles & Craven 2008).
"""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("lengths",)


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    return rank(view.unlabeled, view.signal("lengths"), rng)
