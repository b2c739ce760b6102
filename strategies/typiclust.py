"""TypiClust: typical points of clusters where little is labelled (Hacohen et al. 2022).

k-means of all latents into as many clusters as will be labelled, 500 at most. What a budget in
words pays for is estimated by the mean cost.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.cluster import clusters
from bench.loop.typicality import typical_first
from bench.loop.view import View

needs = ("latent",)


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    ids, known = view.unlabeled, view.labeled.ids
    payable = max(1, int(budget.amount / view.cost(ids).double().mean()))
    points = torch.cat([view.signal("latent"), view.signal("latent", known)])
    groups = clusters(points, len(known) + min(payable, len(ids)), rng)
    return ids[typical_first(points, groups, len(ids), rng)]
