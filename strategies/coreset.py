"""Core-set: greedy k-centre from the labelled set in latent space (Sener & Savarese 2018).

`robust` puts the centres of a mixed-integer program, which may leave outliers uncovered, before
the greedy ones. Its `time_limit` is in seconds; the row says how far it got: `gap` is the share of
the radius that is not proven to be needed, `timed_out` the number of programs without an answer.
Where either is not 0, a faster machine may choose otherwise.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.cover import robust_first
from bench.loop.geometry import farthest_first
from bench.loop.view import View

needs = ("latent",)
limits = {"time_limit": (1, 86_400)}


def select(
    view: View, budget: Budget, rng: torch.Generator, robust: bool = False, time_limit: int = 60
) -> torch.Tensor:
    ids = view.unlabeled
    points, centres = view.signal("latent"), view.signal("latent", view.labeled.ids)
    costs = view.cost(ids)
    if not robust:
        return ids[farthest_first(points, centres, costs, budget, rng)]
    rows, cover = robust_first(points, centres, costs, budget, rng, time_limit)
    view.note(gap=cover.gap, time_limit=time_limit, timed_out=cover.timed_out)
    return ids[rows]
