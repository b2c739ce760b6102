"""Platt's sigmoids against scikit-learn's, and against what a minimum is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.calibration import _SigmoidCalibration

from bench.learners.classification import platt
from bench.learners.classification.platt import calibrate


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of up to 200 items for up to six classes, on any scale, that mean more or less."""
    rng = np.random.default_rng(seed)
    scale, noise = rng.choice([0.01, 0.3, 1, 5, 100]), rng.choice([0.0, 0.1, 1, 5])
    scores = scale * rng.normal(size=(rng.integers(1, 200), rng.integers(1, 7)))
    return scores, scores + scale * noise * rng.normal(size=scores.shape) > scale * rng.normal()


@given(st.integers(0, 2**32 - 1))
def test_it_is_what_scikit_learn_gives(seed: int) -> None:
    scores, truth = drawn(seed)
    found = calibrate(scores, truth)
    for k in range(scores.shape[1]):
        theirs = _SigmoidCalibration().fit(scores[:, k], truth[:, k].astype(int))
        ours = expit(found.slope[k] * scores[:, k] + found.shift[k])
        assert ours == pytest.approx(theirs.predict(scores[:, k]), abs=1e-4)


@given(st.integers(0, 2**32 - 1))
def test_no_other_sigmoid_is_better(seed: int) -> None:
    scores, truth = drawn(seed)
    found = calibrate(scores, truth)
    yes, no = truth.sum(0), (~truth).sum(0)
    target = np.where(truth, (yes + 1) / (yes + 2), 1 / (no + 2))
    error = expit(found.slope * scores + found.shift) - target
    assert np.abs(error.sum(0)).max() <= 1e-8 * len(scores)
    assert np.abs((error * scores).sum(0)).max() <= 1e-8 * len(scores)


@pytest.mark.parametrize("truth", [True, False])
def test_equal_scores_and_a_single_item_have_the_smoothed_share(truth: bool) -> None:
    for count in (1, 5):
        found = calibrate(np.full((count, 1), 2.0), np.full((count, 1), truth))
        share = (count + 1) / (count + 2)
        logit = found.slope * 2 + found.shift
        assert expit(logit) == pytest.approx(share if truth else 1 - share)


def test_a_step_too_far_is_cut_for_each_class_alone() -> None:
    scores, truth = drawn(3)
    scores = scores[:, :1].repeat(2, 1)
    target = np.where(truth[:, :1].repeat(2, 1), 0.9, 0.1)
    before = platt._loss(np.zeros((2, 2)), scores, target)
    step = platt._newton(np.zeros((2, 2)), scores, target)[1] * [1, 1_000]
    found, loss = platt._descend(np.zeros((2, 2)), before, step, scores, target)
    assert (loss < before).all()
    assert loss == pytest.approx(platt._loss(found, scores, target))
    assert found[:, 0] == pytest.approx(step[:, 0]), "the good one is taken whole"
