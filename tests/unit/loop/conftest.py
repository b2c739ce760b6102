"""A round whose signals are tables: what strategies are asked with."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest
import torch
from torch import Tensor

from bench.data.pool import Pool
from bench.learners.learner import Labeled
from bench.loop import strategy
from bench.loop.budget import Budget
from bench.loop.view import View

Options = list[tuple[str, dict[str, Any]]]


class Table:
    """A learner whose signals are tables; an item's input is the number of its row."""

    def __init__(self, tables: dict[str, Tensor], asked: Options) -> None:
        self.tables, self.asked = tables, asked

    def signal(self, name: str, inputs: pa.ListArray, **options: Any) -> Tensor:
        self.asked.append((name, options))
        return self.tables[name][[int(words[0]) for words in inputs.to_pylist()]]

    def signals(self, names: Sequence[str], inputs: pa.ListArray) -> list[Tensor]:
        return [self.signal(name, inputs) for name in names]


@pytest.fixture
def asked() -> Options:
    """The signals that were asked for, with their options."""
    return []


@pytest.fixture
def view(asked: Options) -> Callable[..., View]:
    """A round whose first rows are labelled; ids are not rows."""

    def make(
        signals: dict[str, Tensor],
        labeled: int,
        needs: tuple[str, ...],
        costs: Any = None,
        labels: Sequence[Sequence[str]] | None = None,
    ) -> View:
        count = len(next(iter(signals.values())))
        ids = 3 * torch.arange(count) + 5
        inputs = pa.array([[str(row)] for row in range(count)])
        known = inputs[:labeled] if labels is None else pa.array(labels, inputs.type)
        bought = Labeled(ids[:labeled], inputs[:labeled], known)
        pool = Pool(ids, inputs, torch.ones_like(ids) if costs is None else torch.tensor(costs))
        learner: Any = Table(signals, asked)
        return View(pool, ids[labeled:], bought, [], learner, needs)

    return make


@pytest.fixture
def notes() -> dict[str, float]:
    """What the strategy that was asked last noted."""
    return {}


@pytest.fixture
def ask(view: Callable[..., View], notes: dict[str, float]) -> Callable[..., list[int]]:
    """The rows that a strategy chooses, in order."""

    def answer(
        text: str,
        labeled: int,
        amount: int,
        seed: int = 0,
        costs: Any = None,
        labels: Any = None,
        **signals: Tensor,
    ) -> list[int]:
        chosen = strategy.load(text)
        seen = view(signals, labeled, chosen.needs, costs, labels)
        rng = torch.Generator().manual_seed(seed)
        ids = chosen.select(seen, Budget(amount), rng, **dict(chosen.spec.params))
        notes.clear()
        notes.update(seen.notes)
        return [(int(i) - 5) // 3 for i in ids]

    return answer
