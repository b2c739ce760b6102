"""Fits made once: equal seeds and equal labelled sets share one trained and scored model.

A fit is a function of (data, learner, seed, labelled ids, objective) alone, so it is kept on disk
under a digest of these; whoever asks again, in this process, another or a later run, gets the
same weights, scores and original seconds. Arrays only, no pickle; the folder may be deleted.
"""

import fcntl
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from bench.data import fetch
from bench.error import StorageError
from bench.learners.learner import Learner
from bench.loop.turn import Turn
from bench.rows.remote import Place
from bench.spec import canonical, digest


def home(out: Place, executor: str) -> Path:
    """Where the fits of a run lie, apart by executor: each has its own kind of seconds."""
    here = out / ".fits" if isinstance(out, Path) else away(str(out))
    return here / executor


def away(out: str) -> Path:
    """The folder in this machine's cache for the fits of a run whose results lie elsewhere."""
    return fetch.cache() / "fits" / digest(out)[:16]


@dataclass(frozen=True)
class Score:
    """What a fit cost and what the judge said of it."""

    value: float
    """The task's primary metric."""
    metrics: dict[str, float | None]
    fit_seconds: float
    evaluation_seconds: float


@dataclass(frozen=True)
class Fit:
    """A trained learner and its score."""

    learner: Learner
    score: Score


class FitStore:
    """Fits by key in one folder; concurrent askers of one key wait for the first.

    They are made in their `turn` at the device, which is not held while waiting for others.
    """

    def __init__(self, folder: Path, turn: Turn | None = None) -> None:
        self.folder, self.turn = folder, turn or Turn()

    def path(self, key: dict[str, object]) -> Path:
        """Where the fit of a key is kept once it is made."""
        return self.folder / f"{digest(key)}.npz"

    def get(self, key: dict[str, object], blank: Learner, make: Callable[[], Fit]) -> Fit:
        """The fit of a key: read into a copy of `blank`, or made and kept; StorageError if full."""
        path = self.path(key)
        with _alone(path.with_suffix(".lock")):
            fit = _read(path, blank)
            if fit is None:
                with self.turn.working():
                    fit = make()
                _write(path, fit)
            return fit


def _read(path: Path, blank: Learner) -> Fit | None:
    """The fit in a file; None when there is none, or one that a power cut has damaged."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (FileNotFoundError, ValueError, EOFError, BadZipFile):
        return None
    score = Score(**json.loads(bytes(arrays.pop("score"))))
    return Fit(blank.restore(arrays), score)


def _write(path: Path, fit: Fit) -> None:
    buffer, temporary = io.BytesIO(), path.with_suffix(".tmp")
    score = np.frombuffer(canonical(asdict(fit.score)).encode(), np.uint8)
    np.savez(buffer, score=score, **fit.learner.state())  # type: ignore[arg-type]
    try:
        temporary.write_bytes(buffer.getvalue())
        temporary.replace(path)
    except OSError as reason:
        temporary.unlink(missing_ok=True)
        raise _full(path, reason) from reason


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("wb")
    except OSError as reason:
        raise _full(path, reason) from reason
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _full(path: Path, reason: OSError) -> StorageError:
    return StorageError(
        f"Cannot keep a trained model in {path}: {reason.strerror}. Results so far are intact; "
        "free space or choose another --out, then run the same command again."
    )
