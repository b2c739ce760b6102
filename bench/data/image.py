"""Images, or features of them, in a memory-mapped file: what is not asked for is not read."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.data import fetch

PIXELS, SEAL = "images.npy", "images.sha256"
"""The files of a prepared corpus that hold its pixels, and their digest."""


class Images:
    """Some rows of a `.npy` file: uint8 pixels [N, C, S, S] or float16 features [N, L, D].

    Or of an array that is held in its place, as where there are no files.
    `digests` holds the SHA-256 of each row's original file, so that equal images are known by it.
    """

    def __init__(
        self,
        source: Path | np.ndarray[Any, Any],
        digests: pa.Array,
        rows: np.ndarray[Any, np.dtype[np.int64]],
    ) -> None:
        self.digests = digests
        self._source, self._rows = source, rows
        self._held: np.ndarray[Any, Any] | None = None

    @classmethod
    def open(cls, path: Path, digests: pa.Array) -> "Images":
        """All rows of a file; ValueError unless it has one row a digest, OSError if unreadable."""
        found = len(np.load(path, mmap_mode="r", allow_pickle=False))
        if found != len(digests):
            raise ValueError(f"{path} has {found} rows, not {len(digests)}")
        return cls(path, digests, np.arange(found))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row."""
        return tuple(self._map().shape[1:])

    def take(self, indices: pa.Array) -> "Images":
        """Some of these rows, in the order asked."""
        chosen = self._rows[np.asarray(indices, dtype=np.int64)]
        return Images(self._source, self.digests.take(indices), chosen)

    def held(self) -> "Images":
        """The same rows, in memory: for few that are read again and again."""
        same = Images(self._source, self.digests, self._rows)
        same._held = self._map()[self._rows]
        return same

    def read(self, positions: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, Any]:
        """A copy of the rows at some positions, as they are in the file.

        The file is mapped for this call alone, so that pages once read do not stay resident.
        """
        if self._held is not None:
            return self._held[positions]  # type: ignore[no-any-return]
        return self._map()[self._rows[positions]]  # type: ignore[no-any-return]

    def _map(self) -> np.ndarray[Any, Any]:
        if isinstance(self._source, np.ndarray):
            return self._source
        return np.load(self._source, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]


def seal(folder: Path) -> None:
    """Keep the digest of the pixels beside them, so that a later change of them is noticed."""
    (folder / SEAL).write_text(fetch.digest(folder / PIXELS))


def sealed(folder: Path, digests: pa.Array) -> Images:
    """The images of a prepared corpus; OSError, or ValueError unless they are as when sealed."""
    if fetch.digest(folder / PIXELS) != (folder / SEAL).read_text():
        raise ValueError(f"{folder / PIXELS} was changed")
    return Images.open(folder / PIXELS, digests)
