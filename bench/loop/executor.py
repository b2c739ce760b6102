"""Where cells run: one after the other in this process, in N of one thread each, or on Ray."""

import multiprocessing
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from typing import Any

import torch

from bench.error import BenchError
from bench.loop import fit, harness
from bench.loop.event import Event, Notify, Reporter
from bench.loop.fit import FitStore
from bench.loop.outcome import Summary
from bench.loop.plan import Cell, Plan, Request
from bench.loop.turn import Shared, Turn
from bench.rows.schema import SERIAL

Task = tuple[Request, str, int]
PROCESS = "process"
_DIED = (
    "A worker process died (out of memory?). Finished rounds are kept; run the same command again, "
    "perhaps with fewer --jobs."
)


def execute(plan: Plan, notify: Notify) -> Summary:
    """Run a plan's cells. A failed strategy fails its cell; any other error ends the run.

    The caller holds the lock of the output folder.
    """
    if plan.cells and plan.cells[0].request.fleet:
        from bench.loop import dispatch

        return dispatch.run(plan, notify)
    if plan.jobs > 1 and len(plan.cells) > 1:
        return _in_processes(plan, notify)
    summary = Summary()
    torch.set_num_threads(1)
    for cell in plan.cells:
        summary.count(
            cell.name, run(cell, SERIAL, notify, FitStore(fit.home(cell.request.out, SERIAL)))
        )
    return summary


def run(cell: Cell, executor: str, notify: Notify, fits: FitStore) -> str | None:
    """Run one cell; the reason, if its strategy failed. `fits` are of the executor's seconds."""
    report = Reporter(cell.name, cell.rounds, cell.config.duration, notify)
    report.tell("start")
    last = harness.run(cell, fits, executor, report)[-1]
    report.tell("failed" if last.error else "done", last.error or f"score {last.score:.3f}")
    return last.error


def _in_processes(plan: Plan, notify: Notify) -> Summary:
    context = multiprocessing.get_context("spawn")
    todo, told = context.Queue(), context.Queue()
    for cell in plan.cells:
        todo.put((cell.request, cell.strategy, cell.seed))
    count = min(plan.jobs, len(plan.cells))
    given = (todo, told, Shared(context, count))
    workers = [context.Process(target=_work, args=given, daemon=True) for _ in range(count)]
    try:
        _start(workers, todo)
        summary = _collect(len(plan.cells), told, workers, notify)
        for worker in workers:
            worker.join(5)
        return summary
    finally:
        _stop(workers)
        todo.cancel_join_thread()


def _start(workers: Sequence[BaseProcess], todo: "Queue[Task | None]") -> None:
    """Start workers that ignore Ctrl-C, as they inherit it: the parent hears it and ends them."""
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    for worker in workers:
        todo.put(None)
        worker.start()
    signal.signal(signal.SIGINT, heard)


def _stop(workers: Sequence[BaseProcess]) -> None:
    """End the workers, done or not; each is given the time to clean up after itself."""
    for worker in workers:
        if worker.pid is not None:
            worker.terminate()
            worker.join(5)
            worker.kill()


def _collect(
    count: int, told: "Queue[Any]", workers: Sequence[BaseProcess], notify: Notify
) -> Summary:
    summary = Summary()
    while summary.done + len(summary.failed) < count:
        alive = _alive(workers)  # before looking: what a worker said last is in the queue by then
        try:
            kind, *content = told.get(timeout=1)
        except queue.Empty:
            if not alive:
                raise BenchError(_DIED) from None
            continue
        if kind == "event":
            notify(content[0])
        elif kind == "end":
            summary.count(*content)
        else:
            raise content[0]
    return summary


def _alive(workers: Sequence[BaseProcess]) -> bool:
    """Whether none has died, and not all have ended."""
    ended = [worker.exitcode for worker in workers if worker.exitcode is not None]
    return not any(ended) and len(ended) < len(workers)


def _work(todo: "Queue[Task | None]", told: "Queue[Any]", turn: Turn) -> None:
    """A worker: cells until there are none; it ends with its parent or when told, silently."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.unraisablehook = _again
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)

    def tell(event: Event) -> None:
        told.put(("event", event))
        if event.kind == "epoch":
            turn.pause()

    try:
        while (task := todo.get()) is not None:
            cell = Cell(*task)
            fits = FitStore(fit.home(cell.request.out, PROCESS), turn)
            error = run(cell, PROCESS, tell, fits)
            told.put(("end", cell.name, error))
        _leave(told)
    except KeyboardInterrupt:
        told.cancel_join_thread()
    except BenchError as error:
        told.put(("error", error))
    except Exception:
        told.put(("error", BenchError(f"A worker process failed:\n{traceback.format_exc()}")))


def _leave(told: "Queue[Any]") -> None:
    """End once all is told; taking apart what was imported would last most of a second."""
    told.close()
    told.join_thread()
    os._exit(0)


def _again(ignored: Any) -> None:
    """An interruption that fell into a callback, where Python swallows it, comes once more."""
    if ignored.exc_type is KeyboardInterrupt:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
    else:
        sys.__unraisablehook__(ignored)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
