"""A strategy over a pool of some size: what `bench speed` is to time, and what it leaves out."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.error import UsageError
from bench.loop import strategy as strategies
from bench.loop.plan import Cell, Request, load_task
from bench.loop.strategy import Strategy
from bench.rows import speed
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
    def identity(self) -> tuple[str, str, str, str, str]:
        """Task, protocol, learner, strategy and device of its row."""
        key = self.cell.key
        learner = str(self.cell.learner)
        return (key.task, key.protocol, learner, str(self.strategy.spec), key.device)


def queries(request: Request, sizes: Sequence[int], repeats: int) -> list[Query]:
    """All queries of a request, small pools first; its strategies by default are all that apply.

    Those that decode are there twice then, batched and one sentence at a time. UsageError for what
    does not apply, and for sizes or repeats below 1.
    """
    if repeats < 1 or not sizes or min(sizes) < 1:
        raise UsageError("--sizes and --repeats take numbers from 1 on, such as 2400,10000 and 5.")
    names = strategies.names()
    slow = (f"{name}{SEQUENTIAL}" for name in ("lc", "margin", "nse"))
    load_task(request)
    cells = [Cell(request, text, 0) for text in request.strategies or (*names, *slow)]
    for cell in cells:
        if cell.chooser is None or (request.strategies and cell.missing):
            lacks = ", ".join(cell.missing) or "a query: it labels everything"
            raise UsageError(f"'{cell.strategy}' does not apply to '{cell.learner}': no {lacks}.")
    fit = [cell for cell in cells if not cell.missing]
    return [Query(cell, size, repeats) for size in sorted(set(sizes)) for cell in fit]


def excess(query: Query, rows: Sequence[Speed], limit: float) -> str | None:
    """Why a query is not tried: what it took with the largest smaller pool, times as many items.

    `limit` are seconds a query. None where nothing speaks against it, or nothing is known.
    """
    smaller = [row for row in rows if row.pool < query.size and row.strategy == query.identity[3]]
    if not smaller:
        return None
    last = max(smaller, key=lambda row: row.pool)
    factor = query.timed / last.timed
    if (seconds := last.query * last.timed / last.pool * factor) > limit:
        return f"a query would take some {seconds:,.0f} s; see --limit"
    if (last.host_bytes or 0) * factor > _memory():
        return f"it would take some {(last.host_bytes or 0) * factor / 2**30:.0f} GiB of memory"
    return None


def _memory() -> int:
    """Bytes of memory that this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
