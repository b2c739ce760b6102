"""ProbCover: the ball that covers most of what no ball covers so far (Yehuda et al. 2022).

Balls in normalised latent space, as large as leaves 95 % of them pure in the clusters of k-means,
of which there are as many as revealed classes. When all is covered, the rest is random.
"""

import pyarrow.compute as pc
import torch
from torch.nn.functional import normalize

from bench.loop.ball import cover_first, pure_radius
from bench.loop.budget import Budget
from bench.loop.cluster import clusters
from bench.loop.view import View

needs = ("latent",)


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    ids = view.unlabeled
    points = normalize(view.signal("latent"))
    labeled = normalize(view.signal("latent", view.labeled.ids))
    classes = pc.count_distinct(pc.list_flatten(view.labeled.labels)).as_py()
    everything = torch.cat([points, labeled])
    radius = pure_radius(everything, clusters(everything, max(2, classes), rng))
    return ids[cover_first(points, labeled, radius, view.cost(ids), budget, rng)]
