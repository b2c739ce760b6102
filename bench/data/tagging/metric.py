"""Metrics of tagging, by seqeval: spans as a whole, and single tags."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bench.data.judge import JudgeError


def score(gold: pa.ListArray, found: Any, inventory: tuple[str, ...]) -> dict[str, float]:
    """Metrics of predicted tags (list<utf8>), each from 0 to 1.

    `f1`, `precision`, `recall`: spans, strict IOB2 (seqeval); `f1_lenient`: seqeval's default
    mode, as conlleval reads tags; `accuracy`: of single tags. A ratio without a denominator
    is 0. JudgeError unless there is one tag of the inventory for each word.
    """
    from seqeval.metrics import f1_score
    from seqeval.metrics.v1 import precision_recall_fscore_support
    from seqeval.scheme import IOB2

    _check(gold, found, inventory)
    true, tags = gold.to_pylist(), found.to_pylist()
    precision, recall, f1, _ = precision_recall_fscore_support(
        true, tags, average="micro", scheme=IOB2, zero_division=0
    )
    lenient = f1_score(true, tags, average="micro", zero_division=0)
    right = pc.mean(pc.equal(gold.flatten(), found.flatten())).as_py()
    return {
        "f1": float(f1),
        "f1_lenient": float(lenient),
        "precision": float(precision),
        "recall": float(recall),
        "accuracy": float(right),
    }


def _check(gold: pa.ListArray, found: Any, inventory: tuple[str, ...]) -> None:
    if not isinstance(found, pa.ListArray) or found.type != gold.type:
        kind = str(found.type) if isinstance(found, pa.Array) else type(found).__name__
        raise JudgeError(f"Predictions should be {gold.type}, not {kind}.")
    if len(found) != len(gold):
        raise JudgeError(f"{len(found)} predictions for {len(gold)} test sentences.")
    same = pc.equal(pc.list_value_length(found), pc.list_value_length(gold))
    if not pc.all(same.fill_null(False)).as_py():
        row = same.fill_null(False).index(False).as_py()
        raise JudgeError(f"Prediction {row} has not one tag for each word of its sentence.")
    known = pc.is_in(found.flatten(), value_set=pa.array(inventory))
    if not pc.all(known).as_py():
        tag = found.flatten()[known.index(False).as_py()].as_py()
        raise JudgeError(f"Predicted tag {tag!r} is not in the task's inventory.")
