"""TF-IDF of sentences, as scikit-learn's TfidfVectorizer gives it, at a fraction of its time.

A token never spans a blank, so that a sentence's tokens are those of its words. Every distinct word
of the pool is taken apart once; a sentence's counts are then a look-up and a sparse product.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from bench.error import DataError
from bench.learners.vocabulary import UNKNOWN, Vocabulary

Matrix: TypeAlias = Any
"""A sparse matrix of scipy's, CSR, float64."""
NO_STOP_WORDS = "none"


@dataclass(frozen=True)
class Tfidf:
    """The vocabulary and the weights of one pool; see `of`.

    `tokens` [words, F] counts the features of each of the pool's `words`, `idf` [F] weighs them,
    `analyze` takes a text apart, `features` numbers what it gives.
    """

    words: Vocabulary
    tokens: Matrix
    features: dict[str, int]
    idf: np.ndarray[Any, Any]
    analyze: Callable[[str], list[str]]

    @classmethod
    def of(cls, pool: pa.ListArray, stop_words: str) -> "Tfidf":
        """Vocabulary and idf of a pool's sentences, lower case, tokens of two letters or more.

        `stop_words`: a language that scikit-learn knows, or "none". DataError: nothing is left.
        """
        from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer

        stop = None if stop_words == NO_STOP_WORDS else stop_words
        analyze = cache(TfidfVectorizer(stop_words=stop).build_analyzer())
        words = Vocabulary.of(pool)
        found = [[], *map(analyze, words.symbols.to_pylist())]  # the unknown word has no token
        features = {token: i for i, token in enumerate(sorted(set(chain.from_iterable(found))))}
        if not features:
            raise DataError(
                "The pool's texts hold no word of two letters or more that is no stop word; a "
                "TF-IDF learner has nothing to count: take another learner, or other texts."
            )
        made = cls(words, _counts(found, features), features, np.ones(len(features)), analyze)
        weights = TfidfTransformer().fit(made.counts(pool)).idf_
        return cls(words, made.tokens, features, weights, analyze)

    def __call__(self, sentences: pa.ListArray) -> Matrix:
        """TF-IDF [n, F]; every row has length 1, or 0 where no token is known."""
        found = self.counts(sentences)
        found.data *= self.idf[found.indices]
        rows = np.repeat(np.arange(len(sentences)), np.diff(found.indptr))
        found.data /= np.sqrt(np.bincount(rows, found.data**2))[rows]
        return found

    def counts(self, sentences: pa.ListArray) -> Matrix:
        """How often each feature is in each sentence [n, F]."""
        codes = self.words.encode(sentences).numpy()
        tokens, unknown = self.tokens, codes == UNKNOWN
        if unknown.any():
            tokens, codes[unknown] = self._more(sentences.flatten().filter(pa.array(unknown)))
        ends = np.concatenate([[0], np.cumsum(sentences.value_lengths())])
        return _sparse(np.ones(len(codes)), codes, ends, tokens.shape[0]) @ tokens

    def _more(self, strange: pa.StringArray) -> tuple[Matrix, np.ndarray[Any, Any]]:
        """`tokens` with rows for words that the pool lacks, and the number of each of these."""
        from scipy.sparse import vstack

        known = strange.dictionary_encode()
        found = [self.analyze(word) for word in known.dictionary.to_pylist()]
        rows = vstack([self.tokens, _counts(found, self.features)], format="csr")
        return rows, known.indices.to_numpy() + self.tokens.shape[0]


def _counts(found: Sequence[list[str]], features: dict[str, int]) -> Matrix:
    """Tokens of some texts as counts of known features [texts, F]."""
    known = [[features[token] for token in each if token in features] for each in found]
    codes = np.fromiter(chain.from_iterable(known), np.int64)
    ends = np.cumsum([0, *map(len, known)])
    counts = _sparse(np.ones(len(codes)), codes, ends, len(features))
    counts.sum_duplicates()
    return counts


def _sparse(values: Any, codes: Any, ends: Any, width: int) -> Matrix:
    from scipy.sparse import csr_array

    # liblinear asks for 32 bits.
    parts = values, codes.astype(np.int32), ends.astype(np.int32)
    return csr_array(parts, shape=(len(ends) - 1, width))
