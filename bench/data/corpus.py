"""The prepared corpus: memory-mapped files in the cache, inputs and labels apart."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from bench.data import fetch
from bench.data import kind as kinds
from bench.data.card import Card
from bench.data.image import Images
from bench.data.kind import Kind
from bench.data.table import Columns
from bench.error import DataError, StorageError


@dataclass(frozen=True)
class Corpus:
    """All rows of a task; a row's number is its item id.

    `splits` is a chunked utf8 column, `inputs` sentences (list<utf8>) or images, `labels` a chunked
    list<utf8> column, `digest` the SHA-256 over their content, whatever its encoding on disk.
    """

    kind: Kind
    splits: pa.ChunkedArray
    inputs: pa.ChunkedArray | Images
    labels: pa.ChunkedArray
    digest: str

    def rows(self, split: str | None = None, distinct: bool = False) -> torch.Tensor:
        """Ascending ids (int64) of a split or of all; `distinct`: the first of equal inputs."""
        chosen = np.ones(len(self.splits), dtype=bool)
        if split is not None:
            chosen = np.asarray(pc.equal(self.splits, split))
        if distinct:
            texts = self.kind.identity(self.inputs).dictionary_encode()
            first = np.unique(np.asarray(texts.indices), return_index=True)[1]
            chosen = chosen & np.isin(np.arange(len(chosen)), first)
        return torch.from_numpy(np.flatnonzero(chosen))


def load(card: Card, data_root: Path | None = None) -> Corpus:
    """The corpus of a card, prepared on first use and mapped from the cache afterwards.

    `card` is of one variant. The sources' digests are checked every time. DataError as in `fetch`
    and the kind's readers, or when the prepared copy is damaged; StorageError when the cache cannot
    be written.
    """
    files, kind = fetch.fetch(card, data_root), kinds.of(card)
    notes = [path for path in card.folder.iterdir() if path.is_file()]
    loose = [fetch.fingerprint(f, files[f.path]) for f in card.files if not f.pinned]
    folder = home(card.name, notes, card.variant, *loose)
    return prepared(folder, kind, lambda made: kind.prepare(card, files, made))


def home(name: str, notes: Iterable[Path], *parts: str) -> Path:
    """The folder for a prepared corpus: named after all that it comes from.

    That is the code of this room, small files beside it (a card, a grammar) and further texts.
    """
    room = Path(__file__).parent
    known = [f"{path.name} {fetch.digest(path)}" for path in sorted([*room.rglob("*.py"), *notes])]
    key = hashlib.sha256("\n".join([*known, *parts]).encode()).hexdigest()[:16]
    return fetch.cache() / "prepared" / f"{name}-{key}"


def prepared(folder: Path, kind: Kind, write: Callable[[Path], None]) -> Corpus:
    """The corpus in a folder, which `write` fills on first use; errors as in `load`."""
    if not folder.is_dir():
        _prepare(kind, write, folder)
    return _open(kind, folder)


def _prepare(kind: Kind, write: Callable[[Path], None], folder: Path) -> None:
    """Write the corpus aside, then rename: of two processes the first one wins."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            made = Path(name) / "made"
            made.mkdir()
            write(made)
            (made / "digest").write_text(kind.digest(kind.open(made)))
            _publish(made, folder)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _publish(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was first, with the same content
            raise


def _open(kind: Kind, folder: Path) -> Corpus:
    columns: Columns | None = None
    digest = ""
    try:
        columns = kind.open(folder)
        digest = kind.digest(columns)
        intact = digest == (folder / "digest").read_text()
    except (OSError, ValueError, KeyError):
        intact = False
    if columns is None or not intact:
        raise DataError(f"{folder} is damaged; delete this folder, and it is prepared anew.")
    return Corpus(kind, *columns, digest)
