"""Contrastive examples: near what is labelled, but said to be something else."""

import torch
from torch import Tensor

from bench.loop.neighbour import ELEMENTS, nearest

NEIGHBOURS = 10


def contrast(points: Tensor, labeled: Tensor, said: Tensor, known: Tensor) -> Tensor:
    """Mean KL(p(·|l) ‖ p(·|x)) over the 10 labelled points l nearest to each x; float64 [n].

    Margatina et al. 2021, Algorithm 1. Points [n, d] and labelled ones [m, d] with the logarithms
    of their class probabilities, `said` [n, K] and `known` [m, K]. Of fewer labelled points than
    ten, all count; without any, it is 0. SelectionError when a point is not finite.
    """
    _, rows = nearest(points, labeled, NEIGHBOURS)
    known, size = known.double(), max(1, ELEMENTS // (NEIGHBOURS * known.shape[1]))
    pairs = zip(torch.split(said.double(), size), torch.split(rows, size), strict=True)
    parts = [_divergence(known[near], part.unsqueeze(1)) for part, near in pairs]
    return torch.cat(parts).sum(1) / max(1, rows.shape[1])


def _divergence(one: Tensor, other: Tensor) -> Tensor:
    """KL(p ‖ q) over the last dimension of log p and log q; what p rules out adds nothing."""
    p = one.exp()
    terms: Tensor = (p * (one - other)).masked_fill(p == 0, 0)
    return terms.sum(-1)
