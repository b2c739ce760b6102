"""Folds, and the linear models of tiny and large labelled sets against scikit-learn's."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.special import expit, softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bench.learners.classification import estimate
from bench.learners.classification.estimate import Estimate, folds, logreg, svm
from bench.loop.seed import Streams


def drawn(counts: list[int], seed: int = 0) -> tuple[csr_array, np.ndarray]:
    """Rows of 30 columns that hint at their class, so many of each class, mixed."""
    rng = np.random.default_rng(seed)
    classes = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    rows = rng.random((len(classes), 30)) * (rng.random((len(classes), 30)) < 0.2)
    rows[np.arange(len(classes)), classes] += rng.random(len(classes))
    return csr_array(rows), classes


def logits(found: Estimate, matrix: csr_array) -> np.ndarray:
    """[n, M, k]."""
    return np.einsum("nf,mkf->nmk", matrix.toarray(), found.slopes) + found.shifts


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(0, 100))
def test_folds_know_every_class_and_hold_out_every_item_once(counts: list[int], seed: int) -> None:
    classes = drawn(counts)[1]
    found = folds(classes, torch.Generator().manual_seed(seed))
    assert 1 <= len(found) <= 5
    for train, held in found:
        assert set(classes[train]) == set(classes)
        if max(counts) > 1:
            assert len(held) > 0
            assert sorted([*train, *held]) == list(range(len(classes)))
    held = np.concatenate([held for _, held in found])
    assert len(set(held)) == len(held)
    many = np.bincount(classes)[classes] > 1
    assert sorted(held) == (np.flatnonzero(many).tolist() if many.any() else [*range(len(classes))])
    for number, count in enumerate(counts):
        shares = [int((classes[held] == number).sum()) for _, held in found]
        assert max(shares) <= (count + 4) // 5 if count > 1 else True


def test_folds_are_a_function_of_the_stream() -> None:
    classes = drawn([20, 20])[1]
    one, same, other = (
        np.concatenate([held for _, held in folds(classes, Streams(seed)("validation"))])
        for seed in (0, 0, 1)
    )
    assert (one == same).all()
    assert (one != other).any()


@pytest.mark.parametrize("C", [0.1, 1.0, 50.0])
@pytest.mark.parametrize("counts", [[40, 20, 9], [30, 25], [5, 5, 5, 5, 5, 5], [60, 2, 1]])
def test_the_svm_is_scikit_learns(counts: list[int], C: float) -> None:
    matrix, classes = drawn(counts)
    strange, streams = drawn([20] * len(counts), 1)[0], Streams(3)
    seed = int(torch.randint(2**31, (1,), generator=streams("order")))
    cv = folds(classes, streams("validation"))
    theirs = CalibratedClassifierCV(LinearSVC(C=C, random_state=seed), cv=cv)
    theirs.fit(matrix, classes)
    told = expit(logits(svm(matrix, classes, C, streams), strange))
    ours = (told / told.sum(-1, keepdims=True)).mean(1)
    assert ours == pytest.approx(theirs.predict_proba(strange), abs=2e-6)


@pytest.mark.parametrize("C", [0.1, 1.0, 50.0])
@pytest.mark.parametrize("counts", [[40, 20, 9], [30, 25], [1, 1]])
def test_the_logistic_regression_is_scikit_learns(counts: list[int], C: float) -> None:
    matrix, classes = drawn(counts)
    strange = drawn([20] * len(counts), 1)[0]
    theirs = LogisticRegression(C=C, max_iter=1000).fit(matrix, classes)
    ours = softmax(logits(logreg(matrix, classes, C, Streams(0)), strange)[:, 0], -1)
    assert ours == pytest.approx(theirs.predict_proba(strange), abs=1e-10)


@pytest.mark.parametrize("fit", [svm, logreg])
@pytest.mark.parametrize("counts", [[1], [7], [1, 1], [2, 1], [1, 1, 1, 3], [4, 100]])
def test_it_fits_whatever_is_labelled(fit, counts: list[int]) -> None:
    matrix, classes = drawn(counts)
    found = fit(matrix, classes, 1.0, Streams(0))
    assert found.slopes.shape[1:] == (len(counts), 30)
    assert found.shifts.shape == found.slopes.shape[:2]
    assert np.isfinite(found.slopes).all()
    assert np.isfinite(found.shifts).all()


@pytest.mark.parametrize("fit", [svm, logreg])
def test_a_solver_that_stops_early_is_no_news(fit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "STEPS", 1)
    matrix, classes = drawn([60, 60, 60])
    found = fit(matrix, classes, 1e6, Streams(0))  # a warning would fail here
    assert np.isfinite(found.slopes).all()
