"""Features of pictures, extracted once: annotation vectors in a file, their origin beside it."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.data import array, fetch
from bench.data.captioning import archive
from bench.data.captioning.encoder import encode
from bench.error import DataError, StorageError, UsageError


class Note(NamedTuple):
    """Where a file of features comes from: digests are SHA-256 in hexadecimal digits.

    `origin` is that of the model's folder or the feature file, empty for a model of the hub;
    `names` that of the pictures' names in order; `content` that of the file beside the note.
    """

    encoder: str
    origin: str
    names: str
    shape: tuple[int, ...]
    content: str


def extract(
    encoder: str,
    names: Sequence[str],
    pictures: Sequence[Path],
    target: Path,
    device: str = "cpu",
) -> Note:
    """Write the features of the named pictures as one .npy, float16 [N, L, D], a note beside it.

    `encoder` is `hf:MODEL` (see `encode`), which reads the `pictures`, folders or .zip files, or
    `file:PATH` (see `archive.read`), which does not. A batch at a time is held in memory; the file
    takes its place when it is whole. A file that is there already, of the same encoder and names,
    is kept. DataError when that file is damaged, for pictures and files that cannot be used, and
    for a value that is not finite or too large for float16; UsageError for an unknown encoder or a
    package that is not installed; StorageError when `target` cannot be written.
    """
    kind, _, place = encoder.partition(":")
    if kind not in ("hf", "file") or not place:
        raise UsageError(f"Encoder '{encoder}' is unknown; name hf:MODEL or file:PATH.")
    if not names:
        raise UsageError("No picture is named, so there is nothing to extract features from.")
    wanted = Note(encoder, _origin(kind, place), _digest("\n".join(names)), (), "")
    kept = _kept(target, wanted)
    if kept:
        return kept
    path = Path(place)
    blocks = archive.read(path, names) if kind == "file" else encode(place, names, pictures, device)
    _save(note_path(target), None)
    content = array.write(target, len(names), _halved(blocks, names, encoder), "features")
    shape = np.load(target, mmap_mode="r").shape
    note = wanted._replace(shape=shape, content=content)
    _save(note_path(target), note)
    return note


def encoder(target: Path) -> str | None:
    """What made the file of features that is there; None where there is none."""
    note = _note(target)
    return note.encoder if note else None


def content(target: Path) -> str:
    """The SHA-256 of a file of features; DataError unless it is the one that its note states."""
    note = _note(target)
    if note is None or note.content != fetch.digest(target):
        raise DataError(
            f"{target} or the note {note_path(target).name} beside it is damaged; delete both, and "
            "make the features anew."
        )
    return note.content


def note_path(target: Path) -> Path:
    """Where the note of a file of features lies."""
    return target.with_suffix(".json")


def _origin(kind: str, place: str) -> str:
    path = Path(place)
    files = [path, archive.listed(path)] if kind == "file" else sorted(path.rglob("*"))
    found = [f"{file.name} {fetch.digest(file)}" for file in files if file.is_file()]
    return _digest("\n".join(found)) if found else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(target: Path, wanted: Note) -> Note | None:
    """The note of the file that is there, if it is the wanted one; DataError when damaged."""
    if not (target.is_file() and note_path(target).is_file()):
        return None
    note = _note(target)
    if note and note[:3] != wanted[:3]:
        return None
    content(target)
    return note and note._replace(shape=tuple(note.shape))


def _note(target: Path) -> Note | None:
    """The note beside a file of features; None when it is missing or no note."""
    try:
        return Note(**json.loads(note_path(target).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _save(path: Path, note: Note | None) -> None:
    """Write a note, or remove it: while it is there, the file beside it is whole."""
    try:
        path.unlink(missing_ok=True)
        if note:
            aside = path.with_name(f".{path.name}.tmp")
            aside.write_text(json.dumps(note._asdict(), indent=2) + "\n", encoding="utf-8")
            aside.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error


def _halved(
    blocks: Iterable[np.ndarray[Any, Any]], names: Sequence[str], encoder: str
) -> Iterator[np.ndarray[Any, np.dtype[np.float16]]]:
    """The blocks as float16, every value finite."""
    done = 0
    for block in blocks:
        with np.errstate(over="ignore"):
            half = block.astype(np.float16)
        bad = np.flatnonzero(~np.isfinite(half).all(axis=(1, 2)))
        if len(bad):
            raise DataError(
                f"{encoder}, picture '{names[done + bad[0]]}': a feature is not finite or beyond "
                "65,504, the largest float16; replace its features or the encoder."
            )
        yield half
        done += len(block)
