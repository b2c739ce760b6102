"""The side that holds model, labels and clock: starts guests, answers them, trusts no answer."""

import atexit
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from struct import unpack_from
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from bench.data.image import Images
from bench.error import BenchError, UsageError
from bench.learners.gradient import Gradients
from bench.loop import clock
from bench.loop.budget import Budget, SelectionError, as_ids
from bench.loop.sandbox.limit import DEFAULT, Limits
from bench.loop.sandbox.wire import Channel, Message, WireError
from bench.loop.source import Source
from bench.loop.view import View
from bench.spec import canonical

MOST = 200
"""The largest number that a signal may be asked for with, as a width or a number of masks."""
_NOTES, _WORDS = 16, 300
_PATIENCE = 120.0  # seconds until a nursery that does not answer is given up
_TWISTER = 624  # numbers in the state of torch's generator
Select = Callable[..., Any]
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from bench.loop.sandbox.nursery import main; main(int(sys.argv[2]), sys.argv[3])"
)
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    **dict.fromkeys(("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
}


class SandboxError(UsageError):
    """This machine, or this user, has no sandbox; no fault of the strategy's."""


class Nursery:
    """The process that forks guests, and the folder over which each mounts its scratch."""

    def __init__(self) -> None:
        self.scratch = mkdtemp(prefix="guest-")  # the nursery removes it when this process is gone
        self.log = Path(self.scratch, "log")
        self.orders, theirs = socket.socketpair()
        self.orders.settimeout(_PATIENCE)
        package = str(Path(__file__).parents[3])
        with theirs, self.log.open("wb") as log:
            arguments = (package, str(theirs.fileno()), self.scratch)
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, *arguments],
                env={**_ENVIRONMENT, "TMPDIR": self.scratch},
                pass_fds=[theirs.fileno()],
                cwd=self.scratch,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        self._hear()

    @contextmanager
    def guest(self, limits: Limits) -> Iterator[Channel]:
        """The connection to a new guest, who is gone afterwards; SandboxError if none is born."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, suppress(ConnectionError):
                order = canonical(asdict(limits)).encode()
                socket.send_fds(self.orders, [order], [theirs.fileno()])
            self._hear()
            try:
                yield Channel(ours, limits.reply, clock.monotonic() + limits.seconds)
            finally:
                ours.close()
                with suppress(ConnectionError):
                    self.orders.sendall(b"\0")
                self._hear()

    def _hear(self) -> None:
        """Wait until the nursery has done what it was told; SandboxError where it has ended."""
        try:
            if self.orders.recv(1):
                return
        except OSError:  # it is gone, or silent for minutes
            pass
        self.process.kill()
        self.process.wait()
        told = self.log.read_text(errors="replace") if self.log.exists() else ""
        last = told.strip().rpartition("\n")[2] or "it has ended"
        shutil.rmtree(self.scratch, ignore_errors=True)
        raise SandboxError(f"There is no sandbox: {last}.")

    def close(self) -> None:
        """End it."""
        self.orders.close()
        self.process.wait()


def nursery() -> Nursery:
    """This process' nursery, started once; its imports take seconds, outside of any clock."""
    if _started().process.poll() is not None:
        _started.cache_clear()
    return _started()


@cache
def _started() -> Nursery:
    made = Nursery()
    atexit.register(made.close)
    return made


def probe() -> None:
    """Try the sandbox; SandboxError naming the layer that this machine or user does not have."""
    empty = torch.empty(0, dtype=torch.int64)
    task = {"source": "select = lambda *_: []", "amount": 0, "params": {}}
    with nursery().guest(DEFAULT) as channel:
        channel.send(task, [torch.Generator().get_state(), *[empty] * 4])
        _attend(channel, None)


def remote(source: Source, limits: Limits = DEFAULT) -> Select:
    """A `select` that runs the one of a strategy file in the sandbox.

    SelectionError for whatever happens there, SandboxError where there is none.
    """
    nursery()

    def select(view: View, budget: Budget, rng: torch.Generator, **params: Any) -> Tensor:
        history = list(view.history)
        counts = torch.tensor([len(ids) for ids in history])
        arrays = [rng.get_state(), view.unlabeled, view.labeled.ids, torch.cat(history), counts]
        task = {"source": source.text, "amount": budget.amount, "params": params}
        with nursery().guest(limits) as channel:
            try:
                channel.send(task, arrays)
                return _attend(channel, view)
            except WireError as reason:
                raise SelectionError(f"The strategy {reason}.") from reason

    select.__dict__["__signature__"] = source.signature
    return select


