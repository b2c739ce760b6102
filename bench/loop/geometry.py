"""Selections among points: k-means++ seeding and farthest-first traversal, a product per centre.

A cloud of points is known by its squared norms and its inner products with one point, so that
points may be dense or stay factored, as the gradients of a last layer do.
"""

from typing import Protocol

import torch
from torch import Tensor

from bench.loop.budget import Budget
from bench.loop.neighbour import ELEMENTS, finite


class Cloud(Protocol):
    """Points as far as a selection among them has to know them."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Tensor) -> "Cloud":
        """The points at some rows."""
        ...

    def norms(self) -> Tensor:
        """Squared Euclidean norms [n]."""
        ...

    def products(self, row: int, count: int | None = None) -> Tensor:
        """Inner products of the first `count` points, or of all, with the point `row`."""
        ...


class Points:
    """A cloud of dense points [n, d], kept by dimension: products are several times as fast so."""

    def __init__(self, matrix: Tensor) -> None:
        self.columns = matrix.T.contiguous()

    def __len__(self) -> int:
        return self.columns.shape[1]

    def __getitem__(self, rows: Tensor) -> "Points":
        """The points at some rows."""
        return Points(self.columns.T[rows])

    def norms(self) -> Tensor:
        """Squared Euclidean norms [n]."""
        squares: Tensor = torch.linalg.vector_norm(self.columns, dim=0).square_()
        return squares

    def products(self, row: int, count: int | None = None) -> Tensor:
        """Inner products of the first `count` points, or of all, with the point `row`."""
        return self.columns[:, :count].T @ self.columns[:, row]


def squared_distances(cloud: Cloud, norms: Tensor, row: int, count: int | None = None) -> Tensor:
    """‖x − x_row‖² of the first `count` points, or of all; exactly 0 for the row itself."""
    products = cloud.products(row, count)
    distances = (norms[:count] + norms[row]).sub_(products, alpha=2).clamp_(min=0)
    distances[row : row + 1] = 0  # where it is among them
    return distances


def k_means_plus_plus(
    cloud: Cloud, weights: Tensor, costs: Tensor, budget: Budget, rng: torch.Generator
) -> Tensor:
    """Rows drawn as k-means++ draws its centres, until their costs reach the budget; int64 [k].

    The first with a probability ∝ w·‖x‖² (Ash et al. 2020), each further one ∝ w·D², D its
    distance to the nearest before it (Arthur & Vassilvitskii 2007). When all that are left equal
    some centre, they are equally likely. `weights` and `costs` are [n]. A draw takes one uniform
    number, whose place among the cumulative sums in float64 is the row; these are summed on the
    host, where a row without mass cannot be met. SelectionError when a norm is not finite.
    """
    order = finite(cloud.norms()).argsort(descending=True, stable=True)
    cloud, rows = cloud[order], order.cpu()
    norms, weights = cloud.norms(), weights.to("cpu", torch.float64)[rows]
    lengths, free = norms.sqrt(), torch.ones(len(cloud), dtype=torch.float64)
    prices, left = costs.cpu()[rows].tolist(), budget.amount
    nearest, chosen = torch.full_like(norms, torch.inf), list[int]()
    while left > 0 and len(chosen) < len(cloud):
        share = float(torch.rand((), dtype=torch.float64, generator=rng))
        mass = nearest if chosen else norms
        row = _place(weights * free * mass.to("cpu", torch.float64), share)
        if row == len(cloud):
            row = _place(free, share)
        # A point is no nearer than their lengths differ: behind the last that may be, none is.
        near = ((lengths - lengths[row]).square() < nearest).nonzero()
        reach = int(near[-1]) + 1 if len(near) else 0
        distances = squared_distances(cloud, norms, row, reach)
        nearest[:reach] = torch.minimum(nearest[:reach], distances)
        free[row] = 0
        chosen.append(row)
        left -= prices[row]
    return rows[chosen]


def farthest_first(
    points: Tensor, centres: Tensor, costs: Tensor, budget: Budget, rng: torch.Generator
) -> Tensor:
    """Rows of points [n, d], each the farthest from all centres [m, d] and from those before it.

    Greedy k-centre (Gonzalez 1985), until their costs [n] reach the budget; int64 [k]. Without
    centres the first is any. Ties are broken at random: the points are shuffled first.
    SelectionError when a norm is not finite.
    """
    order = torch.randperm(len(points), generator=rng)
    middle = points.mean(0)  # around it, norms and products cancel least
    cloud = Points(points[order.to(points.device)].sub_(middle))
    norms = finite(cloud.norms())
    nearest = _nearest(cloud.columns.T, norms, centres - middle)
    prices, left = costs.cpu()[order].tolist(), budget.amount
    chosen: list[int] = []
    while left > 0 and len(chosen) < len(cloud):
        row = int(nearest.argmax())
        torch.minimum(nearest, squared_distances(cloud, norms, row), out=nearest)
        nearest[row] = -1  # below all distances, those of duplicates too
        chosen.append(row)
        left -= prices[row]
    return order[chosen]


def _nearest(points: Tensor, norms: Tensor, centres: Tensor) -> Tensor:
    """Squared distance of every point to its nearest centre [n]; infinite without centres."""
    if len(centres) == 0:
        return torch.full_like(norms, torch.inf)
    squares, size = centres.square().sum(1), max(1, ELEMENTS // len(centres))
    found = torch.empty_like(norms)  # filled at once: what is kept between parts scatters the heap
    leasts = found.split(size)  # type: ignore[no-untyped-call]
    for part, least in zip(torch.split(points, size), leasts, strict=True):
        torch.amin(torch.addmm(squares, part, centres.T, alpha=-2), 1, out=least)
    return found.add_(norms).clamp_(min=0)


def _place(mass: Tensor, share: float) -> int:
    """The index where the cumulative sums of a mass [n] first exceed a share of it; n without."""
    sums = mass.cumsum(0)
    return int(torch.searchsorted(sums, share * sums[-1], right=True))
