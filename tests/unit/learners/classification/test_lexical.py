"""The linear text classifiers as learners, against scikit-learn from the texts on."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bench.data import sentence
from bench.data import task as tasks
from bench.data.classification.kind import Classification
from bench.error import UsageError
from bench.learners import registry
from bench.learners.classification import lsa
from bench.learners.classification.estimate import folds
from bench.learners.classification.lexical import KINDS
from bench.learners.classification.linear import UNSEEN
from bench.learners.learner import Labeled, Learner
from bench.loop.ledger import Ledger
from bench.loop.seed import Streams
from bench.spec import Spec

CLASSES = ("yes", "no", "maybe")
CPU = torch.device("cpu")
TEXTS = (
    "good fine film",
    "bad dull film",
    "odd strange film",
    "fine good",
    "dull bad",
    "what film",
)
TRUE = ("yes", "no", "maybe", "yes", "no", "maybe")


def sentences(*texts: str) -> pa.ListArray:
    return pa.array([text.split() for text in texts], pa.list_(pa.string()))


def labeled(*names: str) -> Labeled:
    inputs = sentences(*(TEXTS[i % len(TEXTS)] for i in range(len(names))))
    labels = pa.array([[name] for name in names], pa.list_(pa.string()))
    return Labeled(torch.arange(len(names)), inputs, labels)


def fitted(name: str, data: Labeled, pool: pa.ListArray | None = None, seed: int = 0) -> Learner:
    kind = Classification(CLASSES)
    family = registry.make(Spec.parse(name), kind, sentences(*TEXTS) if pool is None else pool)
    learner = Learner(family, CPU)
    learner.fit(data, Streams(seed), lambda epoch: None)
    return learner


@pytest.fixture(params=sorted(KINDS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def theirs(name: str, rows: Any, classes: np.ndarray) -> Any:
    """scikit-learn's own model, on the folds and with the seed of the streams."""
    if name == "tfidf-logreg":
        return LogisticRegression(max_iter=1000).fit(rows, classes)
    streams = Streams(0)
    seed = int(torch.randint(2**31, (1,), generator=streams("order")))
    cv = folds(classes, streams("validation"))
    return CalibratedClassifierCV(LinearSVC(random_state=seed), cv=cv).fit(rows, classes)


@pytest.mark.parametrize("count", [30, 300])
@pytest.mark.parametrize("task", ["trec", "sst2"])
def test_probabilities_are_scikit_learns(name: str, task: str, count: int, data_root: Path) -> None:
    opened = tasks.load(task, data_root=data_root)
    deal = opened.deal(Streams(0)("split"))
    ledger, pool = Ledger(deal), deal.pool.inputs(deal.pool.ids)
    drawn = torch.randperm(len(pool), generator=torch.Generator().manual_seed(0))
    ledger.reveal(deal.pool.ids[drawn[:count]])
    data = ledger.labeled()
    learner = Learner(registry.make(Spec.parse(name), opened.kind, pool), CPU)
    learner.fit(data, Streams(0), lambda epoch: None)
    vectorizer = TfidfVectorizer().fit(sentence.texts(pool).to_pylist())
    known = [opened.kind.classes.index(label) for label in data.labels.flatten().to_pylist()]
    numbers, classes = np.unique(known, return_inverse=True)
    model = theirs(name, vectorizer.transform(sentence.texts(data.inputs).to_pylist()), classes)
    for inputs in (pool, deal.judge.sample(1_000)[0]):
        wanted = model.predict_proba(vectorizer.transform(sentence.texts(inputs).to_pylist()))
        ours = learner.signal("class_log_probs", inputs).exp().numpy()
        assert ours[:, numbers] == pytest.approx(wanted, abs=1e-6)
        assert ours.sum(1) == pytest.approx(1)
        said = np.array(opened.kind.classes)[numbers[wanted.argmax(1)]]
        assert learner.predict(inputs).to_pylist() == said.tolist()


@pytest.mark.parametrize(
    "names",
    [
        ["no"],
        ["maybe"] * 8,
        ["yes", "no"],
        ["yes", "no", "maybe"],
        ["no", "maybe", "no"],
        ["yes", "no"] * 10,
        [*["yes", "no"] * 10, "maybe"],
    ],
)
def test_whatever_is_labelled_all_classes_have_a_log_probability(
    name: str, names: list[str]
) -> None:
    learner = fitted(name, labeled(*names))
    inputs = sentences(*TEXTS, "unheard of", "")
    found = learner.signal("class_log_probs", inputs)
    assert found.shape == (len(inputs), 3)
    assert found.isfinite().all()
    assert torch.allclose(found.exp().sum(1), torch.ones(len(inputs), dtype=torch.float64))
    for number, each in enumerate(CLASSES):
        if each in names:
            assert (found[:, number] > UNSEEN / 2).all()
        else:
            assert (found[:, number] < UNSEEN / 2).all()
    assert set(learner.predict(inputs).to_pylist()) <= set(names)
    if len(set(names)) == 1:
        assert (learner.signal("best_log_prob", inputs) == 0).all()
        assert (learner.signal("token_entropy", inputs) < 1e-30).all()


