"""Core-set: greedy k-centre from the labelled set in latent space (Sener & Savarese 2018)."""

import torch

from bench.loop.budget import Budget
from bench.loop.geometry import farthest_first
from bench.loop.view import View

needs = ("latent",)


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    ids = view.unlabeled
    points, centres = view.signal("latent"), view.signal("latent", view.labeled.ids)
    return ids[farthest_first(points, centres, view.cost(ids), budget, rng)]
