"""A CSV file of texts and their classes: two of its columns, named by the user."""

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from bench.data.classification.part import Part
from bench.data.line import lines, located
from bench.error import DataError, UsageError

SHOWN = 8
"""Names of columns, or of classes, that a message shows."""
WIDTH = 40
"""Characters of each: without a header, texts stand where names should be."""


@dataclass(frozen=True)
class Sheet:
    """A CSV file as it is named on the command line, with the names of the two columns.

    `test` is a file with the test split, or ''.
    """

    data: str
    text: str
    label: str
    test: str = ""

    kind = "classification"

    def __str__(self) -> str:
        return self.data

    @property
    def files(self) -> dict[str, Path]:
        """The file of each split: `all`, or `train` and `test`.

        UsageError when one is not a CSV file, or the columns are the same; DataError when one is
        not there.
        """
        if self.text == self.label:
            raise UsageError(f"--text and --label are both '{self.text}'; name two columns.")
        if not self.test:
            return {"all": _existing(self.data)}
        return {"train": _existing(self.data), "test": _existing(self.test)}


class Row(NamedTuple):
    """A row: the line of the file that it begins on, the words of its text, its class."""

    line: int
    words: list[str]
    label: str


def is_sheet(name: str) -> bool:
    """Whether a name is that of a CSV file, perhaps gzipped."""
    return name.lower().removesuffix(".gz").endswith(".csv")


def header(name: str) -> list[str]:
    """The names of a file's columns, without white space around them.

    UsageError or DataError when it is not a CSV file, not there, or empty.
    """
    return _opened(_existing(name))[1]


def shown(names: Sequence[str], near: str = "") -> str:
    """Some names for a message, those most like `near` first."""
    ordered = sorted(
        filter(None, names), key=lambda name: -SequenceMatcher(None, near, name).ratio()
    )
    short = (name if len(name) <= WIDTH else f"{name[:WIDTH]}…" for name in ordered[:SHOWN])
    return ", ".join(short) + (", …" if len(ordered) > SHOWN else "")


def read(sheet: Sheet) -> list[Part]:
    """The rows of both splits: texts parted at white space, classes without any around them.

    Errors as in `files`; DataError for the first row that cannot be read or lacks its text or
    class, for a file without the columns or without rows, where all rows are of one class, and for
    a class that the test split alone has.
    """
    files = sheet.files
    held = {split: list(_rows(path, sheet)) for split, path in files.items()}
    (path, *_), (first, *_) = files.values(), held.values()
    known = {row.label for row in first}
    if len(known) < 2:
        raise DataError(
            f"{path}: every row is of class '{first[0].label}' in column '{sheet.label}'; take "
            "data of two classes or more, or name their column with --label."
        )
    for row in held.get("test", ()):
        if row.label not in known:
            classes = shown(sorted(known), row.label)
            reason = f"class '{row.label}' is not in {path}, whose classes are {classes}"
            raise located(files["test"], row.line, reason, "mend the line or leave it out")
    return [
        Part(split, [row.words for row in rows], [row.label for row in rows])
        for split, rows in held.items()
    ]


def _rows(path: Path, sheet: Sheet) -> Iterator[Row]:
    records, names = _opened(path)
    text, label = (_place(path, names, *option) for option in _options(sheet))
    empty = True
    for line, record in records:
        if len(record) != len(names):
            count = f"{len(record)} field{'s' * (len(record) != 1)}"
            reason = f"{count}, but the header names {len(names)} columns"
            raise located(path, line, reason, "mend the row, and quote fields that hold commas")
        # One string for a word however often it comes: there are millions, of thousands.
        words, name = [*map(sys.intern, record[text].split())], record[label].strip()
        for place, found in ((text, words), (label, name)):
            if not found:
                reason = f"column '{names[place]}' is empty"
                raise located(path, line, reason, "fill it or leave the row out")
        empty = False
        yield Row(line, words, name)
    if empty:
        raise DataError(f"{path} holds no row below its header; it should hold one for each text.")


def _options(sheet: Sheet) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("--text", sheet.text), ("--label", sheet.label)


def _place(path: Path, names: list[str], option: str, name: str) -> int:
    """The place of the column that an option names; DataError unless there is exactly one."""
    count = names.count(name.strip())
    if count > 1:
        remedy = "give each column a name of its own"
        raise DataError(f"{path} has {count} columns '{name}', which {option} names; {remedy}.")
    if not count:
        raise DataError(
            f"{path} has no column '{name}'; its first line names {shown(names, name)}: name one "
            f"of them with {option}."
        )
    return names.index(name.strip())


def _opened(path: Path) -> tuple[Iterator[tuple[int, list[str]]], list[str]]:
    """The rows below the header, each with its line, and the header's names."""
    records = _records(path)
    _, names = next(records, (0, []))
    if not names:
        raise DataError(f"{path} is empty; its first line should name the columns.")
    return records, [name.strip() for name in names]


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not blank, and the line on which it begins."""
    table = csv.reader((f"{text}\n" for _, text in lines(path)), strict=True)
    while True:
        line = table.line_num + 1
        try:
            record = next(table, None)
        except csv.Error as error:
            reason = f"the row that begins here is no CSV ({error})"
            remedy = "close quotation marks, and write those inside a quoted field twice"
            raise located(path, line, reason, remedy) from None
        if record is None:
            return
        if record:
            yield line, record


def _existing(name: str) -> Path:
    if not is_sheet(name):
        raise UsageError(f"{name} is no CSV file, as its name should end in .csv or .csv.gz.")
    path = Path(name)
    if not path.is_file():
        raise DataError(f"There is no file {name}.")
    return path
