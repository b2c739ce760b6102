"""The Snips files against the counts that were verified by hand."""

from pathlib import Path

import pytest

from bench.data import card, corpus
from bench.data.corpus import Corpus
from bench.data.table import take

COUNTS = [
    # split, sentences, words; lines of seq.in with a blank at an end, at the start, two inside
    ("train", 13084, 117700, (2473, 4, 1039)),
    ("valid", 700, 6384, (235, 0, 67)),
    ("test", 700, 6354, (124, 0, 54)),
]


@pytest.fixture(scope="module")
def snips(data_root: Path) -> Corpus:
    return corpus.load(card.load("snips"), data_root)


def side(snips: Corpus, column: str, split: str) -> list[list[str]]:
    rows: list[list[str]] = take(getattr(snips, column), snips.rows(split)).to_pylist()
    return rows


def seen(snips: Corpus, column: str, split: str) -> set[str]:
    return {word for row in side(snips, column, split) for word in row}


@pytest.mark.parametrize(("split", "sentences", "words", "quirks"), COUNTS)
def test_counts(
    snips: Corpus, data_root: Path, split: str, sentences: int, words: int, quirks: tuple[int, ...]
) -> None:
    rows = side(snips, "inputs", split)
    assert (len(rows), sum(map(len, rows))) == (sentences, words)
    folder = data_root / "snips-slotgated" / split
    lines = (folder / "seq.in").read_text(encoding="utf-8").split("\n")[:-1]
    found = [(line != line.strip(), line[0] == " ", "  " in line.strip()) for line in lines]
    assert tuple(map(sum, zip(*found, strict=True))) == quirks
    assert [" ".join(line.split()) for line in lines] == [" ".join(row) for row in rows]


def test_train_holds_every_tag_but_not_every_word(snips: Corpus) -> None:
    assert seen(snips, "labels", "train") == set(snips.kind.tags)
    assert len(snips.kind.tags) == 72
    assert len({tag[2:] for tag in snips.kind.tags[1:]}) == 39
    words = seen(snips, "inputs", "train")
    assert len(words) == 11418
    assert len(seen(snips, "inputs", "test") - words) == 371
