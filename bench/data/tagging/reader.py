"""Readers of corpora: from a card and its files to checked rows."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench.data.card import Card
from bench.data.line import AGAIN, located
from bench.data.tagging import column, fmtod
from bench.data.tagging.column import Sentence
from bench.data.tagging.scheme import Malformed, to_bio
from bench.error import DataError


class Row(NamedTuple):
    """One sentence: its split, its words and their tags."""

    split: str
    tokens: list[str]
    tags: list[str]


def read(card: Card, files: dict[str, Path]) -> list[Row]:
    """All rows of a corpus, split by split in the card's order.

    `files` maps the card's paths to where they lie. DataError names file, line and reason of the
    first malformed row, or the split whose counts are not those the card states.
    """
    readers = {
        "parallel": _parallel,
        "columns": _columns,
        "fmtod": _fmtod,
        "grammar": _grammar,
    }
    rows = list(readers[card.reader](card, files))
    sentences = Counter(row.split for row in rows)
    tokens = Counter[str]()
    for row in rows:
        tokens[row.split] += len(row.tokens)
    for split, counts in card.counts.items():
        if (sentences[split], tokens[split]) != (counts.sentences, counts.tokens):
            raise DataError(
                f"{card.name}, split {split}: {sentences[split]} sentences with {tokens[split]} "
                f"words were read, but the card states {counts.sentences} with {counts.tokens}; "
                "mend the card or take the files it names."
            )
    return rows


def parallel(split: str, tokens: Path, tags: Path, inventory: frozenset[str]) -> Iterator[Row]:
    """Two files with one sentence a line, words and tags in the same places (`seq.in`, `seq.out`).

    Fields are parted by white space. DataError for the first row that is not legal UTF-8, is
    empty, has more words than tags or the reverse, or breaks the rules of `check`.
    """
    words, labels = _lines(tokens), _lines(tags)
    if len(words) != len(labels):
        raise DataError(
            f"{tags} has {len(labels)} lines, but {tokens} has {len(words)}; "
            "the two belong together line by line: fetch both again or mend them."
        )
    for number, (left, right) in enumerate(zip(words, labels, strict=True), start=1):
        row = Row(split, _fields(left, tokens, number), _fields(right, tags, number))
        try:
            check(row, inventory)
        except Malformed as fault:
            raise located(tags, number, str(fault), AGAIN) from None
        yield row


def sentences(
    split: str, path: Path, found: Iterable[Sentence], scheme: str, inventory: frozenset[str]
) -> Iterator[Row]:
    """The sentences of one file of words and tags, from its scheme to BIO2.

    DataError for the first that breaks the rules of the scheme or of `check`.
    """
    for sentence in found:
        try:
            row = Row(split, sentence.tokens, to_bio(sentence.tags, scheme))
            check(row, inventory)
        except Malformed as fault:
            line = sentence.lines[fault.place - 1] if fault.place else sentence.line
            raise located(path, line, str(fault), AGAIN) from None
        yield row


def check(row: Row, inventory: frozenset[str]) -> None:
    """Malformed unless the row has one known tag per word and spans that begin with B-."""
    if len(row.tokens) != len(row.tags):
        raise Malformed(f"{len(row.tags)} tags for {len(row.tokens)} words")
    before = "O"
    for place, tag in enumerate(row.tags, start=1):
        if tag not in inventory:
            raise Malformed(f"tag '{tag}' of word {place} is not in the card's inventory", place)
        if tag.startswith("I-") and before[1:] != tag[1:]:
            reason = f"tag '{tag}' of word {place} follows '{before}', which is not BIO"
            raise Malformed(reason, place)
        before = tag


def _parallel(card: Card, files: dict[str, Path]) -> Iterator[Row]:
    paths = {(file.split, file.role): files[file.path] for file in card.files}
    for split in card.splits:
        tokens, tags = paths[split, "tokens"], paths[split, "tags"]
        yield from parallel(split, tokens, tags, frozenset(card.tags))


def _columns(card: Card, files: dict[str, Path]) -> Iterator[Row]:
    word, tag, scheme = card.columns.word, card.columns.tag, card.columns.scheme
    for file in card.files:
        path = files[file.path]
        found = column.sentences(path, word, tag)
        yield from sentences(file.split, path, found, scheme, frozenset(card.tags))


def _fmtod(card: Card, files: dict[str, Path]) -> Iterator[Row]:
    for file in card.files:
        path = files[file.path]
        found = fmtod.sentences(path)
        yield from sentences(file.split, path, found, "bio", frozenset(card.tags))


def _grammar(card: Card, _: dict[str, Path]) -> Iterator[Row]:
    from bench.data.tagging.grammar import generate

    inventory = frozenset(card.tags)
    drawn = generate(card.folder, card.grammar.seed, card.grammar.utterances)
    for number, (tokens, tags) in enumerate(drawn, start=1):
        row = Row("all", tokens, tags)
        try:
            check(row, inventory)
        except Malformed as fault:
            raise DataError(
                f"{card.folder}: utterance {number}: {fault}; mend the grammar or the card."
            ) from None
        yield row


def _lines(path: Path) -> list[bytes]:
    lines = path.read_bytes().split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines


def _fields(line: bytes, path: Path, number: int) -> list[str]:
    try:
        found = line.decode("utf-8").split()
    except UnicodeDecodeError as error:
        place = error.start + 1
        raise located(path, number, f"byte {place} is not UTF-8", AGAIN) from None
    if not found:
        raise located(path, number, "the sentence is empty", AGAIN)
    return found
