"""k-means, by scikit-learn, from a stream of ours."""

import warnings

import torch
from torch import Tensor

from bench.loop.neighbour import finite

MOST = 500
"""Clusters at most, as Hacohen et al. (2022) have it."""
_EXACT = 50
"""Clusters up to which all points are looked at in each step; beyond, 5,000 of them are."""
_BATCH = 5_000


def clusters(points: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """The number of each point's cluster; [n, d] → int64 [n] on the host.

    `count` clusters, though never more than 500 nor than points; where points coincide, fewer.
    SelectionError when a point is not finite.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    count = min(count, MOST, len(points))
    seed = int(torch.randint(1 << 31, (), generator=rng))
    if count <= _EXACT:
        model = KMeans(count, random_state=seed)
    else:
        model = MiniBatchKMeans(count, random_state=seed, batch_size=_BATCH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # points that coincide are no fault
        found = model.fit_predict(finite(points).cpu().numpy())
    return torch.from_numpy(found).long()
