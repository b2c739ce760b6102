"""DFAL: nearest to the decision boundary first (Ducoffe & Precioso 2018).

The distance is that to DeepFool's adversarial example, L2 (Moosavi-Dezfooli et al. 2016).
"""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("boundary_distance",)


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    return rank(view.unlabeled, -view.signal("boundary_distance"), rng)
