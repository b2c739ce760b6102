"""What is legal in data but seldom meant: repeats, mixed scripts, blanks unseen, endless lines."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bench.data.tagging.column import Sentence

LONG = 250
"""Words beyond which a blank line is more likely to be missing than not."""
UNSEEN = re.compile("[\u00a0\u2007\u202f\u200b-\u200d\u2060\ufeff]")
# Those with letters that look like letters of another.
SCRIPTS = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW", "ARABIC", "GEORGIAN"})


class Oddity(NamedTuple):
    """Something to look at: of what kind, in which line or row, and what it is."""

    kind: str
    number: int
    what: str = ""


def oddities(sentences: Iterable[Sentence]) -> Iterator[Oddity]:
    """What is odd about sentences and their words, in order."""
    seen: dict[tuple[str, ...], int] = {}
    for sentence in sentences:
        key, line = tuple(sentence.tokens), sentence.line
        first = seen.setdefault(key, line)
        if first != line:
            yield Oddity("repeated sentences", line, f"as {first}")
        if len(key) > LONG:
            yield Oddity(f"sentences of more than {LONG} words", line, f"{len(key)}")
        for word, number in zip(key, sentence.lines, strict=True):
            yield from (Oddity(kind, number, ascii(word)) for kind in _strange(word))


def scripts(word: str) -> frozenset[str]:
    """The scripts of a word's letters, of those that are easily mistaken for each other."""
    names = (unicodedata.name(letter, "").partition(" ")[0] for letter in word if letter.isalpha())
    return SCRIPTS.intersection(names)


def _strange(word: str) -> Iterator[str]:
    if word.isascii():
        return
    if len(scripts(word)) > 1:
        yield "words of several scripts"
    if UNSEEN.search(word):
        yield "words with no-break or zero-width spaces"
