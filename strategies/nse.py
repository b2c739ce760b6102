"""N-best sequence entropy: −Σ P log P over the N best parses (Kim et al. 2006; ALISE, Eq. 4).

`width` is N; `normalize` makes the N probabilities sum to one first, as Kim et al. do.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank, sequence_entropy
from bench.loop.view import View

needs = ("nbest_log_probs",)
limits = {"width": (1, 100), "decode": ("batched", "sequential")}


def select(
    view: View,
    budget: Budget,
    rng: torch.Generator,
    width: int = 5,
    normalize: bool = False,
    decode: str = "batched",
) -> torch.Tensor:
    parses = view.signal("nbest_log_probs", width=width, decode=decode)
    return rank(view.unlabeled, sequence_entropy(parses, normalize), rng)
