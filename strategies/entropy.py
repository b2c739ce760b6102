"""Entropy of the class distribution: −Σ P log P over the classes (Shannon 1948; Settles 2010)."""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank, sequence_entropy
from bench.loop.view import View

needs = ("class_log_probs",)


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    return rank(view.unlabeled, sequence_entropy(view.signal("class_log_probs")), rng)
