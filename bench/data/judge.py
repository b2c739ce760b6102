"""The judge: the sole holder of the test split."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from bench.data.kind import Kind
from bench.data.table import Inputs
from bench.error import BenchError


class JudgeError(BenchError):
    """Predictions are not what the task's kind asks for."""


class Judge:
    """Scores predictions on the test split, as the kind of task scores them."""

    def __init__(self, inputs: Inputs, gold: pa.ListArray, kind: Kind) -> None:
        self._inputs, self._gold, self._kind = inputs, gold, kind

    def score(self, predict: Callable[[Any], Any]) -> dict[str, float | None]:
        """All metrics of what `predict` gives for the test inputs; JudgeError when it cannot be.

        None stands for a metric that cannot be measured here (see `Kind.remark`).
        """
        return self._kind.score(self._gold, predict(self._inputs))

    def sample(self, count: int) -> tuple[Any, pa.ListArray]:
        """The first inputs of the test split and their labels, for people to look at."""
        rows = pa.array(range(min(count, len(self._gold))), pa.int64())
        return self._inputs.take(rows), self._gold.take(rows)
