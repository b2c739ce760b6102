"""BADGE: k-means++ seeding among gradients of hypothesised labels (Ash et al. 2020).

A gradient is long where the model is unsure, and far from another where it would teach otherwise.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.embedding import gradients
from bench.loop.geometry import k_means_plus_plus
from bench.loop.view import View

needs = ("gradient_embedding",)


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    ids, cloud = view.unlabeled, gradients(view, rng)
    return ids[k_means_plus_plus(cloud, torch.ones(len(ids)), view.cost(ids), budget, rng)]
