"""DAL: what a classifier takes for unlabelled goes first (Gissin & Shalev-Shwartz 2019).

The budget is split over mini-queries. Before each, the classifier is trained anew, what the ones
before picked counting as labelled. Logits are compared, since probabilities saturate. What is
picked comes first; all others follow in the order of the last classifier.
"""

import torch

from bench.loop.budget import Budget
from bench.loop.membership import membership
from bench.loop.ranking import rank
from bench.loop.view import View

needs = ("latent",)
limits = {"mini_queries": (1, 1_000)}


def select(
    view: View, budget: Budget, rng: torch.Generator, mini_queries: int = 10
) -> torch.Tensor:
    ids = view.unlabeled
    costs, points = view.cost(ids), view.signal("latent")
    labeled = view.signal("latent", view.labeled.ids)
    chosen, rest, spent = torch.arange(0), torch.arange(len(ids)), 0
    for query in range(1, mini_queries + 1):
        part = Budget(budget.amount * query // mini_queries - spent)
        if part.amount <= 0 or len(rest) == 0:
            continue
        logits = membership(torch.cat([labeled, points[chosen]]), points[rest], rng)
        ranked = rank(rest, logits, rng)
        count = part.reach(costs[ranked])
        chosen, rest = torch.cat([chosen, ranked[:count]]), ranked[count:]
        spent += int(costs[ranked[:count]].sum())
    return ids[torch.cat([chosen, rest])]
