from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bench.rows.schema import SCHEMA_VERSION, Row


@pytest.fixture(scope="session")
def make_row() -> Callable[..., Row]:
    """A valid row; keyword arguments replace its values."""

    def make(**changes: Any) -> Row:
        values = {
            **dict.fromkeys(("task", "protocol", "learner", "strategy"), "some"),
            **dict.fromkeys(("learner_params", "params", "environment", "config"), "{}"),
            **dict.fromkeys(("rules_version", "bench_version"), "1.0.0"),
            **dict.fromkeys(("code_digest", "data_digest", "config_digest"), "abc"),
            **dict.fromkeys(("seed", "round", "duplicates"), 0),
            **dict.fromkeys(("own_score", "own_metrics", "own_fit_seconds", "error", "notes")),
            **dict.fromkeys(("fit_seconds", "evaluation_seconds", "score"), 0.5),
            **dict.fromkeys(("acquisition_seconds", "pass_seconds"), 0.25),
            "items": 3,
            "words": 20,
            "entities": 4,
            "labels": {"city": 3, "day": 1},
            "metrics": {"f1": 0.5, "accuracy": 0.75},
            "initial": (4, 5, 6),
            "selected": (9, 1),
            "status": "ok",
            "device": "cpu",
            "isolation": "none",
            "executor": "serial",
            "unit": "items",
            "synthetic": False,
            "schema_version": SCHEMA_VERSION,
            "created": datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
        }
        return Row(**(values | changes))

    return make
