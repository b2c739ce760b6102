"""One run at a time: a lock that the system frees when its holder dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.error import StorageError, UsageError


@contextmanager
def alone(mark: Path, out: object) -> Iterator[None]:
    """Hold a file for a run that writes to `out`; UsageError when another run does.

    StorageError where it cannot be made.
    """
    try:
        file = mark.open("wb")
    except OSError as reason:
        raise StorageError(f"Cannot write to {out}: {reason.strerror}.") from reason
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as reason:
            raise UsageError(
                f"Another bench run is writing to {out}; wait for it or choose another --out."
            ) from reason
        yield
