"""The one clock (RULES, 5): monotonic seconds, with the device idle at both ends."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import torch


class Lap:
    """Seconds between the entry and the exit of `lap`."""

    seconds: float


@contextmanager
def lap(device: torch.device) -> Iterator[Lap]:
    """Time a block; work queued on the device before and inside it is waited for."""
    result = Lap()
    _synchronise(device)
    start = time.perf_counter()
    yield result
    _synchronise(device)
    result.seconds = time.perf_counter() - start


class Phases:
    """Seconds of each phase of a block, its own alone: one inside another stops the outer's clock.

    The device is waited for at every change, which costs time of its own: not for ranking.
    """

    def __init__(self, device: torch.device) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._device, self._open, self._since = device, list[str](), 0.0

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """A phase, see `bench.learners.phase`."""
        self._turn()
        self._open.append(name)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def _turn(self) -> None:
        _synchronise(self._device)
        present = time.perf_counter()
        if self._open:
            self.seconds[self._open[-1]] += present - self._since
        self._since = present


def monotonic() -> float:
    """Seconds that never run back, for deadlines alone."""
    return time.perf_counter()


def now() -> datetime:
    """The time of day, for the column `created` alone."""
    return datetime.now(UTC)


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
