"""The family of linear text classifiers: TF-IDF of sentences in, one class of an inventory out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from bench.data import sentence
from bench.error import UsageError
from bench.learners.classification import estimate, lsa
from bench.learners.classification.bag import Bags
from bench.learners.classification.classifier import said
from bench.learners.classification.linear import Linear
from bench.learners.classification.signal import PLAIN
from bench.learners.classification.tfidf import NO_STOP_WORDS, Tfidf
from bench.learners.config import Settings
from bench.learners.objective import Notify, Streams
from bench.learners.vocabulary import Vocabulary
from bench.spec import Spec

KINDS = {
    "tfidf-svm": "TF-IDF and a linear SVM with calibrated probabilities (scikit-learn)",
    "tfidf-logreg": "TF-IDF and logistic regression (scikit-learn)",
}
"""The linear classifiers of texts."""
SCORING = 8192
"""Sentences in a batch that is scored."""


@dataclass(frozen=True)
class Config(Settings):
    """Settings of the linear text classifiers."""

    C: float = 1.0
    """Inverse of the regularisation's strength."""
    stop_words: str = NO_STOP_WORDS
    """Words that do not count: "none" or "english" (scikit-learn's list)."""

    @classmethod
    def of(cls, spec: Spec) -> "Config":
        """See Settings."""
        made = super().of(spec)
        if made.stop_words not in (NO_STOP_WORDS, "english"):
            raise UsageError(
                f"Parameter 'stop_words' of learner '{spec.name}' is 'none' or 'english', "
                f"not {made.stop_words!r}."
            )
        if made.C == 0:
            raise UsageError(f"Parameter 'C' of learner '{spec.name}' must be above 0.")
        return made


def make(spec: Spec, task: Any, pool: pa.ListArray) -> "Lexical":
    """The classifier of a spec: vocabulary and idf of a pool's sentences, classes of the task.

    DataError as in `Tfidf.of`.
    """
    config = Config.of(spec)
    classes = Vocabulary(pa.array(task.classes, pa.string()), first=0)
    return Lexical(spec.name, config, classes, Tfidf.of(pool, config.stop_words), pool)


@dataclass(frozen=True)
class Lexical:
    """See Family: one of `KINDS`."""

    name: str
    config: Config
    classes: Vocabulary
    tfidf: Tfidf
    pool: pa.ListArray

    first = 0

    @property
    def signals(self) -> Mapping[str, Callable[..., Any]]:
        """See Family."""
        return PLAIN

    @cached_property
    def axes(self) -> Tensor:
        """See `lsa.axes`: those of the pool."""
        return lsa.axes(self.tfidf(self.pool))

    def scoring(self, device: torch.device) -> int:
        """See Family."""
        return SCORING

    def outputs(self, labels: pa.ListArray) -> Vocabulary:
        """The classes, whatever was revealed."""
        return self.classes

    def model(self, outputs: Vocabulary) -> Linear:
        """See Family."""
        with torch.device("meta"):
            return Linear(len(outputs), self.name == "tfidf-svm", lambda: self.axes)

    def read(
        self, inputs: pa.ListArray, labeled: tuple[pa.ListArray, Vocabulary] | None = None
    ) -> Bags:
        """See Family."""
        classes = labeled[1].encode(labeled[0]) if labeled else None
        return Bags(self.tfidf(inputs), sentence.words(inputs), classes)

    def train(
        self, model: Linear, data: Bags, device: torch.device, streams: Streams, notify: Notify
    ) -> None:
        """Have scikit-learn fit; a class that no label names is never said."""
        assert data.classes is not None
        fit = estimate.svm if model.rest else estimate.logreg
        known, classes = np.unique(data.classes.numpy(), return_inverse=True)
        features = np.union1d(0, data.matrix.indices)  # at least one; the others keep weight 0
        found = fit(data.matrix[:, features], classes, self.config.C, streams)
        model.take(found, known, features, data.matrix.shape[1])
        notify(1)

    def beside(self, data: Bags, inputs: pa.ListArray) -> Bags:
        """See Family."""
        return self.read(inputs)

    def predict(
        self, model: Linear, data: Bags, outputs: Vocabulary, device: torch.device
    ) -> pa.StringArray:
        """The most likely class of every sentence."""
        return said(model, data, outputs, device, self.scoring(device))
