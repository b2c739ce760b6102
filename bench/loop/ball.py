"""Balls around points: how large they may be to be pure, and which cover most (Yehuda et al. 2022).

The graph of who lies in whose ball is never stored: it may have as many edges as pairs of points.
"""

import torch
from torch import Tensor

from bench.loop.budget import Budget
from bench.loop.neighbour import nearest, within

_IMPURE = 20
"""One ball in twenty may be impure: a purity of 0.95."""


def pure_radius(points: Tensor, groups: Tensor) -> float:
    """The largest radius at which 95 % of the balls around points [n, d] are pure.

    A ball is pure when all points in it are of one cluster (`groups` [n], on the host): when its
    radius is less than the distance to the nearest point of another cluster. Infinite where there
    is one cluster only. SelectionError when a point is not finite.
    """
    limits = torch.full((len(points),), torch.inf, dtype=torch.float64)
    names = set(groups.tolist())
    for group in names if len(names) > 1 else ():
        inside = groups == group
        here, there = points[inside.to(points.device)], points[~inside.to(points.device)]
        limits[inside] = nearest(here, there, 1)[0].squeeze(1).cpu()
    # A hair less than the distance itself, on whose side no rounding puts a point.
    return float(limits.sort().values[len(limits) // _IMPURE]) * (1 - 1e-9)


def cover_first(
    points: Tensor,
    labeled: Tensor,
    radius: float,
    costs: Tensor,
    budget: Budget,
    rng: torch.Generator,
) -> Tensor:
    """Rows of points [n, d], each with the most points in its ball that no ball covers so far.

    The balls of labelled points [m, d] cover from the start. When all is covered, the rest comes
    in random order. Until the costs [n] reach the budget; int64 [k]. Ties are broken at random: the
    points are shuffled first. SelectionError when a point is not finite.
    """
    order = torch.randperm(len(points), generator=rng)
    points, labeled = points[order.to(points.device)].double(), labeled.double()
    bare = within(points, labeled, radius) == 0  # what no ball covers
    degrees = within(points, points[bare], radius)
    prices, left, chosen = costs.cpu()[order], budget.amount, list[int]()
    while left > 0 and degrees.max() > 0:
        row = int(degrees.argmax())
        gaps = bare.nonzero().squeeze(1)
        covered = gaps[within(points[gaps], points[row : row + 1], radius) > 0]
        degrees -= within(points, points[covered], radius)
        bare[covered] = False
        degrees[row] = -len(points)  # it is not chosen again, whatever is taken off others
        chosen.append(row)
        left -= int(prices[row])
    rest = torch.ones(len(points), dtype=torch.bool)
    rest[chosen] = False
    rows = torch.cat([torch.tensor(chosen, dtype=torch.int64), rest.nonzero().squeeze(1)])
    return order[rows[: budget.reach(prices[rows])]]
