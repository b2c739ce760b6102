"""Metrics of classification, as scikit-learn has them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.data.judge import JudgeError


def score(gold: pa.ListArray, found: Any, classes: tuple[str, ...]) -> dict[str, float]:
    """Metrics of predicted classes (utf8), one an item, each from 0 to 1.

    `accuracy`; `f1_macro`: the mean of the F1 of each class that is in `gold` or was predicted, 0
    where none of its items was found. JudgeError unless there is one of the classes for each item.
    """
    _check(gold, found, classes)
    names = pa.array(sorted(classes), pa.string())
    true, guess = (pc.index_in(each, names).to_numpy() for each in (gold.flatten(), found))
    right, size = true == guess, len(classes)
    hits, both = np.bincount(true[right], minlength=size), np.bincount(true, minlength=size)
    both += np.bincount(guess, minlength=size)
    f1 = 2 * hits[both > 0] / both[both > 0]
    return {"accuracy": float(right.mean()), "f1_macro": float(f1.mean())}


def _check(gold: pa.ListArray, found: Any, classes: tuple[str, ...]) -> None:
    if not isinstance(found, pa.StringArray) or found.null_count:
        raise JudgeError("Predictions should be an Arrow array of classes (utf8) without nulls.")
    if len(found) != len(gold):
        raise JudgeError(f"{len(found)} predictions for {len(gold)} test items.")
    known = pc.is_in(found, value_set=pa.array(classes))
    if not pc.all(known).as_py():
        name = found[known.index(False).as_py()].as_py()
        raise JudgeError(f"Predicted class {name!r} is not one of the task's.")
