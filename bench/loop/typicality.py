"""The typical points of clusters (Hacohen et al. 2022, section 3)."""

import numpy as np
import torch
from torch import Tensor

from bench.loop.neighbour import nearest

NEIGHBOURS = 20


def typical_first(points: Tensor, groups: Tensor, free: int, rng: torch.Generator) -> Tensor:
    """A ranking of the first `free` points [n, d], the others being labelled; rows, int64 [free].

    One of each cluster in turn, the most typical that is left: those of few labelled points first,
    among them the large ones. `groups` [n] is the cluster of each point. Ties are broken at random.
    SelectionError when a point is not finite.
    """
    order = torch.randperm(free, generator=rng)
    own, crowding = groups[order].numpy(), _crowding(points, groups)[order].numpy()
    size = groups.bincount().numpy()
    labeled = groups[free:].bincount(minlength=len(size)).numpy()
    place = np.empty(free, dtype=np.int64)
    inside = np.lexsort((crowding, own))
    place[inside] = np.arange(free) - np.searchsorted(own[inside], own[inside])
    return order[np.lexsort((-size[own], labeled[own], place))]


def _crowding(points: Tensor, groups: Tensor) -> Tensor:
    """The mean distance to the 20 nearest neighbours in the cluster, 1 / typicality; float64 [n].

    The point itself, at a distance of 0, counts among them, which changes no order in a cluster.
    """
    found = torch.zeros(len(points), dtype=torch.float64)
    for group in set(groups.tolist()):
        rows = (groups == group).nonzero().squeeze(1)
        inside = points[rows.to(points.device)]
        found[rows] = nearest(inside, inside, NEIGHBOURS + 1)[0].mean(1).cpu()
    return found
