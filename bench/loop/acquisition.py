"""One query under the clock: a warm-up, a pass to compare with, the strategy, the check."""

from dataclasses import dataclass

import torch
from torch import Tensor

from bench.data.pool import Pool
from bench.learners.learner import Learner
from bench.loop import clock
from bench.loop.budget import Budget, SelectionError, as_ids, check
from bench.loop.ledger import Ledger
from bench.loop.sandbox.host import SandboxError
from bench.loop.strategy import Strategy
from bench.loop.view import View

WARM_UP = 64
"""Items that every signal a strategy needs is computed on before its clock starts."""


@dataclass(frozen=True)
class Acquisition:
    """The ids chosen, in order, and the seconds of the strategy and of one pass over the pool.

    `notes` are what the strategy gave beside (see `View.note`).
    """

    ids: Tensor
    seconds: float
    pass_seconds: float
    notes: dict[str, float]


def acquire(
    strategy: Strategy, learner: Learner, ledger: Ledger, budget: Budget, rng: torch.Generator
) -> Acquisition:
    """Let a strategy choose; SelectionError when it fails or its answer is not valid.

    RULES, 5: from the trained model and the raw pool on the host to the ordered ids on the host.
    """
    pool, unlabeled = ledger.pool, ledger.unlabeled
    view = View(pool, unlabeled, ledger.labeled(), ledger.history, learner, strategy.needs)
    learner.signal("latent", pool.inputs(unlabeled))
    for name in strategy.needs:
        learner.signal(name, pool.inputs(unlabeled[:WARM_UP]))
    with clock.lap(learner.device) as reference:
        learner.signal("latent", pool.inputs(unlabeled))
    with clock.lap(learner.device) as query:
        ranking = ask(strategy, view, budget, rng)
    chosen = afford(ranking, pool, unlabeled, budget)
    return Acquisition(chosen, query.seconds, reference.seconds, view.notes)


def ask(strategy: Strategy, view: View, budget: Budget, rng: torch.Generator) -> Tensor:
    """A strategy's ranking: ids, int64 on the host; SelectionError whatever it does wrong.

    SandboxError where it was to run in one and there is none.
    """
    try:
        return as_ids(strategy.select(view, budget, rng, **dict(strategy.spec.params)))
    except (SelectionError, SandboxError):
        raise
    except (Exception, SystemExit) as reason:
        raise SelectionError(f"The strategy raised {type(reason).__name__}: {reason}") from reason


def afford(ranking: Tensor, pool: Pool, unlabeled: Tensor, budget: Budget) -> Tensor:
    """The leading ids that the budget pays for; SelectionError for a ranking that is not valid."""
    check(ranking, unlabeled)
    return budget.cut(ranking, pool.cost(ranking), len(unlabeled))
