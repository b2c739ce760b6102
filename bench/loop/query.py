"""A strategy over a pool of some size: what `bench speed` is to time, and what it leaves out."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from bench.data.task import Task
from bench.error import UsageError
from bench.loop import provenance
from bench.loop import strategy as strategies
from bench.loop.plan import Cell, Request, plan
from bench.loop.strategy import Strategy
from bench.rows import speed
from bench.rows.schema import FULL
from bench.rows.speed import Speed

SAMPLE = 1_000
"""Items that a query one at a time is timed on; beyond, it is extrapolated."""
SEQUENTIAL = "[decode=sequential]"


@dataclass(frozen=True)
class Query:
    """A strategy to be timed over a pool of some size."""

    cell: Cell
    size: int
    repeats: int

    @property
    def name(self) -> str:
        """In a few words."""
        return f"{self.cell.chooser.spec if self.cell.chooser else ''} of {self.size:,}"

    @property
    def strategy(self) -> Strategy:
        """Who is asked."""
        assert self.cell.chooser is not None
        return self.cell.chooser

    @property
    def timed(self) -> int:
        """How many items it is timed on."""
        sequential = ("decode", "sequential") in self.strategy.spec.params
        return min(self.size, SAMPLE) if sequential else self.size

    @property
    def path(self) -> Path:
        """Where its row goes."""
        out = self.cell.request.out
        assert isinstance(out, Path)  # no object store
        return speed.path(out, *self.identity, self.size)

    @property
    def origin(self) -> dict[str, str]:
        """What its row was made with, as columns: rows compare where these are the same."""
        names = ("config", "rules_version", "data_digest", "config_digest")
        return {
            **{name: self.cell.origin[name] for name in names},
            "environment": provenance.environment(),
            "code_digest": provenance.code_digest(""),
            "strategy_digest": self.strategy.digest,
        }

    def same(self, rows: Sequence[Speed]) -> list[Speed]:
        """Those rows that are of the same task, learner, strategy and device, by pool."""
        names = ("task", "protocol", "learner", "strategy", "device")
        found = (row for row in rows if _of(row, names) == self.identity)
        return sorted(found, key=lambda row: row.pool)

    def done(self, rows: Sequence[Speed]) -> Speed | None:
        """Its own row, if it is there."""
        return next((row for row in self.same(rows) if row.pool == self.size), None)

    def outdated(self, rows: Sequence[Speed]) -> bool:
        """Whether its row is there, but of other code, data or settings, or of another machine."""
        row = self.done(rows)
        return row is not None and _of(row, tuple(self.origin)) != tuple(self.origin.values())

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        """Task, protocol, learner, strategy and device of its row."""
        key = self.cell.key
        learner = str(self.cell.learner)
        return (key.task, key.protocol, learner, str(self.strategy.spec), key.device)


def _of(row: Speed, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(getattr(row, name) for name in names)


def queries(request: Request, sizes: Sequence[int], repeats: int) -> list[Query]:
    """All queries of a request, small pools first; its strategies by default are all that apply.

    Those that decode are there twice then, batched and one sentence at a time. UsageError for what
    does not apply, and for sizes or repeats below 1.
    """
    if repeats < 1 or not sizes or min(sizes) < 1:
        raise UsageError("--sizes and --repeats take numbers from 1 on, such as 2400,10000 and 5.")
    slow = (f"{name}{SEQUENTIAL}" for name in ("lc", "margin", "nse"))
    asked = request.strategies or (*strategies.names(), *slow)
    if FULL in asked:
        raise UsageError(f"'{FULL}' is no strategy to be timed: it labels everything.")
    found = plan(replace(request, strategies=asked))
    cells = (*found.cells, *found.finished)
    _check(cells[0].task)
    if request.strategies and found.inapplicable:
        name, missing = next(iter(found.inapplicable.items()))
        learner = cells[0].learner.name
        raise UsageError(f"'{name}' does not apply to '{learner}': no {', '.join(missing)}.")
    return [Query(cell, size, repeats) for size in sorted(set(sizes)) for cell in cells]


def _check(task: Task) -> None:
    if len(task.protocol.targets) < 2 or not isinstance(task.corpus.inputs, pa.ChunkedArray):
        raise UsageError(
            f"`bench speed` makes pools of sentences, for a protocol with queries: "
            f"'{task.card.name}-{task.protocol.name}' has none; see `bench list tasks`."
        )


def excess(query: Query, rows: Sequence[Speed], limit: float) -> str | None:
    """Why a query is not tried: what it took with the largest smaller pool, times as many items.

    `limit` are seconds a query. None where nothing speaks against it, or nothing is known.
    """
    smaller = [row for row in query.same(rows) if row.pool < query.size]
    if not smaller:
        return None
    last = smaller[-1]
    factor = query.timed / last.timed
    if (seconds := last.query * last.timed / last.pool * factor) > limit:
        return f"a query would take some {seconds:,.0f} s; see --limit"
    if (last.host_bytes or 0) * factor > _memory():
        return f"it would take some {(last.host_bytes or 0) * factor / 2**30:.0f} GiB of memory"
    return None


def _memory() -> int:
    """Bytes of memory that this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
