"""The judge: the sole holder of the test split."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
import torch

from bench.data.corpus import take
from bench.data.pool import Sentences
from bench.error import BenchError


class JudgeError(BenchError):
    """Predictions are not one known tag for each word of the test split."""


class Judge:
    """Scores predictions on the test split."""

    def __init__(
        self,
        tokens: pa.ChunkedArray,
        tags: pa.ChunkedArray,
        ids: torch.Tensor,
        inventory: tuple[str, ...],
    ) -> None:
        self._inputs = take(tokens, ids)
        self._gold = take(tags, ids)
        self._inventory = inventory

    def score(self, predict: Callable[[Sentences], pa.ListArray]) -> dict[str, float]:
        """Metrics of the tags that `predict` gives for the test inputs, each from 0 to 1.

        `f1`, `precision`, `recall`: spans, strict IOB2 (seqeval); `f1_lenient`: seqeval's default
        mode, as conlleval reads tags; `accuracy`: of single tags. A ratio without a denominator
        is 0. JudgeError unless there is one tag of the inventory for each word.
        """
        from seqeval.metrics import f1_score
        from seqeval.metrics.v1 import precision_recall_fscore_support
        from seqeval.scheme import IOB2

        found = predict(self._inputs)
        self._check(found)
        gold, tags = self._gold.to_pylist(), found.to_pylist()
        precision, recall, f1, _ = precision_recall_fscore_support(
            gold, tags, average="micro", scheme=IOB2, zero_division=0
        )
        lenient = f1_score(gold, tags, average="micro", zero_division=0)
        right = pc.mean(pc.equal(self._gold.flatten(), found.flatten())).as_py()
        return {
            "f1": float(f1),
            "f1_lenient": float(lenient),
            "precision": float(precision),
            "recall": float(recall),
            "accuracy": float(right),
        }

    def _check(self, found: pa.ListArray) -> None:
        if not isinstance(found, pa.ListArray) or found.type != self._gold.type:
            raise JudgeError(f"Predictions should be {self._gold.type}, not {_kind(found)}.")
        if len(found) != len(self._gold):
            raise JudgeError(f"{len(found)} predictions for {len(self._gold)} test sentences.")
        same = pc.equal(pc.list_value_length(found), pc.list_value_length(self._gold))
        if not pc.all(same.fill_null(False)).as_py():
            row = same.fill_null(False).index(False).as_py()
            raise JudgeError(f"Prediction {row} has not one tag for each word of its sentence.")
        known = pc.is_in(found.flatten(), value_set=pa.array(self._inventory))
        if not pc.all(known).as_py():
            tag = found.flatten()[known.index(False).as_py()].as_py()
            raise JudgeError(f"Predicted tag {tag!r} is not in the task's inventory.")


def _kind(value: object) -> str:
    return str(value.type) if isinstance(value, pa.Array) else type(value).__name__
