"""Pools of any size with the lengths and words of a corpus."""

from collections import Counter

import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.data.resample import resample

WORDS = st.sampled_from(["fly", "to", "boston", "é", "日本", ""])
CORPORA = st.lists(st.lists(WORDS, max_size=6), min_size=1, max_size=9).filter(any)


def column(sentences: list[list[str]]) -> pa.ListArray:
    return pa.array(sentences, pa.list_(pa.string()))


def drawn(sentences: pa.ListArray, count: int, seed: int = 0) -> list[list[str]]:
    found = resample(sentences, count, torch.Generator().manual_seed(seed))
    found.validate(full=True)
    return found.to_pylist()


def apart(one: list[str], other: list[str]) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


@given(CORPORA, st.integers(1, 40), st.integers(0, 5))
def test_each_is_taken_once_before_any_again_and_a_word_at_most_is_changed(
    sentences: list[list[str]], count: int, seed: int
) -> None:
    found = drawn(column(sentences), count, seed)
    assert len(found) == count
    for start in range(0, count, len(sentences)):
        part = found[start : start + len(sentences)]
        left, taken = Counter(map(len, sentences)), Counter(map(len, part))
        assert taken <= left  # whose lengths, however many are taken
        if len(part) == len(sentences):
            assert taken == left
    known = {word for sentence in sentences for word in sentence}
    for sentence in found:
        assert set(sentence) <= known
        like = [other for other in sentences if len(other) == len(sentence)]
        assert min(apart(sentence, other) for other in like) <= 1


def test_every_sentence_is_behind_one_of_each_round() -> None:
    """Sentences of words of their own, three of each: where one comes from can be seen."""
    sentences = [[f"{row}"] * 3 for row in range(50)]
    found = drawn(column(sentences), 125)
    sources = [Counter(sentence).most_common(1)[0][0] for sentence in found]
    for start, stop in ((0, 50), (50, 100)):
        assert sorted(map(int, sources[start:stop])) == list(range(50))
    assert len(set(sources[100:])) == 25
    assert sources[:50] != sources[50:100]  # in another order


def test_the_word_that_is_changed_may_stand_anywhere_and_become_any() -> None:
    found = drawn(column([["a", "a", "a", "a"], ["b", "c", "d", "e"]]), 4000)
    of_a = [sentence for sentence in found if sentence.count("a") > 2]
    places = Counter(sentence.index(w) for sentence in of_a for w in sentence if w != "a")
    assert set(places) == {0, 1, 2, 3}
    assert min(places.values()) > 0.7 * max(places.values())
    became = Counter(w for sentence in of_a for w in sentence if w != "a")
    assert set(became) == set("bcde")


def test_the_generator_alone_decides() -> None:
    sentences = column([[str(a), str(b)] for a in range(9) for b in range(9)])
    assert drawn(sentences, 200, 1) == drawn(sentences, 200, 1)
    assert drawn(sentences, 200, 1) != drawn(sentences, 200, 2)


@pytest.mark.parametrize(("start", "length"), [(0, 3), (2, 3), (4, 1)])
def test_of_a_slice_only_its_own_words_are_known(start: int, length: int) -> None:
    sentences = [["a", "b"], [], ["c"], ["d", "e", "f"], ["g", "h"]]
    part = column(sentences).slice(start, length)
    assert drawn(part, 30) == drawn(column(sentences[start : start + length]), 30)


def test_empty_sentences_stay_empty() -> None:
    found = drawn(column([[], ["a"], [], ["b", "a"]]), 40)
    assert Counter(map(len, found)) == {0: 20, 1: 10, 2: 10}


def test_what_is_given_is_left_alone() -> None:
    sentences = [["a", "b", "c"]] * 5 + [["d"]]
    given = column(sentences)
    drawn(given, 60)
    assert given.to_pylist() == sentences
