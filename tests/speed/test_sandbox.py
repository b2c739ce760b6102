"""The sandbox adds at most a fifth to what a query takes, on real sentences (-s prints it)."""

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


def taken(name: str, ledger: Any) -> tuple[float, float]:
    """Median seconds of a query outside and inside, asked in turn."""
    labeled, learner, budget = ledger
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(9):
        for inside, found in seconds.items():
            chooser = strategy.load(name, sandboxed=inside)
            query = acquire(chooser, learner, labeled, budget, Streams(0)("strategy"))
            found.append(query.seconds)
    return median(seconds[False]), median(seconds[True])


def test_a_query_of_lc_takes_at_most_a_fifth_longer(ledger: Any) -> None:
    outside, inside = taken("lc", ledger)
    nothing = taken("random", ledger)[1]
    print(f"\nlc ×{inside / outside:.2f}; what costs nothing takes {1000 * nothing:.0f} ms inside")
    assert inside <= 1.2 * outside
