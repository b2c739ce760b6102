"""Data sets of the Hugging Face hub, or of a folder, through the library `datasets`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.data.tagging import record
from bench.data.tagging.column import Sentence
from bench.data.tagging.scheme import Malformed
from bench.error import DataError

PREFIX = "hf:"


def splits(name: str) -> dict[str, Any]:
    """The splits (`datasets.Dataset`) of `hf:owner/name[:config]` or `hf:./folder[:config]`.

    DataError when the library cannot load them.
    """
    import datasets

    datasets.logging.set_verbosity_error()
    (datasets.enable_progress_bars if sys.stderr.isatty() else datasets.disable_progress_bars)()
    path, _, config = name.removeprefix(PREFIX).partition(":")
    if path.startswith((".", "/", "~")) and not Path(path).expanduser().is_dir():
        raise DataError(f"There is no folder {path}.")
    try:
        found = datasets.load_dataset(str(Path(path).expanduser()), config or None)
    except Exception as error:  # the library's errors have no base in common
        reason = " ".join(str(error).split())
        raise DataError(f"{name} cannot be loaded: {type(error).__name__}: {reason}") from error
    return dict(found)


def sentences(split: Any, where: str, word: str = "", tag: str | None = "") -> Iterator[Sentence]:
    """The sentences of a split, in order; `line` is a row's number, from 1; empty ones are left.

    `word` and `tag` are keys; '' is the first of the usual ones that is there. Tags are texts, or
    numbers that the data set has names for. DataError says `where`, the row and the reason.
    """
    words, tags = keys(split, where, word, tag)
    names = None if tags is None else _names(split.features[tags])
    number = 0
    for batch in split.select_columns([words, *([tags] if tags else [])]).iter(1000):
        for values in zip(*batch.values(), strict=True):
            number += 1
            row = dict(zip(batch, values, strict=True))
            try:
                if names is not None and tags is not None:
                    row[tags] = _named(row[tags], names)
                found = record.sentence(row, number, words, tags)
            except Malformed as fault:
                raise DataError(f"{where}, row {number}: {fault}.") from None
            if found:
                yield found


def keys(split: Any, where: str, word: str = "", tag: str | None = "") -> tuple[str, str | None]:
    """The keys of words and tags: where '' is asked for, the usual ones that are there."""
    try:
        return record.keys(split.features, word, tag)
    except Malformed as fault:
        raise DataError(f"{where}: {fault}; {record.REMEDY}.") from None


def _names(feature: Any) -> list[str] | None:
    """What the numbers of a list of ClassLabel stand for; None of any other feature."""
    names: list[str] | None = getattr(getattr(feature, "feature", None), "names", None)
    return names


def _named(tags: Any, names: list[str]) -> Any:
    if not isinstance(tags, list):
        return tags
    for place, tag in enumerate(tags, start=1):
        if not isinstance(tag, int) or not 0 <= tag < len(names):
            raise Malformed(f"tag {place} is {tag}, which has no name", place)
    return [names[tag] for tag in tags]
