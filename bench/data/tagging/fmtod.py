"""Reader of the Facebook Multilingual Task Oriented Dialog files (Schuster et al. 2019).

Five columns parted by single tabs: intent, slots `start:end:type,...`, text, locale, and JSON with
the tokens, in lower case, and their spans. All offsets count characters of the text as it stands,
its stray blanks included; the column of the slots may be empty.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.data.line import AGAIN, lines, located
from bench.data.tagging.column import Sentence
from bench.data.tagging.scheme import Malformed


class Span(NamedTuple):
    """Characters from `start` to before `end`: a token, or a slot of the type `name`."""

    start: int
    end: int
    name: str


def sentences(path: Path) -> Iterator[Sentence]:
    """The utterances in order, tags in BIO2. DataError: file, line and what is not as above."""
    for number, line in lines(path):
        try:
            tokens, slots = _read(line)
            tags = _tags(tokens, slots)
        except Malformed as fault:
            raise located(path, number, str(fault), AGAIN) from None
        yield Sentence(number, [token.name for token in tokens], tags, [number] * len(tokens))


def _read(line: str) -> tuple[list[Span], list[Span]]:
    fields = line.split("\t")
    if len(fields) != 5:
        raise Malformed(f"there should be 5 columns parted by tabs, not {len(fields)}")
    _, slots, text, _, notes = fields
    return _tokens(notes, text), _slots(slots, text)


def _tokens(notes: str, text: str) -> list[Span]:
    """The tokens that the JSON names; Malformed unless each is the text's at its span."""
    try:
        given = json.loads(notes)["tokenizations"][0]
        pairs = zip(given["tokens"], given["tokenSpans"], strict=True)
        tokens = [Span(at["start"], at["start"] + at["length"], name) for name, at in pairs]
        found = [text[start:end].lower() for start, end, _ in tokens]
    except (ValueError, LookupError, TypeError) as error:
        raise Malformed(
            f"column 5 is not JSON with tokenizations[0].tokens and .tokenSpans ({error!r})"
        ) from None
    for token, written in zip(tokens, found, strict=True):
        if token.name != written or written.split() != [written]:
            raise Malformed(f"token {token.name!r} is {written!r} in the text")
    if not tokens:
        raise Malformed("the sentence is empty")
    return _ordered(tokens, text)


def _slots(field: str, text: str) -> list[Span]:
    """The slots; a type may hold a slash, but no blank."""
    slots = []
    for part in field.split(",") if field else ():
        found = re.fullmatch(r"([0-9]+):([0-9]+):(\S+)", part)
        if not found:
            raise Malformed(f"slot '{part}' is not written start:end:type")
        slots.append(Span(int(found[1]), int(found[2]), found[3]))
    return _ordered(slots, text)


def _ordered(spans: list[Span], text: str) -> list[Span]:
    """The spans; Malformed where one is empty, leaves the text or begins before the last ends."""
    reached = 0
    for start, end, name in spans:
        if not reached <= start < end <= len(text):
            raise Malformed(
                f"'{name}' at {start}:{end} is not between {reached} and the end at {len(text)}"
            )
        reached = end
    return spans


def _tags(tokens: list[Span], slots: list[Span]) -> list[str]:
    """A slot covers each token that it overlaps, but those that the slot before has taken."""
    tags = ["O"] * len(tokens)
    for slot in slots:
        over = [i for i, token in enumerate(tokens) if _overlap(token, slot) and tags[i] == "O"]
        if not over:
            raise Malformed(f"slot {slot.start}:{slot.end}:{slot.name} covers no token")
        for i in over:
            tags[i] = f"{'B' if i == over[0] else 'I'}-{slot.name}"
    return tags


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
