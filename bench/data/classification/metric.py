"""Metrics of classification, by scikit-learn."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.data.judge import JudgeError


def score(gold: pa.ListArray, found: Any, classes: tuple[str, ...]) -> dict[str, float]:
    """Metrics of predicted classes (utf8), one an item, each from 0 to 1.

    `accuracy`; `f1_macro`: the mean of the F1 of each class that is in `gold` or was predicted, 0
    where none of its items was found. JudgeError unless there is one of the classes for each item.
    """
    from sklearn.metrics import f1_score

    _check(gold, found, classes)
    true, guess = gold.flatten().to_pylist(), found.to_pylist()
    macro = f1_score(true, guess, average="macro", zero_division=0)
    right = sum(one == other for one, other in zip(true, guess, strict=True))
    return {"accuracy": right / len(true), "f1_macro": float(macro)}


def _check(gold: pa.ListArray, found: Any, classes: tuple[str, ...]) -> None:
    if not isinstance(found, pa.StringArray) or found.null_count:
        raise JudgeError("Predictions should be an Arrow array of classes (utf8) without nulls.")
    if len(found) != len(gold):
        raise JudgeError(f"{len(found)} predictions for {len(gold)} test items.")
    known = pc.is_in(found, value_set=pa.array(classes))
    if not pc.all(known).as_py():
        name = found[known.index(False).as_py()].as_py()
        raise JudgeError(f"Predicted class {name!r} is not one of the task's.")
