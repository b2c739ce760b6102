"""What a query costs: strategies timed over pools of many sizes, one after the other, alone.

The models are trained once, on what a task's protocol has labelled before its last query. A pool
holds that many sentences and, beside them, so many that nobody has labelled: the task's own again,
each with a word changed (`bench.data.resample`).
"""

import gc
from collections.abc import Sequence
from functools import cached_property
from statistics import mean
from typing import Any

import pyarrow as pa
import torch
from torch import Tensor

from bench import __version__
from bench.data.pool import Pool
from bench.data.resample import resample
from bench.learners.learner import Labeled, Learner
from bench.learners.phase import heard
from bench.loop import clock, energy, fit, memory
from bench.loop.acquisition import WARM_UP, afford, ask
from bench.loop.budget import Budget, SelectionError
from bench.loop.event import Notify, Reporter
from bench.loop.fit import FitStore
from bench.loop.ledger import Ledger
from bench.loop.plan import Cell
from bench.loop.query import Query, excess
from bench.loop.seed import Streams
from bench.loop.strategy import Strategy
from bench.loop.trainer import Models, Trainer
from bench.loop.view import View
from bench.rows import speed
from bench.rows.speed import SPEED_VERSION, Speed


class Bench:
    """One task's models and pools, made when first needed."""

    def __init__(self, cell: Cell) -> None:
        task, streams = cell.task, Streams(cell.seed)
        deal = task.deal(streams("split"))
        self.cell, self.ledger = cell, Ledger(deal)
        before, last = task.protocol.targets[-2:]
        self.ledger.reveal(self.ledger.initial(before, streams("initial"), cell.each))
        self.budget = Budget(last - before)
        self._judge, self._fits = deal.judge, FitStore(fit.home(cell.request.out, "speed"))
        self._models: dict[str, Models] = {}
        self._pool: tuple[int, Pool, Tensor] | None = None

    def models(self, objective: str, report: Reporter) -> Models:
        """The successor, and the own model of an objective beside it."""
        if objective not in self._models:
            trainer = Trainer(self.cell, self.ledger, self._judge, self._fits, report)
            self._models[objective] = trainer.fit(objective)
        return self._models[objective]

    @cached_property
    def ground(self) -> int | None:
        """Bytes held before there was a pool."""
        gc.collect()
        return memory.resident()

    @cached_property
    def labeled(self) -> Labeled:
        """What is labelled, under the first ids of every pool."""
        known = self.ledger.labeled()
        return Labeled(torch.arange(len(known.ids)), known.inputs, known.labels)

    def pool(self, size: int) -> tuple[Pool, Tensor]:
        """A pool with so many unlabelled items, and the ids of these."""
        if self._pool is None or self._pool[0] != size:
            self._pool = None
            stream = Streams(self.cell.seed)("split")
            source = self.ledger.pool.inputs(self.ledger.pool.ids)
            inputs = pa.concat_arrays([self.labeled.inputs, resample(source, size, stream)])
            ids, words = torch.arange(len(inputs)), self.ledger.kind.words
            spent = self.cell.task.protocol.unit == "words"
            costs = words(inputs) if spent else torch.ones_like(ids)
            self._pool = size, Pool(ids, inputs, costs), ids[len(self.labeled.ids) :]
        return self._pool[1:]


def execute(
    todo: Sequence[Query], rows: Sequence[Speed], limit: float, notify: Notify
) -> list[tuple[str, str]]:
    """Time queries, each row durable before the next begins; those that failed, and why.

    `rows` are what is known already, `limit` seconds a query; see `excess`.
    """
    if not todo:
        return []
    known, failed, bench = list(rows), list[tuple[str, str]](), Bench(todo[0].cell)
    for query in todo:
        report = Reporter(query.name, query.repeats, query.cell.config.duration, notify)
        if reason := excess(query, known, limit):
            report.tell("done", f"left out: {reason}")
            continue
        try:
            known.append(measure(bench, query, report))
        except SelectionError as error:
            failed.append((query.name, str(error)))
            report.tell("failed", str(error))
            continue
        speed.write(query.path, known[-1])
        report.tell("done", known[-1].summary)
    return failed


