"""Agreement with small-text (Schröder et al. 2023), fed the same: selections and accuracies."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bench.data import sentence
from bench.data import task as tasks
from bench.data.task import Task
from bench.learners import registry
from bench.learners.classification.estimate import folds
from bench.learners.learner import Learner
from bench.loop import acquisition, strategy
from bench.loop.budget import Budget
from bench.loop.ledger import Ledger
from bench.loop.seed import Streams
from bench.spec import Spec

# small-text calls what it has deprecated itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:small_text")
ROUNDS, EACH, MORE = 6, 10, 100
EQUAL = 2e-6
"""Probabilities that differ by no more are the same: scikit-learn's calibration stops there."""


class Calibrated(BaseEstimator):
    """scikit-learn's calibrated SVM, on the folds and with the seed that ours draws."""

    def fit(self, rows: Any, classes: np.ndarray, sample_weight: None = None) -> "Calibrated":
        streams = Streams(0)
        seed = int(torch.randint(2**31, (1,), generator=streams("order")))
        cv = folds(classes, streams("validation"))
        self.model = CalibratedClassifierCV(LinearSVC(random_state=seed), cv=cv)
        self.model.fit(rows, classes)
        return self

    def predict_proba(self, rows: Any) -> np.ndarray:
        return self.model.predict_proba(rows)


class Peer:
    """small-text's learner on TREC, its test split and the numbers of all classes."""

    def __init__(self, query: str, pool: Any, held: Any, classes: np.ndarray, count: int) -> None:
        import small_text

        vectorizer = TfidfVectorizer()
        rows = vectorizer.fit_transform(sentence.texts(pool).to_pylist())
        targets = np.arange(count)
        data = small_text.SklearnDataset(rows, classes, target_labels=targets)
        factory = small_text.SklearnClassifierFactory(Calibrated(), count)
        self.learner = small_text.PoolBasedActiveLearner(
            factory, small_text.__dict__[query](), data
        )
        self.classes, self.rows = classes, rows
        tests = vectorizer.transform(sentence.texts(held).to_pylist())
        unknown = np.zeros(tests.shape[0], np.int64)
        self.held = small_text.SklearnDataset(tests, unknown, target_labels=targets)

    def fit(self, ids: np.ndarray) -> None:
        self.learner.initialize_data(ids, self.classes[ids])

    def predict(self) -> np.ndarray:
        return self.learner.classifier.predict(self.held)

    def probabilities(self) -> np.ndarray:
        return self.learner.classifier.model.predict_proba(self.rows)


def by_items(task: Task) -> Task:
    """The task where items count, not words."""
    recipe = task.card.recipe(task.card.default)
    recipe = replace(recipe, unit="items", targets=(MORE,), shares=())
    return tasks.made(replace(task.card, protocols={"items": recipe}), task.corpus)


def entropy(p: np.ndarray) -> np.ndarray:
    return -(p * np.log(p)).sum(1)


@pytest.mark.parametrize(
    ("name", "query", "wanted"),
    [
        ("lc", "LeastConfidence", lambda p: -np.log(p.max(1))),
        ("entropy", "PredictionEntropy", entropy),
    ],
)
def test_it_picks_what_small_text_picks(
    name: str, query: str, wanted: Any, data_root: Path
) -> None:
    task = by_items(tasks.load("trec", data_root=data_root))
    deal = task.deal(Streams(0)("split"))
    ids, names = deal.pool.ids, task.kind.classes
    pool = deal.pool.inputs(ids)
    held, gold = deal.judge.sample(10_000)
    known = np.array([names.index(label[0].as_py()) for label in task.corpus.labels])
    peer = Peer(query, pool, held, known[ids], len(names))
    chooser, ledger = strategy.load(name), Ledger(deal)
    ledger.reveal(deal.oracle.draw(EACH, Streams(0)("initial")))
    learner = Learner(registry.make(Spec("tfidf-svm"), task.kind, pool), torch.device("cpu"))
    assert ids.tolist() == list(range(len(ids))), "small-text's items are rows of the pool"
    for _ in range(ROUNDS):
        labeled = ledger.labeled()
        learner.fit(labeled, Streams(0), lambda epoch: None)
        peer.fit(labeled.ids.numpy())
        p = peer.probabilities()
        ours = learner.signal("class_log_probs", pool).exp().numpy()
        assert ours == pytest.approx(p, abs=EQUAL)
        said = [names[number] for number in peer.predict()]
        right = sum(one == [other] for one, other in zip(gold.to_pylist(), said, strict=True))
        assert deal.judge.score(learner.predict)["accuracy"] == right / len(said)
        rng, budget = Streams(0)("strategy"), Budget(MORE)
        picked = acquisition.acquire(chooser, learner, ledger, budget, rng).ids
        theirs = peer.learner.query(num_samples=MORE)
        assert len(picked) == len(theirs) == MORE
        # Of items with equal scores at the cut, each takes which it likes.
        score = wanted(p)
        apart = score[np.setxor1d(picked.numpy(), theirs)]
        assert np.abs(apart - score[theirs].min()).max(initial=0) <= 10 * EQUAL
        ledger.reveal(picked)
