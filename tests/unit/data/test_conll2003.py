"""The CoNLL-2003 files against the counts that were verified by hand."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pyarrow.compute as pc
import pytest

from bench.data import card, corpus
from bench.data.corpus import Corpus
from bench.data.table import take
from bench.data.tagging import column
from bench.data.tagging.scheme import Malformed, detect

COUNTS = [
    # split, file, documents, sentences, words, longest sentence, LOC, PER, ORG, MISC
    ("train", "eng.train", 946, 14041, 203621, 113, (7140, 6600, 6321, 3438)),
    ("valid", "eng.testa", 216, 3250, 51362, 109, (1837, 1842, 1341, 922)),
    ("test", "eng.testb", 231, 3453, 46435, 124, (1668, 1617, 1661, 702)),
]
# Adjacent spans of one type, which the files part with B-.
PARTED = {
    "train": {"LOC": 11, "MISC": 35, "ORG": 24},
    "valid": {"MISC": 4},
    "test": {"LOC": 6, "MISC": 9, "ORG": 5},
}


@pytest.fixture(scope="module")
def conll(data_root: Path) -> Corpus:
    return corpus.load(card.load("conll2003"), data_root)


def side(conll: Corpus, column: str, split: str) -> list[list[str]]:
    rows: list[list[str]] = take(getattr(conll, column), conll.rows(split)).to_pylist()
    return rows


@pytest.mark.parametrize(
    ("split", "file", "documents", "sentences", "words", "longest", "spans"), COUNTS
)
def test_counts(
    conll: Corpus,
    data_root: Path,
    split: str,
    file: str,
    documents: int,
    sentences: int,
    words: int,
    longest: int,
    spans: tuple[int, ...],
) -> None:
    rows = side(conll, "inputs", split)
    assert (len(rows), sum(map(len, rows)), max(map(len, rows))) == (sentences, words, longest)
    found = Counter(tag for row in side(conll, "labels", split) for tag in row)
    assert tuple(found[f"B-{kind}"] for kind in ("LOC", "PER", "ORG", "MISC")) == spans
    assert (data_root / "conll2003" / file).read_text().count("-DOCSTART-") == documents
    assert not any("DOCSTART" in word for row in rows for word in row)


def test_the_inventory_is_what_all_splits_hold(conll: Corpus) -> None:
    assert set(pc.unique(pc.list_flatten(conll.labels)).to_pylist()) == set(conll.kind.tags)


@pytest.mark.parametrize("split", PARTED)
def test_adjacent_spans_stay_apart(conll: Corpus, split: str) -> None:
    found = Counter(
        tag[2:]
        for row in side(conll, "labels", split)
        for before, tag in pairwise(row)
        if tag.startswith("B-") and before[1:] == tag[1:]
    )
    assert found == PARTED[split]


def test_the_files_own_tags(data_root: Path) -> None:
    """72 B- in train; all but two of them part two spans, so that the scheme is no strict IOB1."""
    rows = list(column.sentences(data_root / "conll2003" / "eng.train", 1, 4))
    found = Counter(tag for row in rows for tag in row.tags)
    assert {tag: n for tag, n in found.items() if tag[0] == "B"} == {
        "B-LOC": 11,
        "B-MISC": 37,
        "B-ORG": 24,
    }
    assert len(found) == 8
    strays = [
        row.lines[place]
        for row in rows
        for place, (before, tag) in enumerate(pairwise(["O", *row.tags]))
        if tag[0] == "B" and before[1:] != tag[1:]
    ]
    assert strays == [152428, 175436]


def test_the_scheme_is_found_or_its_two_exceptions_are_named(data_root: Path) -> None:
    def found(file: str) -> str:
        rows = column.sentences(data_root / "conll2003" / file, 1, 4)
        return detect(row.tags for row in rows)

    assert found("eng.testa") == found("eng.testb") == "iob1"
    with pytest.raises(
        Malformed, match="IOB1 fits 14039 of 14041 sentences, but not sentence 10228"
    ):
        found("eng.train")
