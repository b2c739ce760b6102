"""TREC, SST-2 and MR against the counts that were verified by hand."""

import re
from collections import Counter
from pathlib import Path

import pytest

from bench.data import card, corpus
from bench.data.table import take

ROWS = [
    # task, split, file, encoding, words, sentences of each class by number
    ("trec", "train", "TREC.train.all", "latin-1", 55635, [1162, 1250, 86, 1223, 835, 896]),
    ("trec", "test", "TREC.test.all", "latin-1", 3758, [138, 94, 9, 65, 81, 113]),
    ("sst2", "train", "stsa.binary.train", "utf-8", 133552, [3310, 3610]),
    ("sst2", "dev", "stsa.binary.dev", "utf-8", 17046, [428, 444]),
    ("sst2", "test", "stsa.binary.test", "utf-8", 35023, [912, 909]),
    ("mr", "all", "rt-polarity.all", "latin-1", 224041, [5331, 5331]),
]


@pytest.mark.parametrize(("name", "split", "file", "encoding", "words", "each"), ROWS)
def test_counts_and_texts(
    data_root: Path, name: str, split: str, file: str, encoding: str, words: int, each: list[int]
) -> None:
    found = card.load(name)
    held = corpus.load(found, data_root)
    inputs = take(held.inputs, held.rows(split)).to_pylist()
    labels = take(held.labels, held.rows(split)).flatten().to_pylist()
    assert sum(map(len, inputs)) == words
    counts = Counter(labels)
    assert [counts[one] for one in found.classes] == each
    text = (data_root / "text-cls" / file).read_bytes().decode(encoding)
    lines = [re.sub("[ \t]+", " ", line).strip(" ") for line in text.split("\n")[:-1]]
    numbers = {one: str(number) for number, one in enumerate(found.classes)}
    rows = zip(labels, inputs, strict=True)
    assert lines == [f"{numbers[one]} {' '.join(row)}" for one, row in rows]


def test_classes_are_those_of_the_fine_labels(data_root: Path) -> None:
    """TREC's own files name the class that the other ones number."""
    held = corpus.load(card.load("trec"), data_root)
    for split in ("train", "test"):
        text = (data_root / "text-cls" / "raw" / f"TREC.{split}").read_bytes().decode("latin-1")
        coarse = Counter(line.partition(":")[0] for line in text.split("\n")[:-1])
        assert Counter(take(held.labels, held.rows(split)).flatten().to_pylist()) == coarse


def test_some_words_hold_what_python_takes_for_space(data_root: Path) -> None:
    held = corpus.load(card.load("mr"), data_root)
    words = {word for row in held.inputs.to_pylist() for word in row}
    odd = [word for word in words if word.split() != [word]]
    assert odd
    assert not [word for word in words if " " in word or "\t" in word or not word]
