"""The guest: runs a stranger's `select` on a view that asks the host for everything.

By the time it reads a strategy's source it has shut itself in; what the strategy does to this
process reaches no other.
"""

import io
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from bench.data.image import Images
from bench.learners.gradient import Gradients
from bench.loop.budget import Budget, SelectionError, as_ids
from bench.loop.sandbox.wire import Channel, WireError

_NAME = "submission"


class RemoteLabeled:
    """The revealed items: ids [n] ascending; inputs and labels are fetched when asked for."""

    def __init__(self, ids: Tensor, fetch: Callable[[str], Any]) -> None:
        self.ids, self._fetch = ids, fetch

    @cached_property
    def inputs(self) -> Any:
        """Their inputs, as `View.inputs` gives them."""
        return self._fetch("labeled_inputs")

    @cached_property
    def labels(self) -> Any:
        """Their labels, pa.ListArray."""
        return self._fetch("labels")


class RemoteView:
    """What `bench.loop.view.View` is, on the other side of a connection."""

    def __init__(
        self, channel: Channel, unlabeled: Tensor, labeled: Tensor, history: Sequence[Tensor]
    ) -> None:
        self._channel, self._unlabeled = channel, unlabeled
        self.labeled = RemoteLabeled(labeled, lambda what: self._ask(what))
        self.history = tuple(history)
        self.notes: dict[str, float] = {}

    @property
    def unlabeled(self) -> Tensor:
        """As of View."""
        return self._unlabeled.clone()

    def inputs(self, ids: Tensor) -> Any:
        """As of View."""
        return self._ask("inputs", ids)

    def cost(self, ids: Tensor) -> Any:
        """As of View."""
        return self._ask("cost", ids)

    def signal(self, name: str, ids: Tensor | None = None, **options: Any) -> Any:
        """As of View."""
        rngs = {key: each for key, each in options.items() if isinstance(each, torch.Generator)}
        plain = {key: each for key, each in options.items() if key not in rngs}
        return self._ask("signal", ids, rngs, name=name, options=plain)

    def signals(self, *names: str, ids: Tensor | None = None) -> list[Any]:
        """As of View, but for a pass each."""
        return [self.signal(name, ids) for name in names]

    def note(self, **numbers: float) -> None:
        """As of View."""
        self.notes |= {name: float(number) for name, number in numbers.items()}

    def _ask(
        self,
        what: str,
        ids: Tensor | None = None,
        rngs: Mapping[str, torch.Generator] | None = None,
        **details: Any,
    ) -> Any:
        """What the host says; generators are drawn from there and go on from that state here."""
        rngs = rngs or {}
        arrays = [*([] if ids is None else [ids]), *(each.get_state() for each in rngs.values())]
        try:
            self._channel.send({"op": what, "rngs": list(rngs), **details}, arrays)
        except TypeError as reason:
            raise SelectionError(f"It asks for {what} with what is no plain value.") from reason
        message, found = self._channel.receive()
        if "reason" in message:
            raise SelectionError(message["reason"])
        for each in reversed(list(rngs.values())):
            each.set_state(found.pop())
        return _READERS[message["kind"]](*found)


def serve(channel: Channel) -> None:
    """Answer the one selection that the host asks for, or say what went wrong."""
    task, arrays = channel.receive()
    rng = torch.Generator()
    rng.set_state(arrays[0])
    unlabeled, labeled, ids, counts = arrays[1:]
    view = RemoteView(channel, unlabeled, labeled, torch.split(ids, counts.tolist()))
    try:
        select = _loaded(task["source"]).select
        answer = as_ids(select(view, Budget(task["amount"]), rng, **task["params"]))
        channel.send({"op": "answer", "notes": view.notes}, [answer])
    except WireError:
        raise
    except BaseException as reason:
        told = reason if isinstance(reason, SelectionError) else f"{_named(reason)}: {reason}"
        channel.send({"op": "failed", "reason": str(told)[:1000]})


def _loaded(source: str) -> Any:
    """The strategy's module; `dataclasses`, for one, look it up by its name."""
    module = ModuleType(_NAME)
    sys.modules[_NAME] = module
    exec(compile(source, f"{_NAME}.py", "exec", dont_inherit=True), module.__dict__)
    return module


def _named(reason: BaseException) -> str:
    return f"The strategy raised {type(reason).__name__}"


def _table(content: Tensor) -> Any:
    """The one column of an Arrow stream."""
    column = pa.ipc.open_stream(io.BytesIO(content.numpy().tobytes())).read_all().column(0)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _images(digests: Tensor, pixels: Tensor) -> Images:
    return Images(pixels.numpy(), _table(digests), np.arange(len(pixels)))


_READERS: dict[str, Callable[..., Any]] = {
    "tensor": lambda tensor: tensor,
    "gradients": Gradients,
    "table": _table,
    "images": _images,
}
