"""What a user names as data: its format, and the sentences of each of its parts."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from bench.data import fetch
from bench.data.line import lines
from bench.data.tagging import column, hub, jsonl
from bench.data.tagging.column import Sentence
from bench.error import DataError, UsageError

Format = Literal["columns", "JSONL", "data set", "plain text"]


@dataclass(frozen=True)
class Source:
    """Data as it is named on the command line; `scheme` may be `auto`.

    `data` is a file or `hf:…`; `test` a file with the test split, or ''. `columns` are those of
    words and tags: numbers in a file of columns, else keys; '' for the usual ones.
    """

    data: str
    test: str = ""
    columns: str = ""
    scheme: str = "auto"

    kind = "tagging"

    def __str__(self) -> str:
        return self.data


@dataclass(frozen=True)
class Part:
    """A split of the data: what messages call it, what tells it from a changed one, its sentences.

    `keys` gives the columns, or the keys, of words and tags. Both raise DataError as the readers.
    """

    split: str
    name: str
    format: Format
    fingerprint: str
    sentences: Callable[[], Iterator[Sentence]] = field(repr=False)
    keys: Callable[[], tuple[str, str | None]] = field(repr=False)
    path: Path | None = None

    def fault(self, number: int, reason: str, remedy: str = "") -> DataError:
        """The error that says which line or row is at fault, and why."""
        place = "line" if self.path else "row"
        end = remedy or f"mend the {place}"
        return DataError(f"{self.name}, {place} {number}: {reason}; {end}.")


def parts(source: Source) -> list[Part]:
    """The splits of some labelled data: `all`, `train` and `test`, or as a data set has them.

    Nothing is read yet but a data set's splits. UsageError when the options do not fit each other
    or the format, DataError when a file is not there or a data set cannot be loaded.
    """
    if not source.data.startswith(hub.PREFIX):
        found = [_file(source.data, "train" if source.test else "all", source.columns)]
    else:
        found = _data_set(source.data, source.columns)
    if source.test.startswith(hub.PREFIX) or (source.test and len(found) > 1):
        raise UsageError(
            "--test takes a file, beside data that has no test split of its own; "
            f"leave it out, and {source.data} is split as it says itself."
        )
    return [*found, *([_file(source.test, "test", source.columns)] if source.test else [])]


def pool(data: str, columns: str = "") -> Part:
    """A file of sentences to choose from; where it has tags, they are not read.

    A name that ends in .txt is plain text, a sentence a line, unless a line holds a tab or blank
    lines part lines of equally many columns, as in a file of columns.
    """
    if data.startswith(hub.PREFIX):
        raise UsageError(f"{data}: the pool is a file: of columns, JSONL or plain text.")
    path = _existing(data)
    if _suffix(path) == ".txt" and _plain(path):
        return Part("pool", data, "plain text", "", partial(_text, path), lambda: ("", None), path)
    return _file(data, "pool", columns, labelled=False)


def _file(name: str, split: str, columns: str, labelled: bool = True) -> Part:
    path = _existing(name)
    if _suffix(path) in (".jsonl", ".json"):
        word, tag = _pair(columns)
        asked = (path, word, tag if labelled else None)
        read, keys = partial(jsonl.sentences, *asked), partial(jsonl.keys, *asked)
        return Part(split, name, "JSONL", fetch.digest(path), read, keys, path)
    first, second = _numbers(columns)
    rows = partial(column.sentences, path, first, second if labelled else None)
    where = f"column {first}", f"column {second}" if second > 0 else "the last column"
    return Part(split, name, "columns", fetch.digest(path), rows, lambda: where, path)


def _data_set(name: str, columns: str) -> list[Part]:
    found = []
    for split, rows in hub.splits(name).items():
        asked = (rows, f"{name}, split {split}", *_pair(columns))
        read, keys = partial(hub.sentences, *asked), partial(hub.keys, *asked)
        found.append(Part(split, asked[1], "data set", rows._fingerprint, read, keys))
    return found


def _pair(columns: str) -> tuple[str, str]:
    """The two of `--columns`, '' and '' where it is not given; UsageError unless they are two."""
    if not columns:
        return "", ""
    found = [part.strip() for part in columns.split(",")]
    if len(found) != 2 or not all(found):
        raise UsageError(f"--columns is '{columns}'; it takes WORD,TAG, such as 1,4 or text,tags.")
    return found[0], found[1]


def _numbers(columns: str) -> tuple[int, int]:
    """As `_pair`, for a file of columns: whole numbers, 1 and −1 where it is not given."""
    word, tag = _pair(columns)
    try:
        return int(word or 1), int(tag or -1)
    except ValueError:
        raise UsageError(
            f"--columns is '{columns}'; in a file of columns it takes two numbers, such as 1,4."
        ) from None


def _existing(name: str) -> Path:
    path = Path(name)
    if _suffix(path) == ".csv":
        raise UsageError(
            f"{name} is a CSV file, which holds a text and its class in each row, and no tagged "
            "words: `bench run --data` takes it with --text and --label."
        )
    if not path.is_file():
        raise DataError(f"There is no file {name}.")
    return path


def _suffix(path: Path) -> str:
    named = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return named.suffix.lower()


def _plain(path: Path) -> bool:
    """Whether a .txt file has a sentence on each line, rather than a word."""
    found = [line for _, line in lines(path)]
    blank = [place for place, line in enumerate(found) if not line.strip()]
    filled = [place for place, line in enumerate(found) if line.strip()]
    parted = any(filled[0] < place < filled[-1] for place in blank) if filled else False
    uniform = len({len(line.split()) for line in found if line.strip()}) == 1
    return not (any("\t" in line for line in found) or (parted and uniform))


def _text(path: Path) -> Iterator[Sentence]:
    for number, line in lines(path):
        words = re.findall(r"[^ \t]+", line)
        if words and words != [column.DOCUMENT]:
            yield Sentence(number, words, [], [number] * len(words))
