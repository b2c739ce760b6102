"""Sentences as records, such as rows of JSONL or of a data set: a list of words, a list of tags."""

import re
from collections.abc import Iterable, Mapping

from bench.data.tagging.column import DOCUMENT, Sentence
from bench.data.tagging.scheme import Malformed

WORDS = ("tokens", "words")
TAGS = ("tags", "ner_tags", "labels")
REMEDY = "name both keys with --columns WORD,TAG"
_BLANK = re.compile(r"[ \t\r\n\0]")


def keys(there: Iterable[str], word: str = "", tag: str | None = "") -> tuple[str, str | None]:
    """The keys of words and tags: those given, else the first of the usual ones that are there.

    With a tag of None there is none. Malformed names what is missing and what there is.
    """
    known = list(there)
    return _key(known, word, WORDS), None if tag is None else _key(known, tag, TAGS)


def sentence(row: Mapping[str, object], number: int, word: str, tag: str | None) -> Sentence | None:
    """The sentence of a record; None when it is empty, or -DOCSTART- alone.

    Malformed unless the words are texts without blanks, with one tag each.
    """
    tokens = _texts(row, word, "word")
    tags = [] if tag is None else _texts(row, tag, "tag")
    if tag is not None and len(tags) != len(tokens):
        raise Malformed(f"{len(tags)} tags for {len(tokens)} words")
    if not tokens or tokens == [DOCUMENT]:
        return None
    return Sentence(number, tokens, tags, [number] * len(tokens))


def _key(known: list[str], given: str, usual: tuple[str, ...]) -> str:
    asked = (given,) if given else usual
    for name in asked:
        if name in known:
            return name
    there = f"only {', '.join(known)}" if known else "but an empty object"
    raise Malformed(f"no key {' or '.join(asked)}, {there}")


def _texts(row: Mapping[str, object], key: str, what: str) -> list[str]:
    values = row.get(key)
    if not isinstance(values, list):
        raise Malformed(f"'{key}' is no list of {what}s" if key in row else f"no key '{key}'")
    for place, value in enumerate(values, start=1):
        if not isinstance(value, str):
            raise Malformed(f"{what} {place} is {value!r}, which is no text")
        if not value or _BLANK.search(value) or not _whole(value):
            fault = "is empty, or holds a blank or half a character"
            raise Malformed(f"{what} {place}, {value!r}, {fault}")
    return values


def _whole(text: str) -> bool:
    """Whether a text is Unicode: JSON can spell half of a surrogate pair."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
