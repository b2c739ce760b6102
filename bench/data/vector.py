"""Pretrained word vectors from text files: of words (GloVe, word2vec, fastText) or of n-grams.

A line is a key and then d numbers, parted by blanks; d is that of the first line, or what a header
such as `400000 300` says. A key may hold blanks itself, as some of GloVe's do. A file whose first
key looks like `3gram-abc` holds character n-grams (Hashimoto et al. 2017, "A Joint Many-Task
Model"): a word's vector is the mean of those of its distinct 2-, 3- and 4-grams that there are,
the marks #BEGIN# and #END# counting as its first and last character.

A word is looked up as it is written, else in lower case. Where a file has a key twice the first one
counts, as published files are read elsewhere, and how many were passed over is said.
"""

import math
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import chain, dropwhile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.data import fetch
from bench.data.line import located, raw, unreadable
from bench.error import DataError

RANDOM = "random"
"""The identity of no files at all."""
_LARGEST = float(np.finfo(np.float32).max)
_ORDERS = (2, 3, 4)
_NGRAM = re.compile(rb"[0-9]gram-\S")
_WANTED = "a whole file of word vectors"
_ARCHIVES = {".zip", ".tar", ".tgz"}

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Part:
    """One file's vectors: `table` [words, d] float32, rows of NaN for the words that it lacks.

    `ngrams`: made of those of character n-grams. `repeated`: keys asked for that it has again.
    """

    name: str
    table: Array
    ngrams: bool
    repeated: int

    @property
    def known(self) -> Array:
        """Which words have a vector here [words]."""
        return ~np.isnan(self.table[:, 0])


@dataclass(frozen=True)
class Vectors:
    """The vectors of some words from one file or several."""

    parts: tuple[Part, ...]

    @property
    def table(self) -> Array:
        """The files' vectors side by side [words, D] float32, NaN where a file lacks a word."""
        return np.hstack([part.table for part in self.parts])

    @property
    def remark(self) -> str:
        """How many of the words have a vector, altogether and in each file."""
        known = np.any([part.known for part in self.parts], axis=0)
        each = ", ".join(
            f"{part.name} {_percent(part.known)}" + " by character n-grams" * part.ngrams
            for part in self.parts
        )
        again = "".join(
            f"; {part.name} has {part.repeated:,} of its keys again, and the first one counts"
            for part in self.parts
            if part.repeated
        )
        return (
            f"embeddings: {known.sum():,} of {len(known):,} words of the pool have a vector "
            f"({_percent(known)}; {each}){again}"
        )


def identity(files: Sequence[Path]) -> str:
    """Which files they are: `name:digest` of each, joined by +; `random` where there are none.

    The name is without .txt and .gz, the digest the first 8 digits of its SHA-256. DataError: a
    file cannot be read.
    """
    return "+".join(map(_mark, files)) or RANDOM


def sizes(files: Sequence[Path]) -> list[int]:
    """The dimension of each file's vectors, from its first lines; DataError as in `read`."""
    return [_open(path).size for path in files]


@cache
def read(files: tuple[Path, ...], words: tuple[str, ...]) -> Vectors:
    """The vectors of some words, read once per process; a file is never held as a whole.

    Numbers are parsed in the lines of these words alone. DataError: a file cannot be read, is
    empty, or has no vector for any word, or a line has another number of numbers than the first
    one, is not UTF-8, or has what is no finite number.
    """
    return Vectors(tuple(_part(path, words) for path in files))


def _part(path: Path, words: tuple[str, ...]) -> Part:
    text = _open(path)
    keys = _ngrams if text.ngrams else _whole
    forms = [(keys(word), keys(word.lower())) for word in words]
    found, repeated = _vectors(text, {key for pair in forms for form in pair for key in form})
    if not found:
        raise DataError(
            f"{path} has no vector for any of the {len(words):,} words; take vectors of the "
            "data's language, or leave them out."
        )
    table = np.full((len(words), text.size), np.nan, np.float32)
    for row, pair in enumerate(forms):
        vectors = ([found[key] for key in form if key in found] for form in pair)
        if first := next(filter(None, vectors), None):
            table[row] = np.mean(first, axis=0)
    return Part(_name(path), table, text.ngrams, repeated)


