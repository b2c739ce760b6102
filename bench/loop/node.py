"""A cell on a node of a cluster: the loop as everywhere, its rounds told to whoever sent it."""

import queue
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from platform import node
from tempfile import TemporaryDirectory
from typing import Any

import torch

from bench.error import BenchError, UsageError
from bench.loop import executor, fit, parcel
from bench.loop.event import Event
from bench.loop.fit import FitStore
from bench.loop.plan import Cell, Request
from bench.rows import store
from bench.rows.schema import Key, Row

EXECUTOR = "ray"
Told = tuple[str, Any]
"""("rows", all rows so far), ("event", Event); last ("end", reason or None) or ("error", …)."""


@dataclass(frozen=True)
class Job:
    """A cell as it is sent: its rounds so far, and what must be the same on the node."""

    request: Request
    strategy: str
    seed: int
    name: str
    out: str
    held: list[Row]
    key: Key
    origin: dict[str, str]


def run(job: Job, files: parcel.Files) -> Iterator[list[Told]]:
    """Run a cell in a thread, and yield what it tells; of epochs only the last, if it is that."""
    told: queue.SimpleQueue[Told] = queue.SimpleQueue()
    threading.Thread(target=_work, args=(job, files, told.put), daemon=True).start()
    last = ""
    while last not in ("end", "error"):
        heard = [told.get()]
        while not told.empty():
            if _epoch(heard[-1]):
                heard.pop()  # who comes next says more
            heard.append(told.get())
        last = heard[-1][0]
        yield heard


def _epoch(told: Told) -> bool:
    return isinstance(told[1], Event) and told[1].kind == "epoch"


def _work(job: Job, files: parcel.Files, tell: Callable[[Told], None]) -> None:
    try:
        parcel.unpack(files)
        torch.set_num_threads(1)
        with TemporaryDirectory() as out:
            tell(("end", _cell(job, Path(out), tell)))
    except BenchError as error:
        tell(("error", type(error)(f"On node {node()}: {error}")))
    except BaseException:  # else whoever listens waits for ever
        tell(("error", BenchError(f"On node {node()}:\n{traceback.format_exc()}")))


def _cell(job: Job, out: Path, tell: Callable[[Told], None]) -> str | None:
    """Go on with a cell in a folder of its own; the reason, if its strategy failed."""
    cell = Cell(replace(job.request, out=out), job.strategy, job.seed)
    _check(job, cell)
    if job.held:
        store.write(cell.path, job.held)

    def notify(event: Event) -> None:
        if event.kind in ("round", "done", "failed"):
            tell(("rows", store.read(cell.path)))
        tell(("event", replace(event, cell=job.name)))

    return executor.run(cell, EXECUTOR, notify, FitStore(fit.away(job.out) / EXECUTOR))


def _check(job: Job, cell: Cell) -> None:
    """UsageError where the node's code, data or device is not that of the machine that sent us."""
    here = {**cell.key._asdict(), **cell.origin}
    for name, there in {**job.key._asdict(), **job.origin}.items():
        if here[name] != there:
            mine, theirs = str(here[name])[:40], str(there)[:40]
            raise UsageError(
                f"the {name} is {mine}, and {theirs} where the run was started; one run "
                "takes the same version, data and kind of device on every node."
            )
