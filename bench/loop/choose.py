"""The step after the benchmark: a strategy chooses among sentences that nobody has labelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import torch
from torch import Tensor

from bench.data.pool import Pool
from bench.data.tagging.kind import Tagging
from bench.error import UsageError
from bench.learners import registry
from bench.learners.learner import Labeled, Learner
from bench.learners.objective import Notify
from bench.loop.acquisition import afford, ask
from bench.loop.budget import Budget
from bench.loop.seed import Streams
from bench.loop.strategy import Strategy
from bench.loop.view import View
from bench.spec import Spec

_SENTENCES = pa.list_(pa.string())


@dataclass(frozen=True)
class Request:
    """Who chooses, with what model and what to spend, in words or items (sentences)."""

    strategy: Strategy
    learner: Spec
    budget: int
    unit: Literal["words", "items"]
    seed: int
    device: torch.device


def choose(
    request: Request,
    labeled: Sequence[tuple[list[str], list[str]]],
    unlabeled: Sequence[list[str]],
    tags: tuple[str, ...],
    notify: Notify,
) -> list[int]:
    """Positions among the unlabelled sentences, in the strategy's order.

    `labeled` are pairs of words and BIO2 tags of the inventory `tags`. What a round of the
    benchmark does, but that there is no oracle: a model is fitted on what is labelled, and the
    strategy asks it. UsageError when the strategy needs what the learner does not offer, or the
    budget pays for nothing; SelectionError when the strategy fails.
    """
    strategy, streams = request.strategy, Streams(request.seed)
    if missing := strategy.missing(request.learner.name):
        named = f"'{strategy.spec.name}' does not apply to '{request.learner.name}'"
        raise UsageError(f"{named}: missing signal {', '.join(missing)}.")
    kind, budget = Tagging(tags), Budget(request.budget)
    pool = _pool(kind, [*(words for words, _ in labeled), *unlabeled], request.unit)
    known, open_ = pool.ids[: len(labeled)], pool.ids[len(labeled) :]
    labels = pa.array([each for _, each in labeled], _SENTENCES)
    held = Labeled(known, pool.inputs(known), labels)
    learner = Learner(registry.make(request.learner, kind, pool.inputs(pool.ids)), request.device)
    learner.fit(held, streams, notify)
    if strategy.objective != "supervised":
        rest = pool.inputs(open_)
        learner = learner.refine(strategy.objective, held, rest, streams, notify)
    view = View(pool, open_, held, [known], learner, strategy.needs)
    ranking = ask(strategy, view, budget, streams("strategy"))
    chosen = afford(ranking, pool, open_, budget)
    if len(chosen) == 0:
        raise UsageError(
            f"A budget of {request.budget} {request.unit} pays for nothing: the first that "
            f"'{strategy.spec.name}' wants costs {int(pool.cost(ranking[:1]))}; raise the budget."
        )
    return (chosen - len(labeled)).tolist()


def _pool(kind: Tagging, sentences: Sequence[list[str]], unit: str) -> Pool:
    """All sentences under consecutive ids: the labelled ones first, for their words."""
    inputs = pa.array(sentences, _SENTENCES)
    ids = torch.arange(len(inputs))
    costs: Tensor = kind.words(inputs) if unit == "words" else torch.ones_like(ids)
    return Pool(ids, inputs, costs)
