"""Turns at a device that several processes share: side by side in training, alone under a clock."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from multiprocessing.context import BaseContext


class Turn:
    """That of a process which has the device for itself."""

    def working(self) -> AbstractContextManager[None]:
        """While something is trained or scored, beside others that do."""
        return nullcontext()

    def alone(self) -> AbstractContextManager[None]:
        """While nothing else may use the device; not to be asked for inside `working`."""
        return nullcontext()

    def pause(self) -> None:
        """Inside `working`, now and then: let those go first who want to be alone."""


class Shared(Turn):
    """That of one of `count` processes, which all have been given this same object.

    There are as many seats as processes. Who works has one; who wants to be alone waits for all of
    them behind the gate, which nobody passes meanwhile to take a seat again.
    """

    def __init__(self, context: BaseContext, count: int) -> None:
        self.gate, self.seats, self.count = context.Lock(), context.Semaphore(count), count

    @contextmanager
    def working(self) -> Iterator[None]:
        """See Turn."""
        self._sit()
        try:
            yield
        finally:
            self.seats.release()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See Turn."""
        with self.gate:
            for _ in range(self.count):
                self.seats.acquire()
            try:
                yield
            finally:
                for _ in range(self.count):
                    self.seats.release()

    def pause(self) -> None:
        """See Turn."""
        self.seats.release()
        self._sit()

    def _sit(self) -> None:
        with self.gate:
            self.seats.acquire()
