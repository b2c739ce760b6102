from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bench.rows.speed import SPEED_VERSION, Speed


@pytest.fixture(scope="session")
def make_speed() -> Callable[..., Speed]:
    """A row of `bench speed`; keyword arguments replace its values."""

    def make(**changes: Any) -> Speed:
        values = {
            **{"task": "atis", "protocol": "alise", "learner": "tagger", "strategy": "lc"},
            **{"seed": 0, "device": "cpu", "pool": 1000, "timed": changes.get("pool", 1000)},
            **{"labeled": 300, "budget": 100, "unit": "items", "words": 11_000},
            **{"seconds": [4.0, 5.0, 6.0], "pass_seconds": [1.0, 2.0, 2.0]},
            "phases": {"encode": 1.0, "decode": 2.5, "pick": 0.5},
            **{"host_bytes": 2**30, "device_bytes": None, "joules": None},
            **{"fit_seconds": 80.0, "own_fit_seconds": None},
            "environment": '{"cpu":"Some CPU","threads":1}',
            "config": "{}",
            **dict.fromkeys(("rules_version", "bench_version"), "1.2.3"),
            "schema_version": SPEED_VERSION,
            **dict.fromkeys(("code_digest", "strategy_digest", "data_digest"), "abc"),
            "config_digest": "abc",
            "created": datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
        }
        return Speed(**(values | changes))

    return make
