"""Random sampling: the baseline that every strategy has to beat (Settles 2010, survey)."""

import torch

from bench.loop.budget import Budget
from bench.loop.view import View

needs = ()


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    ids = view.unlabeled
    return ids[torch.randperm(len(ids), generator=rng)]
