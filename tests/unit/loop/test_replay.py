from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.error import UsageError
from bench.loop import replay, strategy
from bench.loop.budget import SelectionError
from bench.loop.event import Event
from bench.loop.fit import FitStore
from bench.rows import store


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


def again(tiny: Any, row: Any, folder: str = ".fits") -> replay.Ranking:
    return replay.ranking(row, FitStore(tiny.out / folder), ignore, tiny.request().data_root)


@pytest.mark.parametrize("name", ["random", "lc[width=3]", "bald[passes=7]", "alise"])
def test_a_strategy_ranks_the_pool_as_it_did_then(tiny: Any, name: str) -> None:
    """Its first choice comes first, whatever it draws, and from its own model where it has one."""
    row = tiny.run(tiny.cell(name, seed=1, rounds=2))[0]
    ranking = again(tiny, row, "other")
    assert ranking.whole
    assert tuple(ranking.ids[: len(row.selected)].tolist()) == ranking.chosen == row.selected
    deal = tiny.cell(name, seed=1).task.deal(replay.Streams(1)("split"))
    left = set(deal.pool.ids.tolist()) - set(row.initial)
    assert sorted(ranking.ids.tolist()) == sorted(left)
    assert ranking.unlabeled == len(left)


def test_a_strategy_that_ranks_what_it_buys_has_no_whole_ranking(tiny: Any) -> None:
    row = tiny.run(tiny.cell("coreset", rounds=1))[0]
    ranking = again(tiny, row)
    assert ranking.chosen == row.selected
    assert not ranking.whole


def test_a_ranking_finds_the_fits_of_its_run(tiny: Any) -> None:
    row = tiny.run(tiny.cell("alise", rounds=1))[0]
    kept = {path.name for path in (tiny.out / ".fits").glob("*.npz")}
    assert len(kept) == 2
    again(tiny, row)
    assert {path.name for path in (tiny.out / ".fits").glob("*.npz")} == kept


def test_a_strategy_that_fails_now_says_so(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    row = tiny.run(tiny.cell("random", rounds=1))[0]
    lc = strategy.load("lc")
    monkeypatch.setattr(strategy, "load", lambda *_: replace(lc, select=lambda *given: 1 / 0))
    with pytest.raises(SelectionError, match="ZeroDivisionError"):
        again(tiny, row)


def test_a_strategy_of_a_file_of_its_own_is_not_found(tiny: Any) -> None:
    row = tiny.run(tiny.cell("random", rounds=1))[0]
    with pytest.raises(UsageError, match="no strategy 'mine'"):
        again(tiny, replace(row, strategy="mine"))


def test_data_of_one_s_own_is_not_found(tiny: Any) -> None:
    row = tiny.run(tiny.cell("random", rounds=1))[0]
    with pytest.raises(UsageError, match="'songs' is no task of this version, or data of your own"):
        again(tiny, replace(row, task="songs"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_rows_of_a_gpu_need_one(tiny: Any) -> None:
    row = replace(tiny.run(tiny.cell("random", rounds=1))[0], device="cuda NVIDIA H200")
    with pytest.raises(UsageError, match=r"tiny-.* random seed 0 was made on a GPU"):
        again(tiny, row)


def test_variants_are_told_apart_in_progress(tiny: Any) -> None:
    row = tiny.run(tiny.cell("lc[width=3]", rounds=1))[0]
    events: list[Event] = []
    replay.ranking(row, FitStore(tiny.out / "x"), events.append, tiny.request().data_root)
    assert {event.cell for event in events} == {"lc[width=3] seed 0"}
    kinds = [event.kind for event in events]
    assert (kinds[0], kinds[-1]) == ("start", "done")
    assert "epoch" in kinds


def test_models_are_looked_for_beside_the_results(tmp_path: Path) -> None:
    (tmp_path / "out" / ".fits").mkdir(parents=True)
    with replay.kept(tmp_path / "out" / "task" / "learner") as folder:
        assert folder == tmp_path / "out" / ".fits"
        with pytest.raises(UsageError, match="Another bench run"), store.lock(tmp_path / "out"):
            pass


def test_without_them_they_are_kept_for_a_while(tmp_path: Path) -> None:
    with replay.kept(tmp_path) as folder:
        assert folder.is_dir()
        assert tmp_path not in folder.parents
    assert not folder.exists()
    assert list(tmp_path.iterdir()) == []
