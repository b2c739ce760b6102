"""A run's time is that of its models: the harness around them takes next to none."""

from pathlib import Path
from time import process_time
from typing import Any

import pytest

from bench.loop import acquisition, clock, harness
from bench.loop.event import Reporter
from bench.loop.fit import FitStore
from bench.loop.plan import Cell, Request

STRATEGY, ROUNDS = "alise", 2


def test_all_but_fits_queries_and_scores_is_two_percent_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, benchmark: Any
) -> None:
    """Of the CPU time: streams, ledger, trainer, fit store, rows and their way to the disk."""
    monkeypatch.setattr(clock.time, "perf_counter", process_time)
    queries: list[float] = []

    def timed(*asked: Any) -> acquisition.Acquisition:
        with clock.lap(cell.device) as query:  # with its warm-up and its reference pass
            chosen = acquisition.acquire(*asked)
        queries.append(query.seconds)
        return chosen

    monkeypatch.setattr(harness, "acquire", timed)
    chosen = {"task": "flights", "protocol": "alise", "learner": None, "strategies": (STRATEGY,)}
    request = Request(
        **chosen, seeds=1, rounds=ROUNDS, jobs=1, device="cpu", out=tmp_path, data_root=None
    )
    cell = Cell(request, STRATEGY, 0)
    assert cell.done() == []  # as the plan asks, which loads the task
    report = Reporter(cell.name, cell.rounds, cell.config.duration, lambda event: None)
    start = process_time()
    rows = benchmark.pedantic(lambda: harness.run(cell, FitStore(tmp_path / "f"), "serial", report))
    whole = process_time() - start
    fits = sum(row.fit_seconds + (row.own_fit_seconds or 0) for row in rows)
    parts = fits + sum(row.evaluation_seconds for row in rows) + sum(queries)
    share = 1 - parts / whole
    benchmark.extra_info.update(whole=whole, parts=parts, overhead=share)
    print(f"\n{STRATEGY}: {whole:.1f} s of CPU time, {100 * share:.2f} % of it the harness's")
    assert (len(rows), len(queries)) == (ROUNDS, ROUNDS)
    assert share < 0.02
