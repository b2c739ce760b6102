"""From an SVM's scores to probabilities: Platt's sigmoid (Platt 2000), all classes at once.

By Newton's method, as Lin, Lin and Weng (2007) have it; scikit-learn's calibration, which takes a
class at a time, minimises the same to a lower precision.
"""

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
STEPS = 100
PRECISION = 1e-10
"""The gradient, per item, at which the minimum is reached."""
RIDGE = 1e-12
"""Added to the Hessian's diagonal, for scores that are all alike."""
ROUNDING = 1e-12
"""Share of a loss that is no rise of it: at the minimum rounding decides."""


class Sigmoid(NamedTuple):
    """P(class | score) = 1 / (1 + exp(−slope · score − shift)), one of each per class [k]."""

    slope: Array
    shift: Array


def calibrate(scores: Array, truth: Array) -> Sigmoid:
    """The sigmoids with the least cross-entropy to Platt's smoothed targets.

    `scores` [n, k]; `truth` [n, k] bool: whether an item is of the class.
    """
    yes, no = truth.sum(0), (~truth).sum(0)
    target = np.where(truth, (yes + 1) / (yes + 2), 1 / (no + 2))
    found = np.stack([np.zeros(scores.shape[1]), np.log((yes + 1) / (no + 1))])
    loss = _loss(found, scores, target)
    for _ in range(STEPS):
        gradient, step = _newton(found, scores, target)
        if np.abs(gradient).max() <= PRECISION * len(scores):
            break
        found, loss = _descend(found, loss, step, scores, target)
    return Sigmoid(*found)


def _newton(found: Array, scores: Array, target: Array) -> tuple[Array, Array]:
    """The loss' gradient by slope and shift [2, k], and Newton's step."""
    from scipy.special import expit

    p = expit(found[0] * scores + found[1])
    error, curve = p - target, p * (1 - p)
    gradient = np.stack([(error * scores).sum(0), error.sum(0)])
    a = (curve * scores * scores).sum(0) + RIDGE
    b, c = (curve * scores).sum(0), curve.sum(0) + RIDGE
    step = np.stack([c * gradient[0] - b * gradient[1], a * gradient[1] - b * gradient[0]])
    return gradient, -step / (a * c - b * b)


def _descend(
    found: Array, loss: Array, step: Array, scores: Array, target: Array
) -> tuple[Array, Array]:
    """The sigmoids after as much of a step as raises no loss: all of it, a half, a quarter …"""
    size = np.ones(len(loss))
    for _ in range(STEPS):
        trial = found + size * step
        reached = _loss(trial, scores, target)
        worse = reached > loss * (1 + ROUNDING)
        if not worse.any():
            break
        size[worse] /= 2
    return np.where(worse, found, trial), np.where(worse, loss, reached)


def _loss(found: Array, scores: Array, target: Array) -> Array:
    """Cross-entropy summed over items [k]: log(1 + exp(s)) − t s."""
    logits = found[0] * scores + found[1]
    loss: Array = (np.logaddexp(0, logits) - target * logits).sum(0)
    return loss
