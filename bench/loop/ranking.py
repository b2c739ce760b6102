"""Maths that several strategies share: from priorities to a ranking."""

import torch
from torch import Tensor

from bench.loop.budget import SelectionError


def rank(ids: Tensor, priority: Tensor, rng: torch.Generator) -> Tensor:
    """Ids by priority, highest first, ties in random order; all int64 [n] on the host.

    SelectionError when a priority is NaN, since no order would mean anything then.
    """
    priority = priority.to("cpu", torch.float64)
    if priority.isnan().any():
        strange = int(ids[priority.isnan()][0])
        raise SelectionError(f"The strategy's priority of item {strange} is NaN.")
    shuffled = torch.randperm(len(ids), generator=rng)
    return ids[shuffled[torch.argsort(priority[shuffled], descending=True, stable=True)]]


def sequence_entropy(log_probs: Tensor, normalize: bool = False) -> Tensor:
    """−Σ P log P over the N most likely parses (Kim et al. 2006); log P [n, N] → [n].

    `normalize` makes the N probabilities sum to one first. Absent parses (−inf) add nothing.
    """
    if normalize:
        log_probs = torch.log_softmax(log_probs, -1)
    entropy: Tensor = torch.special.entr(log_probs.double().exp()).sum(-1)
    return entropy
