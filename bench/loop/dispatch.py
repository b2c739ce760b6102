"""Cells as Ray tasks: sent out, heard, written here round by round, sent again if a node dies."""

from collections import Counter
from typing import Any

from bench.data.extra import need
from bench.error import BenchError
from bench.loop import fleet, node
from bench.loop.event import Event, Notify
from bench.loop.fleet import Patience
from bench.loop.node import Job, Told
from bench.loop.outcome import Summary
from bench.loop.parcel import Parcel
from bench.loop.plan import Cell, Plan
from bench.rows import store

DEATHS = 3
"""Workers that a cell may lose before its next round."""


def run(plan: Plan, notify: Notify) -> Summary:
    """Run a plan's cells on the cluster joined; its tasks end with us, however we end."""
    try:
        return _Dispatch(plan, notify).run()
    finally:
        fleet.leave()


class _Dispatch:
    """The cells that are out, and what has come of the others."""

    def __init__(self, plan: Plan, notify: Notify) -> None:
        joined = plan.cells[0].request.fleet
        assert joined is not None
        self.ray, self.notify = need("ray", "ray"), notify
        self.summary, self.patience = Summary(), Patience(joined)
        self.deaths: Counter[str] = Counter()
        self.parcel = Parcel(plan.cells[0].request)
        self.waiting = [(cell, self.parcel.strategy(cell)) for cell in plan.cells]
        self.files = self.ray.put(self.parcel.files)
        # Not Ray's own retries: a stream that is told twice must be told the same.
        self.task = self.ray.remote(node.run).options(
            num_cpus=joined.asked["CPU"],
            num_gpus=joined.asked["GPU"],
            num_returns="streaming",
            max_retries=0,
        )
        self.out: dict[Any, tuple[Cell, str]] = {}

    def run(self) -> Summary:
        """Everything, to the end."""
        for cell, strategy in self.waiting:
            self._send(cell, strategy)
        while self.out:
            heard, _ = self.ray.wait(list(self.out), num_returns=1, timeout=1)
            self.patience.renew() if heard else self.patience.check()
            for stream in heard:
                self._hear(stream)
        return self.summary

    def _send(self, cell: Cell, strategy: str) -> None:
        """Send a cell out, with the rounds that are written."""
        request, out = self.parcel.request, str(cell.request.out)
        name, held = cell.name, cell.done()
        job = Job(request, strategy, cell.seed, name, out, held, cell.key, cell.origin)
        self.out[self.task.remote(job, self.files)] = cell, strategy

    def _hear(self, stream: Any) -> None:
        """Take what a stream tells next; when its worker is dead, send the cell again."""
        died = self.ray.exceptions
        try:
            told = self.ray.get(next(stream))
        except died.RayTaskError as reason:
            raise BenchError(
                f"A node cannot run cells; is the same version installed there? {reason}"
            ) from reason
        except (died.RayError, StopIteration) as reason:
            self._again(*self.out.pop(stream), reason)
            return
        for each in told:
            self._take(stream, each)

    def _take(self, stream: Any, told: Told) -> None:
        (kind, content), (cell, _) = told, self.out[stream]
        if kind == "rows":
            store.write(cell.path, content)
            self.deaths[cell.name] = 0
        elif kind == "event":
            self.notify(content)
        elif kind == "end":
            self.summary.count(cell.name, content)
            del self.out[stream]
        else:
            raise content

    def _again(self, cell: Cell, strategy: str, reason: Exception) -> None:
        self.deaths[cell.name] += 1
        if self.deaths[cell.name] > DEATHS:
            raise BenchError(
                f"{cell.name}: {DEATHS + 1} workers died one after the other ({_said(reason)}). "
                "Finished rounds are kept; mend the nodes and run the same command again."
            )
        self._send(cell, strategy)
        message = f"its worker died ({_said(reason)})"
        self.notify(Event(cell.name, "again", 0, cell.rounds, message=message))


def _said(reason: Exception) -> str:
    """What became of a worker, in one line."""
    return f"{type(reason).__name__}: {reason}".split("\n")[0].split(". ")[0].rstrip(": ")
