"""JSONL files: an object a line, with a list of words and a list of tags."""

import json
from collections.abc import Iterator
from json import JSONDecodeError
from pathlib import Path

from bench.data.line import lines, located
from bench.data.tagging import record
from bench.data.tagging.column import Sentence
from bench.data.tagging.scheme import Malformed

_WANTED = "there should be an object on each line"


def sentences(path: Path, word: str = "", tag: str | None = "") -> Iterator[Sentence]:
    """The sentences of a JSONL file, in order; blank lines and empty sentences are passed over.

    `word` and `tag` are as in `keys`; with a tag of None `tags` stays empty. DataError names file
    and line: no UTF-8, no JSON, no object, or what `record.sentence` refuses.
    """
    names = keys(path, word, tag)
    for number, row in _rows(path):
        try:
            found = record.sentence(row, number, *names)
        except Malformed as fault:
            raise located(path, number, str(fault)) from None
        if found:
            yield found


def keys(path: Path, word: str = "", tag: str | None = "") -> tuple[str, str | None]:
    """The keys of words and tags: where '' is asked for, the usual ones of the first object."""
    for number, row in _rows(path):
        try:
            return record.keys(row, word, tag)
        except Malformed as fault:
            raise located(path, number, str(fault), record.REMEDY) from None
    return word, tag


def _rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in lines(path):
        if line.strip():
            try:
                yield number, _object(line)
            except Malformed as fault:
                raise located(path, number, str(fault)) from None


def _object(line: str) -> dict[str, object]:
    try:
        value = json.loads(line)
    except JSONDecodeError as error:
        raise Malformed(f"no JSON ({error.msg}, column {error.colno}); {_WANTED}") from None
    except (ValueError, RecursionError) as error:  # thousands of digits, or of brackets
        raise Malformed(f"no JSON ({error}); {_WANTED}") from None
    if not isinstance(value, dict):
        raise Malformed(f"a {type(value).__name__}; {_WANTED}")
    return value