def _whole(word: str) -> list[str]:
    return [word]


def _ngrams(word: str) -> list[str]:
    """The keys of a word's distinct character n-grams."""
    marked = ["#BEGIN#", *word, "#END#"]
    grams = (
        f"{n}gram-{''.join(marked[start : start + n])}"
        for n in _ORDERS
        for start in range(len(marked) - n + 1)
    )
    return list(dict.fromkeys(grams))


class _Text(NamedTuple):
    """An opened file: the dimension of its vectors, and its numbered lines but the header."""

    path: Path
    size: int
    ngrams: bool
    lines: Iterator[tuple[int, bytes]]


def _open(path: Path) -> _Text:
    """A file, looked into as far as its first vector."""
    lines = _lines(path)
    number, line = next(lines, (0, b""))
    fields = line.split()
    size = len(list(dropwhile(lambda field: math.isnan(_number(field)), fields[1:])))
    if len(fields) == 2 and all(field.isdigit() for field in fields):
        size = int(fields[1])
        number, line = next(lines, (0, b""))
    if not line:
        raise DataError(f"{path} holds no vectors; name a whole file.")
    if size < 1:
        raise located(path, number, "a word without numbers", "name a text file of vectors")
    return _Text(path, size, bool(_NGRAM.match(line)), chain([(number, line)], lines))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, stripped, with their numbers from 1."""
    if _ARCHIVES & set(path.suffixes):
        raise DataError(f"{path} is an archive; unpack it, and name the text file that it holds.")
    for number, line in raw(path, _WANTED):
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if line := line.strip():
            yield number, line


def _vectors(text: _Text, keys: Set[str]) -> tuple[dict[str, Array], int]:
    """The vectors of the keys asked for, and how many of these stand there again."""
    found: dict[str, Array] = {}
    repeated = 0
    for number, line in text.lines:
        plain = line.count(b" ") == text.size
        if plain and _decoded(text.path, number, line[: line.index(b" ")]) not in keys:
            continue  # as most lines, unsplit
        key, *values = _split(text, number, line)
        word = _decoded(text.path, number, key)
        if word in found:
            repeated += 1
        elif word in keys:
            found[word] = _numbers(text.path, number, values)
    return found, repeated


def _split(text: _Text, number: int, line: bytes) -> list[bytes]:
    """The key, which may hold blanks but does not end in a number, and as many values as due."""
    fields = line.rsplit(None, text.size)
    key = fields[0].split()
    if len(fields) <= text.size or (len(key) > 1 and not math.isnan(_number(key[-1]))):
        count = len(line.split()) - 1
        reason = f"{count} numbers after the word, not {text.size} as the first line has it"
        raise located(text.path, number, reason, "mend the line, or leave it out")
    return fields


def _numbers(path: Path, number: int, values: list[bytes]) -> Array:
    numbers = [_number(value) for value in values]
    for value, found in zip(values, numbers, strict=True):
        if math.isnan(found):
            reason = f"{value.decode(errors='replace')!r} is no finite number"
            raise located(path, number, reason, "mend the line, or leave it out")
    return np.array(numbers, np.float32)


def _number(value: bytes) -> float:
    """A number that float32 can hold; NaN for anything else."""
    try:
        number = float(value)
    except ValueError:
        return math.nan
    return number if abs(number) <= _LARGEST else math.nan


def _decoded(path: Path, number: int, key: bytes) -> str:
    try:
        return key.decode()
    except UnicodeDecodeError:
        reason, remedy = "a word that is not UTF-8", "convert the file, or leave the line out"
        raise located(path, number, reason, remedy) from None


@cache
def _mark(path: Path) -> str:
    try:
        return f"{_name(path)}:{fetch.digest(path)[:8]}"
    except OSError as error:
        raise unreadable(path, error, _WANTED) from error


def _name(path: Path) -> str:
    """The file's name, with nothing that the text form of a learner cannot hold."""
    name = path.name.removesuffix(".gz").removesuffix(".txt")
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)


def _percent(share: Array) -> str:
    return f"{100 * share.mean():.1f} %"
