"""Column files: one word a line, with its tag in another column, and a blank line after a sentence.

Columns are parted by tabs or runs of blanks. What is no word is passed over: -DOCSTART- lines,
which also end a sentence, and comments. A comment begins with # and has another number of columns
than the words, or no tag where theirs is.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.data.line import lines, located

DOCUMENT = "-DOCSTART-"


class Sentence(NamedTuple):
    """A sentence as the file has it: its first line, its words, their tags, the line of each."""

    line: int
    tokens: list[str]
    tags: list[str]
    lines: list[int]


def sentences(path: Path, word: int = 1, tag: int | None = -1) -> Iterator[Sentence]:
    """The sentences of a column file, in order.

    `word` and `tag` are columns counted from 1, as in `cut -f`; -1 is the last, and with a tag of
    None `tags` stays empty. DataError names file and line: no UTF-8, no such column, or another
    number of columns than in the first word's line.
    """
    tokens: list[str] = []
    tags: list[str] = []
    places: list[int] = []
    for number, fields in _rows(path, word, tag):
        if fields:
            tokens.append(fields[_index(word)])
            tags += [fields[_index(tag)]] if tag is not None else []
            places.append(number)
        elif tokens:
            yield Sentence(places[0], tokens, tags, places)
            tokens, tags, places = [], [], []


def _rows(path: Path, word: int, tag: int | None) -> Iterator[tuple[int, list[str]]]:
    """The columns of each word, checked, with its line's number; none where a sentence ends."""
    first, width = _first(path)
    _check(path, first, width, word, tag)
    number = 0
    for number, fields in _fields(path):
        if not fields or fields[0].startswith(DOCUMENT):
            yield number, []
        elif not _comment(fields, width, tag):
            if len(fields) != width:
                reason = f"{_counted(len(fields))}, but line {first} has {width}"
                raise located(path, number, reason)
            yield number, fields
    yield number + 1, []


def _fields(path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, line in lines(path):
        yield number, re.findall(r"[^ \t]+", line)


def _first(path: Path) -> tuple[int, int]:
    """The line of the first word that is not #, and its number of columns; 0 and 0: there is none.

    So that a # before it can be told from a comment.
    """
    for number, fields in _fields(path):
        if fields and not fields[0].startswith((DOCUMENT, "#")):
            return number, len(fields)
    return 0, 0


def _check(path: Path, first: int, width: int, word: int, tag: int | None) -> None:
    """DataError unless the columns asked for are two of those that the first word's line has."""
    asked = [column for column in (word, tag) if column is not None]
    places = {column if column > 0 else width + 1 + column for column in asked}
    if first and not (len(places) == len(asked) and places <= set(range(1, width + 1))):
        wanted = " and ".join(map(str, asked))
        reason = f"{_counted(width)}, but {wanted} asked for"
        raise located(path, first, reason, "name the columns of the words and of their tags")


def _comment(fields: list[str], width: int, tag: int | None) -> bool:
    if not fields[0].startswith("#"):
        return False
    if len(fields) != width:
        return True
    return tag is not None and not re.fullmatch(r"O|[BIESLU]-.+", fields[_index(tag)])


def _index(column: int) -> int:
    """A column counted from 1 as an index of Python; from the end as it is."""
    return column - 1 if column > 0 else column


def _counted(columns: int) -> str:
    return f"{columns} column{'s' * (columns > 1)}"
