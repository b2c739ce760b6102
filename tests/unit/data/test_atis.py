"""The ATIS files against the counts that were verified by hand, and its two protocols."""

from pathlib import Path

import pyarrow.compute as pc
import pytest
import torch

from bench.data import card, corpus, fetch, task
from bench.data.corpus import Corpus
from bench.data.table import take

COUNTS = [
    # split, sentences, words, tags seen, vocabulary, longest sentence
    ("train", 4478, 50497, 120, 867, 46),
    ("valid", 500, 5703, 96, 463, 35),
    ("test", 893, 9164, 101, 448, 30),
]


@pytest.fixture(scope="module")
def atis(data_root: Path) -> Corpus:
    return corpus.load(card.load("atis"), data_root)


def texts(atis: Corpus, *splits: str) -> list[tuple[str, ...]]:
    return [tuple(row) for split in splits for row in side(atis, "inputs", split)]


def side(atis: Corpus, column: str, split: str) -> list[list[str]]:
    rows: list[list[str]] = take(getattr(atis, column), atis.rows(split)).to_pylist()
    return rows


def seen(atis: Corpus, column: str, split: str) -> set[str]:
    return {word for row in side(atis, column, split) for word in row}


@pytest.mark.parametrize(("split", "sentences", "words", "tags", "vocabulary", "longest"), COUNTS)
def test_counts(
    atis: Corpus, split: str, sentences: int, words: int, tags: int, vocabulary: int, longest: int
) -> None:
    rows = texts(atis, split)
    assert (len(rows), sum(map(len, rows)), max(map(len, rows))) == (sentences, words, longest)
    assert len(seen(atis, "labels", split)) == tags
    assert len(seen(atis, "inputs", split)) == vocabulary


def test_the_inventory_is_what_all_splits_hold(atis: Corpus) -> None:
    found = set(pc.unique(pc.list_flatten(atis.labels)).to_pylist())
    assert found == set(card.load("atis").tags)
    assert len(found) == 127


def test_tags_that_train_never_shows(atis: Corpus) -> None:
    train = seen(atis, "labels", "train")
    assert seen(atis, "labels", "test") - train == {
        "B-booking_class",
        "B-compartment",
        "B-flight",
        "B-stoploc.airport_code",
        "I-flight_number",
        "I-state_name",
    }
    assert seen(atis, "labels", "valid") - train == {"I-return_date.day_number"}


def test_duplicates_and_distinct_texts(atis: Corpus) -> None:
    known = set(texts(atis, "train", "valid"))
    assert len(known) == 4634
    assert sum(text in known for text in texts(atis, "test")) == 17
    assert len(seen(atis, "inputs", "test") - seen(atis, "inputs", "train")) == 56
    assert len(atis.rows(distinct=True)) == 5473


def test_files_are_those_the_card_pins(data_root: Path) -> None:
    assert {status for _, status in fetch.verify(card.load("atis"), data_root)} == {"ok"}


def test_protocol_alise(atis: Corpus, data_root: Path) -> None:
    alise = task.load("atis", None, data_root)
    pool, test = task.split(alise.card.recipe("alise"), atis, torch.Generator().manual_seed(0))
    assert (len(pool), len(test)) == (3000, 2130)
    rows = take(atis.inputs, torch.cat([pool, test])).to_pylist()
    assert len(set(map(tuple, rows))) == 5130
    assert alise.protocol.unit == "items"


def test_protocol_words(atis: Corpus, data_root: Path) -> None:
    words = task.load("atis", "words", data_root)
    pool = words.deal(torch.Generator()).pool
    assert torch.equal(pool.ids, atis.rows("train"))
    assert int(pool.cost(pool.ids).sum()) == words.whole == 50497
    assert len(words.protocol.targets) == 10
    assert words.protocol.targets[::9] == (1010, 10099)  # 2 % and 20 %
