"""The one clock (RULES, 5): monotonic seconds, with the device idle at both ends."""

import time
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


def monotonic() -> float:
    """Seconds that never run back, for deadlines alone."""
    return time.perf_counter()


def now() -> datetime:
    """The time of day, for the column `created` alone."""
    return datetime.now(UTC)


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