def measure(bench: Bench, query: Query, report: Reporter) -> Speed:
    """Time one strategy over one pool; SelectionError when it fails.

    RULES, 5: after a warm-up, every repeat under the clock alone, right after a pass of its own.
    """
    strategy, models = query.strategy, bench.models(query.strategy.objective, report)
    learner, ground = models.asked, bench.ground
    pool, unlabeled = bench.pool(query.size)
    if query.timed < query.size:
        drawn = torch.randperm(query.size, generator=Streams(bench.cell.seed)("order"))
        unlabeled = unlabeled[drawn[: query.timed].sort().values]
    _warm(learner, pool, unlabeled, strategy)
    seconds, passes, used = list[float](), list[float](), list[float]()
    with memory.peak(learner.device) as peak:
        for number in range(query.repeats):
            gc.collect()
            with clock.lap(learner.device) as reference:
                learner.signal("latent", pool.inputs(unlabeled))
            before = energy.joules(learner.device)
            with clock.lap(learner.device) as lap:
                ranking = _asked(bench, query, learner, pool, unlabeled)
            after = energy.joules(learner.device)
            used += [] if before is None or after is None else [after - before]
            afford(ranking, pool, unlabeled, bench.budget)
            seconds.append(lap.seconds)
            passes.append(reference.seconds)
            report.repeat(number + 1)
    return Speed(
        **_identity(bench, query, models),
        words=int(bench.ledger.kind.words(pool.inputs(unlabeled)).sum()),
        seconds=seconds,
        pass_seconds=passes,
        phases=_phases(bench, query, learner, pool, unlabeled),
        host_bytes=None if peak.host is None or ground is None else max(0, peak.host - ground),
        device_bytes=peak.device,
        joules=mean(used) if used else None,
    )


def _asked(bench: Bench, query: Query, learner: Learner, pool: Pool, unlabeled: Tensor) -> Tensor:
    """What the strategy ranks."""
    needs, known = query.strategy.needs, bench.labeled
    view = View(pool, unlabeled, known, [known.ids], learner, needs)
    return ask(query.strategy, view, bench.budget, Streams(bench.cell.seed)("strategy"))


def _warm(learner: Learner, pool: Pool, unlabeled: Tensor, strategy: Strategy) -> None:
    """As before every query of a run, but that no more than 10,000 items are encoded."""
    learner.signal("latent", pool.inputs(unlabeled[:10_000]))
    for name in strategy.needs:
        learner.signal(name, pool.inputs(unlabeled[:WARM_UP]))


def _phases(
    bench: Bench, query: Query, learner: Learner, pool: Pool, unlabeled: Tensor
) -> dict[str, float]:
    """Seconds by phase of one more query; what is in none is the picking."""
    phases = clock.Phases(learner.device)
    with heard(phases), phases("pick"):
        _asked(bench, query, learner, pool, unlabeled)
    return dict(phases.seconds)


def _identity(bench: Bench, query: Query, models: Models) -> dict[str, Any]:
    task, protocol, learner, strategy, device = query.identity
    cell, own = query.cell, models.own
    return {
        **{"task": task, "protocol": protocol, "learner": learner, "strategy": strategy},
        **{"seed": cell.seed, "device": device, "pool": query.size, "timed": query.timed},
        "labeled": len(bench.labeled.ids),
        "budget": bench.budget.amount,
        "unit": cell.task.protocol.unit,
        "fit_seconds": models.successor.score.fit_seconds,
        "own_fit_seconds": own.score.fit_seconds if own else None,
        **query.origin,
        "schema_version": SPEED_VERSION,
        "bench_version": __version__,
        "created": clock.now(),
    }
