from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bench.error import UsageError
from bench.loop import replay
from bench.loop.event import Event
from bench.loop.fit import FitStore


def ignore(event: Event) -> None:
    pass


def test_the_last_successor_comes_back_to_the_bit(tiny: Any) -> None:
    rows = tiny.run(tiny.cell("lc", rounds=3))
    learner, deal = replay.successor(
        rows, FitStore(tiny.out / "other"), ignore, tiny.request().data_root
    )
    metrics = deal.judge.score(learner.predict)
    assert metrics == rows[-1].metrics
    assert rows[-1].metrics != rows[0].metrics


def test_a_kept_fit_is_not_made_again(tiny: Any) -> None:
    rows = tiny.run(tiny.cell("alise", rounds=2))
    store = FitStore(tiny.out / ".fits")
    kept = sorted(path.name for path in store.folder.glob("*.npz"))
    replay.successor(rows, store, ignore, tiny.request().data_root)
    assert sorted(path.name for path in store.folder.glob("*.npz")) == kept


def test_no_strategy_is_asked(tiny: Any) -> None:
    rows = tiny.run(tiny.cell("random", rounds=2))
    renamed = [replace(row, strategy="gone") for row in rows]
    learner, deal = replay.successor(
        renamed, FitStore(tiny.out / "x"), ignore, tiny.request().data_root
    )
    assert deal.judge.score(learner.predict) == rows[-1].metrics
    assert all(
        np.isfinite(value).all() for key, value in learner.state().items() if key != "outputs"
    )


@pytest.mark.parametrize("name", ["data_digest", "config_digest"])
def test_rows_of_other_data_or_settings_are_refused(tiny: Any, name: str) -> None:
    rows = tiny.run(tiny.cell("random", rounds=1))
    changed = [replace(row, **{name: "0" * 64}) for row in rows]
    with pytest.raises(UsageError, match=f"another {name}; it cannot be fitted again"):
        replay.successor(changed, FitStore(tiny.out / "x"), ignore, tiny.request().data_root)
