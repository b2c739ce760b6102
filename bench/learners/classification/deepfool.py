"""DeepFool (Moosavi-Dezfooli et al. 2016): the way to the nearest adversarial example, in batches.

Ducoffe & Precioso 2018 take its length for the distance to the decision boundary.
"""

from typing import Any

import torch
from torch import Tensor

STEPS = 50
"""Steps at most, as in the paper."""
OVERSHOOT = 0.02
"""How much farther than the boundary a step goes, so that it is crossed; not counted."""
TOGETHER = 64
"""Items whose gradients by all classes are held at once."""


def boundary_distance(model: Any, encoding: Any) -> Tensor:
    """L2 distance [B] from the input to its adversarial example: pixels from 0 to 1, or word
    vectors; infinite where no class has another gradient than the best one's.

    Of what no step has turned after 50, the way so far.
    """
    parts = torch.split(torch.arange(len(encoding.x), device=encoding.x.device), TOGETHER)
    return torch.cat([_distances(model, encoding.take(part)) for part in parts])


def _distances(model: Any, encoding: Any) -> Tensor:
    first = model.log_probs(encoding).argmax(1)
    moved = torch.zeros_like(encoding.x)
    stuck = torch.zeros_like(first, dtype=torch.bool)
    active = torch.arange(len(first), device=first.device)
    for _ in range(STEPS):
        now = encoding._replace(x=encoding.x + (1 + OVERSHOOT) * moved).take(active)
        logits = model.trace(now.x, now.lengths)
        same = logits.argmax(1) == first[active]
        if not same.any():
            break
        active, now = active[same], now.take(same)
        slopes = _slopes(model, now.x, now.lengths)
        way, exists = _step(logits[same], slopes, first[active])
        moved[active] += way
        stuck[active[~exists]] = True
        active = active[exists]
    length: Tensor = moved.flatten(1).norm(dim=1).masked_fill(stuck, torch.inf)
    return length


def _slopes(model: Any, x: Tensor, lengths: Tensor | None) -> Tensor:
    """The gradient of each class's logit by the input [K, B, …]."""
    pair: Any = torch.func.vjp(lambda each: model.trace(each, lengths), x)
    logits, pull = pair
    # A class at a time: vmap over them takes more, the library's convolutions being what they are.
    slopes = [pull(chosen.expand_as(logits))[0] for chosen in torch.eye(logits.shape[1]).to(x)]
    return torch.stack(slopes)


def _step(logits: Tensor, slopes: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
    """The shortest way [B, …] to the linearised boundary with another class, and where it exists.

    Of class l with gap f = f_l − f_first and slope w = w_l − w_first: |f| / ‖w‖² · w, for the l
    with the least |f| / ‖w‖ (Algorithm 2).
    """
    rows = torch.arange(len(first), device=first.device)
    gaps = (logits - logits[rows, first].unsqueeze(1)).abs()
    differences = slopes - slopes[first, rows]
    squares = differences.flatten(2).square().sum(2).T
    far = torch.where(squares > 0, gaps.square() / squares, torch.inf)
    least, chosen = far.min(1)
    scale = gaps[rows, chosen] / squares[rows, chosen]
    exists = least.isfinite()
    way = differences[chosen, rows] * scale.view(-1, *[1] * (slopes.dim() - 2))
    return torch.where(exists.view(-1, *[1] * (way.dim() - 1)), way, 0), exists
