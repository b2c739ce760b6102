"""The text path on TREC, as ratios to scikit-learn's vectorizer and to small-text's whole loop."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bench.data import sentence
from bench.data import task as tasks
from bench.data.task import Task
from bench.learners.classification.tfidf import Tfidf
from bench.loop import harness
from bench.loop.event import Reporter
from bench.loop.fit import FitStore
from bench.loop.plan import Cell, Request
from bench.loop.seed import Streams
from bench.rows.schema import Row
from bench.spec import Spec

# small-text calls what it has deprecated itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:small_text")
TARGETS = tuple(range(60, 1_061, 100))
"""Ten of each class, then 100 a round."""
FOLDS = 0.02
"""Accuracy that other folds of the calibration take or give: small-text shuffles none."""


@pytest.fixture(scope="module")
def trec(data_root: Path) -> Task:
    """TREC with so much of each class to begin with: small-text assumes that all are known."""
    task = tasks.load("trec", data_root=data_root)
    recipe = task.card.recipe(task.card.default)
    recipe = replace(recipe, unit="items", targets=TARGETS, shares=(), each=10, default=True)
    return tasks.made(replace(task.card, protocols={"guide": recipe}), task.corpus)


def run(task: Task, strategy: str) -> list[Row]:
    """The real loop, its Parquet and its stored fits in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        request = Request(
            **{"task": "trec", "protocol": None, "learner": Spec("tfidf-svm")},
            **{"strategies": (strategy,), "seeds": 1, "rounds": None, "jobs": 1},
            **{"device": "cpu", "out": Path(folder)},
        )
        cell = Cell(request, strategy, 0)
        cell.__dict__["task"] = task  # where the cached property keeps it
        report = Reporter(cell.name, cell.rounds, 1, lambda event: None)
        return harness.run(cell, FitStore(request.out / ".fits"), "serial", report)


def peer(task: Task, query: str, first: np.ndarray) -> list[float]:
    """small-text's loop: the same vectorizer, SVM, initial items and budgets; accuracies."""
    import small_text

    deal, names = task.deal(Streams(0)("split")), task.kind.classes
    held, gold = deal.judge.sample(10_000)
    known = np.array(
        [names.index(name) for name in task.corpus.labels.combine_chunks().flatten().to_pylist()]
    )
    wanted = np.array([names.index(name) for name in gold.flatten().to_pylist()])
    vectorizer, targets = TfidfVectorizer(), np.arange(len(names))
    pool = vectorizer.fit_transform(sentence.texts(deal.pool.inputs(deal.pool.ids)).to_pylist())
    rows = vectorizer.transform(sentence.texts(held).to_pylist())
    data = small_text.SklearnDataset(pool, known[deal.pool.ids], target_labels=targets)
    tests = small_text.SklearnDataset(rows, wanted, target_labels=targets)
    svm = CalibratedClassifierCV(LinearSVC(random_state=0))
    factory = small_text.SklearnClassifierFactory(svm, len(names))
    learner = small_text.PoolBasedActiveLearner(factory, small_text.__dict__[query](), data)
    learner.initialize_data(first, data.y[first])
    found = [float((learner.classifier.predict(tests) == wanted).mean())]
    for size in np.diff(TARGETS):
        learner.update(data.y[learner.query(num_samples=size)])
        found.append(float((learner.classifier.predict(tests) == wanted).mean()))
    return found


def test_reading_is_faster_than_the_vectorizer(
    trec: Task, ratio: Callable[..., float], benchmark: Any
) -> None:
    deal = trec.deal(Streams(0)("split"))
    pool = deal.pool.inputs(deal.pool.ids)
    tfidf, texts = Tfidf.of(pool, "none"), sentence.texts(pool).to_pylist()
    fitted = TfidfVectorizer().fit(texts)
    share = benchmark.pedantic(lambda: ratio(lambda: tfidf(pool), lambda: fitted.transform(texts)))
    benchmark.extra_info["ours / TfidfVectorizer"] = share
    assert share <= 0.2


@pytest.mark.parametrize(
    ("strategy", "query", "pairs"),
    [("lc", "LeastConfidence", 15), ("entropy", "PredictionEntropy", 1)],
)
def test_the_loop_is_no_slower_and_no_worse_than_small_texts(
    strategy: str, query: str, pairs: int, trec: Task, ratio: Callable[..., float], benchmark: Any
) -> None:
    rows = run(trec, strategy)
    first = np.array(rows[0].initial)
    theirs = peer(trec, query, first)
    assert [row.items for row in rows] == list(TARGETS)
    assert mean(row.score for row in rows) >= mean(theirs) - FOLDS
    share = benchmark.pedantic(
        lambda: ratio(lambda: run(trec, strategy), lambda: peer(trec, query, first), pairs)
    )
    benchmark.extra_info["ours / small-text"] = share
    assert share <= 1
