"""CAL: unlike its labelled neighbours, in what the model says of them (Margatina et al. 2021).

Mean KL(p(·|l) ‖ p(·|x)) over the 10 labelled l nearest to x in latent space, highest first.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.contrast import contrast
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("latent", "class_log_probs")


def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    points, said = view.signals("latent", "class_log_probs")
    labeled, heard = view.signals("latent", "class_log_probs", ids=view.labeled.ids)
    return rank(view.unlabeled, contrast(points, labeled, said, heard), rng)
