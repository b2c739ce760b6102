from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from bench.rows.schema import SCHEMA_VERSION, Row


@pytest.fixture(scope="session")
def make_run() -> Callable[..., list[Row]]:
    """A finished cell with one row per score; keyword arguments replace values of all rows."""

    def make(strategy: str, seed: int, scores: Sequence[float], **changes: Any) -> list[Row]:
        return [
            _row(strategy, seed, number, score, number + 1 == len(scores), changes)
            for number, score in enumerate(scores)
        ]

    return make


def _row(
    strategy: str, seed: int, number: int, score: float, last: bool, changes: dict[str, Any]
) -> Row:
    values = {
        **dict.fromkeys(("learner_params", "params", "environment", "config"), "{}"),
        **dict.fromkeys(("bench_version", "rules_version"), "1.2.3"),
        **dict.fromkeys(("code_digest", "data_digest", "config_digest"), "abcdef123456"),
        **dict.fromkeys(("own_score", "own_metrics", "own_fit_seconds", "error", "notes")),
        "task": "atis",
        "protocol": "alise",
        "learner": "tagger",
        "strategy": strategy,
        "seed": seed,
        "round": number,
        "items": 300 * (number + 1),
        "words": 3000 * (number + 1),
        "entities": 0,
        "duplicates": 30 * number,
        "labels": {},
        "score": score,
        "metrics": {"f1": score},
        "fit_seconds": 10.0,
        "acquisition_seconds": None if last else 2.0,
        "pass_seconds": None if last else 0.5,
        "evaluation_seconds": 0.1,
        "initial": () if number else (1, 2),
        "selected": () if last else (3, 4),
        "status": "ok",
        "device": "cpu",
        "isolation": "none",
        "executor": "serial",
        "unit": "items",
        "synthetic": False,
        "schema_version": SCHEMA_VERSION,
        "created": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Row(**(values | changes))
