"""A classifier of labelled against unlabelled points (Gissin & Shalev-Shwartz 2019, section 4)."""

from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from bench.learners.layer import build
from bench.learners.phase import phase

WIDTH = 256
RATIO = 10
"""Unlabelled points in training for each labelled one."""
ACCURACY = 0.98
"""The share of an epoch's points told right at which training stops."""
STEPS = 1_200
"""The end of training where labelled and unlabelled points cannot be told apart so well."""
BATCH = 256


def membership(labeled: Tensor, unlabeled: Tensor, rng: torch.Generator) -> Tensor:
    """Logits of P(unlabelled) of the unlabelled points; labelled [m, d], unlabelled [n, d] → [n].

    Trained from scratch against 10 · m unlabelled points by Adam, in batches of 256, until an
    epoch gets 98 % right, 1,200 steps at most. Both sides weigh the same in the loss, as in the
    authors' code: else the constant answer 'unlabelled' were right for 10 of 11. Each dimension is
    standardised, which the paper does not do: latents of some learners vary by a few hundredths
    only, and could not be told apart in time.
    """
    points, count = torch.cat([labeled, unlabeled]), len(labeled)
    points = (points - points.mean(0)) / points.std(0, correction=0).clamp(min=1e-6)
    others = count + torch.randperm(len(unlabeled), generator=rng)[: RATIO * count]
    rows = torch.cat([torch.arange(count), others]).to(points.device)
    with torch.device("meta"):
        model = _perceptron(points.shape[1])
    model = _he(build(model, points.device, rng))
    with phase("auxiliary training"):
        _train(model, points[rows], (rows >= count).float(), rng)
    with torch.no_grad():
        parts = torch.split(points[count:], 8 * BATCH)
        return torch.cat([model(part) for part in parts]).squeeze(1)


def _perceptron(size: int) -> nn.Sequential:
    hidden = (layer for _ in range(2) for layer in (nn.Linear(WIDTH, WIDTH), nn.ReLU()))
    return nn.Sequential(nn.Linear(size, WIDTH), nn.ReLU(), *hidden, nn.Linear(WIDTH, 1))


@torch.no_grad()
def _he(model: nn.Sequential) -> nn.Sequential:
    """Weights that keep the variance through each ReLU, U(±√(6/fan-in)) (He et al. 2015).

    Training takes fewer steps so. The last layer has no ReLU behind it and stays as it is.
    """
    for weight in list(model.parameters())[:-2:2]:
        weight.mul_(sqrt(6))
    return model


def _train(model: nn.Module, points: Tensor, truth: Tensor, rng: torch.Generator) -> None:
    shares = torch.stack([1 - truth.mean(), truth.mean()])
    weights = 0.5 / shares[truth.long()]
    optimiser = torch.optim.Adam(model.parameters(), fused=True)
    left, right = STEPS, 0
    while left > 0 and right < ACCURACY * len(points):
        hits = torch.zeros((), device=points.device)
        order = torch.randperm(len(points), generator=rng).to(points.device)
        for rows in torch.split(order, BATCH)[:left]:
            logits = model(points[rows]).squeeze(1)
            loss = binary_cross_entropy_with_logits(logits, truth[rows], weights[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            hits += ((logits > 0) == (truth[rows] > 0)).sum()
            left -= 1
        right = int(hits)
