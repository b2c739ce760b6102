"""The prepared corpus: memory-mapped Arrow files in the cache, inputs and labels apart."""

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from bench.data import fetch, reader
from bench.data.card import Card
from bench.error import DataError, StorageError


@dataclass(frozen=True)
class Corpus:
    """All rows of a task; a row's number is its item id.

    `tokens` and `tags` are chunked list<utf8> columns, `splits` a chunked utf8 column; `digest` is
    the SHA-256 over their content, whatever its encoding in Arrow.
    """

    splits: pa.ChunkedArray
    tokens: pa.ChunkedArray
    tags: pa.ChunkedArray
    digest: str

    def rows(self, split: str | None = None, distinct: bool = False) -> torch.Tensor:
        """Ascending ids (int64) of a split or of all; `distinct` keeps the first of each text."""
        chosen = np.ones(len(self.splits), dtype=bool)
        if split is not None:
            chosen = np.asarray(pc.equal(self.splits, split))
        if distinct:
            texts = pc.binary_join(self.tokens, " ").combine_chunks().dictionary_encode()
            first = np.unique(np.asarray(texts.indices), return_index=True)[1]
            chosen = chosen & np.isin(np.arange(len(chosen)), first)
        return torch.from_numpy(np.flatnonzero(chosen))


def load(card: Card, data_root: Path | None = None) -> Corpus:
    """The corpus of a card, prepared on first use and mapped from the cache afterwards.

    The sources' digests are checked every time. DataError as in `fetch` and `reader`, or when the
    prepared copy is damaged; StorageError when the cache cannot be written.
    """
    files = fetch.fetch(card, data_root)
    folder = fetch.cache() / "prepared" / f"{card.name}-{_key(card)}"
    if not folder.is_dir():
        _prepare(reader.read(card, files), folder)
    return _open(folder)


def take(column: pa.ChunkedArray, ids: torch.Tensor) -> pa.ListArray:
    """The rows `ids` (int64) of a column, in that order."""
    taken = column.take(pa.array(ids.numpy()))
    return taken.combine_chunks()


def _key(card: Card) -> str:
    """Names what a prepared corpus comes from: card and grammar, and the code of this room."""
    code = Path(__file__).parent.glob("*.py")
    notes = (path for path in card.folder.iterdir() if path.is_file())
    parts = (f"{path.name} {fetch.digest(path)}" for path in sorted([*code, *notes]))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _digest(splits: pa.ChunkedArray, tokens: pa.ChunkedArray, tags: pa.ChunkedArray) -> str:
    """SHA-256 of the lines `split TAB words TAB tags`; no word or tag holds white space."""
    texts, labels = (pc.binary_join(column, " ").to_pylist() for column in (tokens, tags))
    lines = zip(splits.to_pylist(), texts, labels, strict=True)
    return hashlib.sha256("\n".join(map("\t".join, lines)).encode()).hexdigest()


def _prepare(rows: Iterable[reader.Row], folder: Path) -> None:
    """Write the Arrow files aside, then rename: of two processes the first one wins."""
    splits, tokens, tags = map(list, zip(*rows, strict=True))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            made = Path(name) / "made"
            _save(made / "inputs", {"split": splits, "tokens": tokens})
            _save(made / "labels", {"tags": tags})
            content = (pa.chunked_array([column]) for column in (splits, tokens, tags))
            (made / "digest").write_text(_digest(*content))
            _publish(made, folder)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _publish(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was first, with the same content
            raise


def _save(folder: Path, columns: dict[str, list[Any]]) -> None:
    import datasets

    datasets.disable_progress_bars()
    datasets.Dataset.from_dict(columns).save_to_disk(folder)


def _open(folder: Path) -> Corpus:
    import datasets

    try:
        inputs = datasets.Dataset.load_from_disk(folder / "inputs").data.table
        labels = datasets.Dataset.load_from_disk(folder / "labels").data.table
        columns = inputs.column("split"), inputs.column("tokens"), labels.column("tags")
        digest = _digest(*columns)
        intact = digest == (folder / "digest").read_text()
    except (OSError, ValueError, KeyError):
        intact = False
    if not intact:
        raise DataError(f"{folder} is damaged; delete this folder, and it is prepared anew.")
    return Corpus(*columns, digest)
