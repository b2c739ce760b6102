"""Nearest neighbours and balls: distances between all of two sets of points, a part at a time."""

from collections.abc import Iterator

import torch
from torch import Tensor

from bench.loop.budget import SelectionError

ELEMENTS = 1 << 22
"""Distances that are held at once."""


def nearest(points: Tensor, others: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Distances (float64) and rows of the nearest others, nearest first; both [n, k].

    Points [n, d], others [m, d]; k is `count`, or m if that is less. SelectionError when a point
    is not finite.
    """
    count = min(count, len(others))
    parts = [_least(part, count) for part in _squares(points, others)]
    found, rows = zip(*parts, strict=True)
    return torch.cat(found).sqrt(), torch.cat(rows)


def within(points: Tensor, others: Tensor, radius: float) -> Tensor:
    """How many of the others [m, d] are no farther from each point [n, d] than a radius; [n]."""
    return torch.cat([(part <= radius**2).sum(1) for part in _squares(points, others)])


def finite(points: Tensor) -> Tensor:
    """The points themselves; SelectionError unless all values are finite."""
    if not points.isfinite().all():
        raise SelectionError("The points to choose from hold a value that is not finite.")
    return points


def _least(part: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The smallest of each row and where they are; of one, many times as fast as `topk`."""
    values, rows = part.min(1, keepdim=True) if count == 1 else part.topk(count, largest=False)
    return values, rows


def _squares(points: Tensor, others: Tensor) -> Iterator[Tensor]:
    """Squared distances in float64, some rows [·, m] at a time; near ones would cancel in less."""
    others = others.double()
    middle = others.mean(0) if len(others) else others.new_zeros(())
    others = others - middle
    norms = _norms(others)
    for part in torch.split(points, max(1, ELEMENTS // max(1, len(others)))):
        part = part.double() - middle
        products = torch.addmm(norms, part, others.T, alpha=-2)
        yield products.add_(_norms(part).unsqueeze(1)).clamp_(min=0)


def _norms(points: Tensor) -> Tensor:
    """Squared norms [n]; one that is not finite says so of its point, at less cost than looking."""
    return finite(torch.linalg.vector_norm(points, dim=1).square())