def _attend(channel: Channel, view: View | None) -> Tensor:
    """Answer what the guest asks until it gives its ids."""
    while True:
        message, arrays = channel.receive()
        match message:
            case {"op": "answer", "notes": dict(notes)} if len(arrays) == 1:
                _noted(view, notes)
                return as_ids(arrays[0])
            case {"op": "failed", "reason": str(reason)}:
                raise SelectionError(f"The strategy failed; it says: {_clean(reason)}")
            case {"op": "refused", "reason": str(reason)}:
                raise SandboxError(
                    f"This machine cannot run a strategy in the sandbox: {_clean(reason)}. It "
                    "takes Linux 5.13 or later that lets users make namespaces."
                )
            case {"op": str(wanted)} if view and wanted in _ANSWERS:
                channel.send(*_answer(view, wanted, message, arrays))
            case _:
                raise WireError("asked for what there is not")


def _answer(
    view: View, wanted: str, message: Message, arrays: Sequence[Tensor]
) -> tuple[Message, Sequence[Tensor]]:
    """The reply to a request; where that is wrong, the reason, for the guest to raise."""
    try:
        names = message.get("rngs", [])
        count = len(arrays) - len(names)
        rngs = {str(key): _rng(state) for key, state in zip(names, arrays[count:], strict=True)}
        found = _ANSWERS[wanted](view, message, rngs, *_ids(view, arrays[:count]))
        kind, packed = _packed(found)
    except BenchError as reason:
        return {"reason": str(reason)}, ()
    except Exception as reason:  # of a learner that was asked with what it does not take
        return {"reason": f"No {wanted} can be given so ({type(reason).__name__})."}, ()
    return {"kind": kind}, [*packed, *(each.get_state() for each in rngs.values())]


def _rng(state: Tensor) -> torch.Generator:
    """A generator in a state that the guest gave; SelectionError for one that would read on.

    Torch checks how many numbers are left and which is next (a 32-bit and a 64-bit integer at the
    bytes 8 and 16), but not that the former do not run past the end from the latter.
    """
    made = torch.Generator()
    content = state.numpy().tobytes()
    if state.dtype != torch.uint8 or len(content) != len(made.get_state()):
        raise SelectionError("It asks for a signal with what is no generator.")
    (left,), (following,) = unpack_from("=i", content, 8), unpack_from("=Q", content, 16)
    if left + following > _TWISTER + 1:
        raise SelectionError("It asks for a signal with a generator in no state of its own.")
    made.set_state(state)
    return made


def _ids(view: View, arrays: Sequence[Tensor]) -> Sequence[Tensor]:
    """The ids of a request; SelectionError unless they are, at most as many as the pool has."""
    most = len(view.unlabeled) + len(view.labeled.ids)
    if any(len(as_ids(each)) > most for each in arrays):
        raise SelectionError(f"It asks for more than the {most} items of the pool at once.")
    return [as_ids(each) for each in arrays]


def _signal(view: View, message: Message, rngs: Message, ids: Tensor | None = None) -> Any:
    match message:
        case {"name": str(name), "options": dict(options)}:
            for key, value in options.items():
                bounded = isinstance(value, int | float) and abs(value) <= MOST
                if not (isinstance(value, str) or bounded):
                    raise SelectionError(f"No signal is given with {key}={value!r:.40}.")
            return view.signal(name, ids, **options, **rngs)
    raise SelectionError("It asks for a signal without its name.")


_ANSWERS: dict[str, Callable[..., Any]] = {
    "inputs": lambda view, _message, _rngs, ids: view.inputs(ids),
    "cost": lambda view, _message, _rngs, ids: view.cost(ids),
    "labeled_inputs": lambda view, _message, _rngs: view.labeled.inputs,
    "labels": lambda view, _message, _rngs: view.labeled.labels,
    "signal": _signal,
}


def _packed(value: Any) -> tuple[str, list[Tensor]]:
    """A value of a view as plain arrays; `guest` reads them by their kind."""
    if isinstance(value, Gradients):
        return "gradients", [value.left, value.right, value.counts, value.squares]
    if isinstance(value, Images):
        pixels = value.read(np.arange(len(value)))
        return "images", [_stream(value.digests), torch.from_numpy(pixels)]
    if isinstance(value, Tensor):
        return "tensor", [value]
    return "table", [_stream(value)]


def _stream(column: pa.Array) -> Tensor:
    """A column as the bytes of an Arrow stream."""
    sink = pa.BufferOutputStream()
    batch = pa.record_batch([column], names=["column"])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return torch.frombuffer(bytearray(sink.getvalue()), dtype=torch.uint8)


def _noted(view: View | None, notes: Message) -> None:
    """Write down a strategy's numbers; SelectionError for too many, and for what is none."""
    plain = all(_clean(name) == name and isinstance(notes[name], float) for name in notes)
    if len(notes) > _NOTES or not plain:
        raise SelectionError(f"The strategy's notes are not at most {_NOTES} named numbers.")
    if view:
        view.note(**notes)


def _clean(text: str) -> str:
    """A stranger's words, fit for a terminal and a table: one short line that can be printed."""
    line = " ".join(text.split())
    return "".join(each if each.isprintable() else "?" for each in line)[:_WORDS].rstrip(".")
