"""Total token entropy: the summed entropy of the tags of all words (Settles & Craven 2008).

Where words are independent given the sentence, it is the entropy of the whole tag sequence.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("token_entropy",)


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    return rank(view.unlabeled, view.signal("token_entropy", total=True), rng)
