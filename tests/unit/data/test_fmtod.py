"""The FMTOD files against counts verified by hand and against the original CoNLL form."""

from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest

from bench.data import card, corpus
from bench.data.corpus import Corpus
from bench.data.table import take
from bench.data.tagging import column

COUNTS = [
    # split, sentences, words, tags, slot types, spans, sentences without a span, longest
    ("train", 30521, 221518, 26, 15, 51720, 2706, 24),
    ("eval", 4181, 30343, 22, 12, 6999, 392, 21),
    ("test", 8621, 62591, 21, 13, 14693, 758, 24),
]
INSIDE = [272, 304, 1432]
"""Rows of test with a slot that begins inside a token or before it, which the CoNLL form loses."""
Tagged = list[tuple[str, str]]


@pytest.fixture(scope="module")
def fmtod(data_root: Path) -> Corpus:
    return corpus.load(card.load("fmtod"), data_root)


def side(fmtod: Corpus, column: str, split: str) -> list[list[str]]:
    rows: list[list[str]] = take(getattr(fmtod, column), fmtod.rows(split)).to_pylist()
    return rows


def tagged(fmtod: Corpus, split: str) -> list[Tagged]:
    pairs = zip(side(fmtod, "inputs", split), side(fmtod, "labels", split), strict=True)
    return [list(zip(*pair, strict=True)) for pair in pairs]


def original(path: Path) -> list[Tagged]:
    """The CoNLL form, read without the project: comments, then index, token, intent, tag."""
    blocks = path.read_text(encoding="utf-8").strip("\n").split("\n\n")
    rows = [[line.split("\t") for line in block.split("\n")[3:]] for block in blocks]
    return [[(word, tag.replace("NoLabel", "O")) for _, word, _, tag in row] for row in rows]


@pytest.mark.parametrize(
    ("split", "sentences", "words", "tags", "types", "spans", "bare", "longest"), COUNTS
)
def test_counts(
    fmtod: Corpus,
    split: str,
    sentences: int,
    words: int,
    tags: int,
    types: int,
    spans: int,
    bare: int,
    longest: int,
) -> None:
    rows, labels = side(fmtod, "inputs", split), side(fmtod, "labels", split)
    assert (len(rows), sum(map(len, rows)), max(map(len, rows))) == (sentences, words, longest)
    found = Counter(tag for row in labels for tag in row)
    assert len(found) == tags
    assert len({tag[2:] for tag in found if tag != "O"}) == types
    assert sum(n for tag, n in found.items() if tag[0] == "B") == spans
    assert sum(set(row) == {"O"} for row in labels) == bare


def test_the_inventory_is_what_all_splits_hold(fmtod: Corpus) -> None:
    assert set(pc.unique(pc.list_flatten(fmtod.labels)).to_pylist()) == set(fmtod.kind.tags)
    assert len(fmtod.kind.tags) == 28
    train = {tag for row in side(fmtod, "labels", "train") for tag in row}
    missing = {"B-demonstrative_reference", "I-demonstrative_reference"}
    assert {tag for row in side(fmtod, "labels", "eval") for tag in row} - train == missing


@pytest.mark.parametrize(("split", "odd"), [("eval", []), ("test", INSIDE)])
def test_is_what_the_original_conll_form_says(
    fmtod: Corpus, data_root: Path, split: str, odd: list[int]
) -> None:
    ours, theirs = tagged(fmtod, split), original(data_root / f"fmtod-en/{split}-en.conllu")
    different = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
    assert different == odd
    assert all([w for w, _ in ours[i]] == [w for w, _ in theirs[i]] for i in odd)


def test_slots_that_begin_inside_a_token(fmtod: Corpus) -> None:
    rows = side(fmtod, "labels", "test")
    words = side(fmtod, "inputs", "test")
    at = [words[i].index(word) for i, word in zip(INSIDE, ("00,5", "8", "rainthis"), strict=True)]
    first, second, third = (rows[i] for i in INSIDE)
    assert first[at[0] - 3 : at[0] + 4] == [
        *("B-datetime", "I-datetime", "I-datetime", "I-datetime"),  # at 5 : 00,5
        *("B-datetime", "I-datetime", "O"),  # : 10 ,
    ]
    assert second[at[1] - 1 :] == ["O", "B-datetime"]
    assert third[at[2] :] == ["B-datetime", "I-datetime"]


def test_train_has_the_words_and_tags_of_the_copy_it_is_rebuilt_from(
    fmtod: Corpus, data_root: Path
) -> None:
    """Row by row, zeros and capitals that the copy has lost or kept aside.

    Two rows differ: a span that begins with I- there, and a quote whose tag was dropped.
    """
    folder = data_root / "fmtod-en" / "tok" / "train"
    sides = [(folder / name).read_text().split("\n") for name in ("seq.in", "seq.out")]
    odd = []
    for i, (row, words, tags) in enumerate(zip(tagged(fmtod, "train"), *sides, strict=True)):
        plain = [word.lstrip("0") or "0" if word.isdigit() else word for word, _ in row]
        same = (plain, [tag for _, tag in row]) == (words.lower().split(), tags.split())
        odd += [] if same else [i]
    assert odd == [1306, 30496]
    assert [tag for _, tag in tagged(fmtod, "train")[1306]][-2:] == ["B-datetime", "I-datetime"]


@pytest.mark.parametrize(("split", "sentences"), [("eval", 4181), ("test", 8621)])
def test_column_files_have_comments_of_any_width(
    data_root: Path, split: str, sentences: int
) -> None:
    path = data_root / f"fmtod-en/{split}-en.conllu"
    found = list(column.sentences(path, 2, 4))
    assert len(found) == sentences
    rows = [list(zip(s.tokens, s.tags, strict=True)) for s in found]
    assert [[(w, t.replace("NoLabel", "O")) for w, t in row] for row in rows] == original(path)
