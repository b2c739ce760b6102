"""W-BADGE: BADGE with every probability times w(x) = l(x)² / Σ l(x)², l words (Kim 2020, Eq. 5)."""

import torch

from bench.loop.budget import Budget
from bench.loop.embedding import gradients
from bench.loop.geometry import k_means_plus_plus
from bench.loop.view import View

needs = ("gradient_embedding", "lengths")


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    ids, cloud = view.unlabeled, gradients(view, rng)
    squares = view.signal("lengths").double().square()
    weights = squares / squares.sum()
    return ids[k_means_plus_plus(cloud, weights, view.cost(ids), budget, rng)]
