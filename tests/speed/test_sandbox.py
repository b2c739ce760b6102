"""The sandbox adds at most a fifth to what a query takes, on real sentences."""

from pathlib import Path
from statistics import median
from typing import Any

import pytest

from bench.loop import strategy
from bench.loop.acquisition import acquire
from bench.loop.event import Reporter
from bench.loop.fit import FitStore
from bench.loop.ledger import Ledger
from bench.loop.plan import Cell, Request
from bench.loop.seed import Streams
from bench.loop.trainer import Trainer
from bench.spec import Spec


@pytest.fixture(scope="module")
def ledger(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """ATIS with its first 300 sentences labelled, a model of them, and what is left to spend."""
    out = tmp_path_factory.mktemp("out")
    learner = Spec.parse("bilstm-aligned[epochs=1]")  # scoring takes as long after one as after 50
    request = Request("atis", "alise", learner, ("lc",), 1, 2, 1, "cpu", out, data_root)
    cell, streams = Cell(request, "lc", 0), Streams(0)
    deal = cell.task.deal(streams("split"))
    ledger = Ledger(deal)
    ledger.reveal(ledger.initial(cell.targets[0], streams("initial")))
    report = Reporter(cell.name, 1, 1, lambda event: None)
    models = Trainer(cell, ledger, deal.judge, FitStore(out), report).fit("supervised")
    return ledger, models.asked, ledger.budget(cell.targets[1])


def test_a_query_of_lc_takes_at_most_a_fifth_longer(ledger: Any) -> None:
    labeled, learner, budget = ledger
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(9):
        for inside, taken in seconds.items():
            chooser = strategy.load("lc", sandboxed=inside)
            query = acquire(chooser, learner, labeled, budget, Streams(0)("strategy"))
            taken.append(query.seconds)
    assert median(seconds[True]) <= 1.2 * median(seconds[False]), seconds
