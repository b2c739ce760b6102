"""Linear models of sparse rows, fitted by scikit-learn: calibrated SVMs, a logistic regression."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch

from bench.learners.classification.platt import calibrate
from bench.learners.objective import Streams

FOLDS = 5
STEPS = 1000
"""Iterations of a solver at most."""
Array = np.ndarray[Any, Any]


class Estimate(NamedTuple):
    """M linear models of k classes: logits are x · slopes [M, k, F] + shifts [M, k]."""

    slopes: Array
    shifts: Array


def svm(matrix: Any, classes: Array, C: float, streams: Streams) -> Estimate:
    """Linear SVMs, each fitted on all folds but one and calibrated on that one.

    As scikit-learn's CalibratedClassifierCV of LinearSVC; the sigmoid of a logit tells a class from
    the rest. `matrix` [n, F] and the numbers of the classes [n], all from 0 to k − 1 among them.
    """
    from sklearn.svm import LinearSVC

    if classes.max() == 0:
        return _certain(matrix)
    seed = int(torch.randint(2**31, (1,), generator=streams("order")))
    found = []
    for train, held in folds(classes, streams("validation")):
        with _undisturbed():
            made = LinearSVC(C=C, random_state=seed, max_iter=STEPS)
            made.fit(matrix[train], classes[train])
        # Of two classes it is the second one that scores.
        truth = classes[held, None] == np.arange(classes.max() + 1)[-len(made.coef_) :]
        slope, shift = calibrate(matrix[held] @ made.coef_.T + made.intercept_, truth)
        slopes, shifts = slope[:, None] * made.coef_, slope * made.intercept_ + shift
        found.append((_both(slopes, -slopes), _both(shifts, -shifts)))
    return Estimate(*map(np.stack, zip(*found, strict=True)))


def logreg(matrix: Any, classes: Array, C: float, streams: Streams) -> Estimate:
    """One logistic regression: a softmax of the logits. Arguments as of `svm`."""
    from sklearn.linear_model import LogisticRegression

    if classes.max() == 0:
        return _certain(matrix)
    with _undisturbed():
        made = LogisticRegression(C=C, max_iter=STEPS).fit(matrix, classes)
    slopes, shifts = (_both(each, 0 * each) for each in (made.coef_, made.intercept_))
    return Estimate(slopes[None], shifts[None])


def folds(classes: Array, generator: torch.Generator) -> list[tuple[Array, Array]]:
    """Rows to fit on and rows to calibrate on, up to five times; every class is fitted every time.

    Each class is spread evenly at random, its only item is never held out. Where all classes have
    a single item, the same rows do both.
    """
    order = torch.randperm(len(classes), generator=generator).numpy()
    order = order[np.argsort(classes[order], kind="stable")]
    fold = np.empty(len(classes), np.int64)
    fold[order] = np.arange(len(classes)) % FOLDS
    fold[np.bincount(classes)[classes] == 1] = FOLDS
    pairs = [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(FOLDS)]
    return [(train, held) for train, held in pairs if len(held)] or [(order, order)]


def _certain(matrix: Any) -> Estimate:
    """One class, whatever the row."""
    return Estimate(np.zeros((1, 1, matrix.shape[1])), np.zeros((1, 1)))


def _both(second: Array, first: Array) -> Array:
    """The rows of all classes: of two, scikit-learn keeps one row alone, the second class'."""
    return np.concatenate([first, second]) if len(second) == 1 else second


@contextmanager
def _undisturbed() -> Iterator[None]:
    """What has been checked is not checked again, and a solver's limit of steps is no news.

    With a large C the models that it has reached by then are taken.
    """
    from sklearn import config_context
    from sklearn.exceptions import ConvergenceWarning

    checked = config_context(assume_finite=True, skip_parameter_validation=True)
    with checked, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
