"""TF-IDF by words against scikit-learn's vectorizer, which reads whole texts."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from bench.data import sentence
from bench.data import task as tasks
from bench.error import DataError
from bench.learners.classification.tfidf import Tfidf
from bench.loop.seed import Streams

# What \w, lower case and word boundaries disagree about: ß, dotted İ, final Σ, a combining accent.
LETTERS = "aAbB19_-'.,ßİΣσé\u0301\u00a0漢"


def sentences(texts: list[list[str]]) -> pa.ListArray:
    return pa.array(texts, pa.list_(pa.string()))


def reference(pool: pa.ListArray, stop_words: str = "none") -> TfidfVectorizer:
    stop = None if stop_words == "none" else stop_words
    return TfidfVectorizer(stop_words=stop).fit(sentence.texts(pool).to_pylist())


def check(found: Any, fitted: TfidfVectorizer, inputs: pa.ListArray) -> None:
    wanted = fitted.transform(sentence.texts(inputs).to_pylist())
    assert found.shape == wanted.shape
    assert abs(found - wanted).max() <= 1e-12


@pytest.mark.parametrize("stop_words", ["none", "english"])
@pytest.mark.parametrize("name", ["trec", "mr", "sst2"])
def test_it_is_what_scikit_learn_gives(name: str, stop_words: str, data_root: Path) -> None:
    deal = tasks.load(name, data_root=data_root).deal(Streams(0)("split"))
    pool, held = deal.pool.inputs(deal.pool.ids), deal.judge.sample(2_000)[0]
    tfidf, fitted = Tfidf.of(pool, stop_words), reference(pool, stop_words)
    assert tfidf.features == fitted.vocabulary_
    known = set(pool.flatten().to_pylist())
    assert not set(held.flatten().to_pylist()) <= known, "words that the pool lacks are to be read"
    check(tfidf(pool), fitted, pool)
    check(tfidf(held), fitted, held)
    check(tfidf(held[5:9]), fitted, held[5:9])


WORDS = st.lists(st.lists(st.text(LETTERS, min_size=1, max_size=6), max_size=5), max_size=6)


@given(WORDS, WORDS)
def test_it_takes_any_word_apart_as_scikit_learn_does(
    pool: list[list[str]], others: list[list[str]]
) -> None:
    try:
        tfidf = Tfidf.of(sentences(pool), "none")
    except DataError:
        assume(False)
    fitted = reference(sentences(pool))
    for inputs in (sentences(pool), sentences(others)):
        if len(inputs):
            check(tfidf(inputs), fitted, inputs)


def test_another_spelling_of_a_pools_word_is_known() -> None:
    tfidf = Tfidf.of(sentences([["the", "cat"], ["the", "dog's", "cat"]]), "none")
    assert sorted(tfidf.features) == ["cat", "dog", "the"]
    found = tfidf(sentences([["(Cat)"], ["DOG-the,", "unheard"], ["unheard", "a"], []])).toarray()
    rare, common = np.log(3 / 2) + 1, np.log(3 / 3) + 1
    assert found[0] == pytest.approx([1, 0, 0])
    assert found[1] == pytest.approx(np.array([0, rare, common]) / np.hypot(rare, common))
    assert not found[2:].any()


@pytest.mark.parametrize("pool", [[["a", "?"], []], [["the"], ["of", "and"]]])
def test_a_pool_without_words_is_refused(pool: list[list[str]]) -> None:
    with pytest.raises(DataError, match="no word of two letters"):
        Tfidf.of(sentences(pool), "english")
