"""What a query is busy with, said to whoever listens; else it costs nearly nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Literal

Name = Literal["collate", "transfer", "encode", "decode", "auxiliary training", "pick"]
Listener = Callable[[Name], AbstractContextManager[None]]


def _nobody(name: Name) -> AbstractContextManager[None]:
    return nullcontext()


_listener: ContextVar[Listener] = ContextVar("listener", default=_nobody)


def phase(name: Name) -> AbstractContextManager[None]:
    """A phase, for as long as the context lasts; one inside another is no part of it."""
    return _listener.get()(name)


@contextmanager
def heard(listener: Listener) -> Iterator[None]:
    """Have a listener hear of all phases inside the context."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