def test_texts_without_a_known_word_can_be_labelled(name: str) -> None:
    data = labeled("yes", "no", "yes", "no")
    data = Labeled(data.ids, sentences("?", "! ?", "", "unheard"), data.labels)
    found = fitted(name, data).signal("class_log_probs", sentences("good film", "?"))
    assert found.isfinite().all()
    assert torch.equal(found[0], found[1])


def test_it_learns_what_the_words_say(name: str) -> None:
    learner = fitted(name, labeled(*TRUE * 6))
    assert learner.predict(sentences("good", "dull", "strange")).to_pylist() == list(CLASSES)
    with_stop = fitted(f"{name}[stop_words=english]", labeled("yes", "no"))
    assert "what" in learner.family.tfidf.features
    assert "what" not in with_stop.family.tfidf.features


def test_a_restored_learner_says_the_same(name: str) -> None:
    learner = fitted(name, labeled("yes", "no", "no", "yes"))
    restored = Learner(learner.family, CPU).restore(learner.state())
    inputs = sentences(*TEXTS, "unheard good")
    for signal in registry.signals(name):
        assert torch.equal(restored.signal(signal, inputs), learner.signal(signal, inputs))
    assert restored.predict(inputs).equals(learner.predict(inputs))
    assert learner.state().keys() == {"place", "weights", "bias", "outputs"}
    rows = len({word for text in TEXTS[:4] for word in text.split()})
    assert len(learner.state()["weights"]) == 1 + rows, "of words that are labelled, no more"


def test_scores_beyond_any_sigmoid_have_log_probabilities(name: str) -> None:
    learner = fitted(name, labeled(*TRUE * 2))
    learner.model.bias -= 2_000
    learner.model.bias[:, 1] -= 2_000
    found = learner.signal("class_log_probs", sentences(*TEXTS))
    assert found.isfinite().all()
    assert found.exp().sum(1) == pytest.approx(1)


def test_the_strength_of_the_regularisation_is_set(name: str) -> None:
    data = labeled(*TRUE * 6)
    slopes = [fitted(f"{name}[C={C}]", data).model.weights.abs().max() for C in (0.01, 1, 100)]
    if name == "tfidf-logreg":
        assert slopes[0] < slopes[1] < slopes[2]
    assert len(set(map(float, slopes))) == 3


def test_calibration_draws_from_its_stream() -> None:
    data = labeled(*["yes", "no", "maybe", "yes", "no", "no", "yes"] * 4)
    one, same, other = (
        fitted("tfidf-svm", data, seed=seed).state()["weights"] for seed in (0, 0, 1)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_latent_space_is_that_of_the_pool_without_labels(name: str) -> None:
    one, other = fitted(name, labeled("yes", "no")), fitted(name, labeled("maybe", "yes"), seed=1)
    inputs = sentences(*TEXTS)
    z, rows = one.signal("latent", inputs), one.family.tfidf(inputs)
    assert torch.equal(z, other.signal("latent", inputs))
    assert z.shape == (6, one.model.latent_size) == (6, 6)
    assert z @ z.T == pytest.approx((rows @ rows.T).toarray(), abs=1e-5)  # six axes hold it all


def test_the_axes_are_the_leading_singular_vectors(data_root: Path) -> None:
    deal = tasks.load("trec", data_root=data_root).deal(Streams(0)("split"))
    pool = deal.pool.inputs(deal.pool.ids)
    rows = registry.make(Spec("tfidf-svm"), Classification(CLASSES), pool).tfidf(pool)
    axes = lsa.axes(rows).double().numpy()
    assert axes.shape == (rows.shape[1], lsa.SIZE)
    assert axes.T @ axes == pytest.approx(np.eye(lsa.SIZE), abs=1e-4)
    best = np.linalg.svd(rows[:1_500].toarray(), compute_uv=False)[: lsa.SIZE]
    held = np.linalg.norm(rows[:1_500] @ lsa.axes(rows[:1_500]).double().numpy())
    assert held**2 >= 0.9 * np.square(best).sum()


def test_a_large_pool_has_axes_of_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = fitted("tfidf-svm", labeled("yes", "no")).family.tfidf(sentences(*TEXTS))
    monkeypatch.setattr(lsa, "SAMPLE", 3)
    assert torch.equal(lsa.axes(rows), lsa.axes(rows[[0, 2, 5]]))
    assert lsa.axes(rows).shape == (rows.shape[1], 3)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("C=0", "must be above 0"),
        ("C=2e6", "must lie"),
        ("stop_words=dutch", "'none' or 'english'"),
    ],
)
def test_settings_are_checked(name: str, setting: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        registry.config(Spec.parse(f"{name}[{setting}]"))
