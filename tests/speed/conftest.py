"""How speeds are compared: in turn, on one thread, in the process's own CPU seconds."""

from collections.abc import Callable, Iterator
from statistics import median
from time import process_time
from typing import Any

import pytest
import torch
from torch import Tensor

from bench.data.pool import Pool
from bench.learners.learner import Labeled, Learner
from bench.loop import acquisition, clock, strategy
from bench.loop.budget import Budget

Run = Callable[[], object]


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def ratio() -> Callable[..., float]:
    """CPU time of `ours` per CPU time of `theirs`: the median over pairs, run in turn."""

    def seconds(run: Run) -> float:
        start = process_time()
        run()
        return process_time() - start

    def compare(ours: Run, theirs: Run, rounds: int = 5) -> float:
        seconds(ours)
        seconds(theirs)
        return median(seconds(ours) / seconds(theirs) for _ in range(rounds))

    return compare


class Bought:
    """As much of a ledger as a query reads."""

    def __init__(self, inputs: Any, labeled: Labeled) -> None:
        self.unlabeled = torch.arange(len(inputs))
        self.pool = Pool(self.unlabeled, inputs, torch.ones_like(self.unlabeled))
        self.history: list[Tensor] = []
        self._labeled = labeled

    def labeled(self) -> Labeled:
        return self._labeled


@pytest.fixture
def query(
    learner: Learner, labeled: Labeled, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], acquisition.Acquisition]:
    """One query of a strategy for 300 of the module's pool, timed in CPU seconds."""
    monkeypatch.setattr(clock.time, "perf_counter", process_time)

    def ask(name: str) -> acquisition.Acquisition:
        rng, ledger = torch.Generator().manual_seed(0), Bought(pool, labeled)
        return acquisition.acquire(strategy.load(name), learner, ledger, Budget(300), rng)  # type: ignore[arg-type]

    return ask
