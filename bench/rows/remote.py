"""Results on an object store, named by a URL that fsspec knows: whole puts, and who may put.

A put is atomic and durable once the store has answered: a reader sees the old object or the new.
Such a place is `held` by an object, OUT/.lock, that names the machine of the run: nothing frees it
when that machine dies. On one machine a lock of the system frees a run that was killed.
"""

import hashlib
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EIO
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bench.error import BenchError, StorageError, UsageError
from bench.rows.hold import alone

if TYPE_CHECKING:
    from upath import UPath

Place: TypeAlias = "Path | UPath"
"""A folder or file on this machine, or on an object store."""


def named(text: str) -> Place:
    """The place that a path or a URL names.

    UsageError when no package for such URLs is installed, or the store does not answer.
    """
    if "://" not in text:
        return Path(text)
    try:
        from upath import UPath

        place = UPath(text)
        if place.protocol in ("file", "local"):
            return Path(place.path)
        with told(place):
            place.exists()
    except ImportError as reason:
        raise UsageError(
            f"{text} needs a package that cannot be imported ({reason}); run pip install "
            "'labelworth[s3]' for s3://, or install fsspec's package for others."
        ) from reason
    except (OSError, ValueError) as reason:
        raise UsageError(f"{text} cannot be reached: {reason}.") from reason
    return place


@contextmanager
def told(place: Place) -> Iterator[None]:
    """Errors of an object store's client, which have no base in common, as OSError."""
    try:
        yield
    except (OSError, ImportError, BenchError):
        raise
    except Exception as reason:
        said = " ".join(str(reason).split())
        raise OSError(EIO, f"{type(reason).__name__}: {said}", str(place)) from reason


def put(place: "UPath", content: bytes) -> None:
    """Replace an object; OSError when the store refuses."""
    with told(place):
        place.fs.pipe_file(place.path, content)


@contextmanager
def hold(out: "UPath") -> Iterator[None]:
    """Hold OUT/.lock; UsageError when another run does, or did on a machine that died."""
    with alone(_mark(out), out):
        mark, here = out / ".lock", platform.node()
        try:
            with told(mark):
                holder = _holder(mark, here)
        except OSError as reason:
            raise StorageError(f"Cannot write to {out}: {reason.strerror or reason}.") from reason
        if holder != here:
            raise UsageError(
                f"A bench run on {holder} is writing to {out}, or was killed there: wait for it "
                f"or choose another --out; if it is dead, delete {mark}."
            )
        try:
            yield
        finally:
            with suppress(OSError), told(mark):
                mark.unlink(missing_ok=True)


def _holder(mark: "UPath", here: str) -> str:
    """Whose mark it is: ours when there is none, since we make it then."""
    try:
        mark.fs.pipe_file(mark.path, here.encode(), mode="create")
    except FileExistsError:
        return mark.read_text()
    return here


def _mark(out: "UPath") -> Path:
    """What one run at a time holds on this machine, for one user."""
    name = f"labelworth-{os.getuid()}-{hashlib.sha256(str(out).encode()).hexdigest()[:16]}.lock"
    return Path(tempfile.gettempdir()) / name
