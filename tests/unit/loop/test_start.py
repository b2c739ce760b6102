from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.data import task as tasks
from bench.data.classification import own
from bench.data.classification.sheet import Sheet
from bench.data.task import Task
from bench.error import DataError
from bench.loop import start
from bench.loop.ledger import Ledger
from bench.loop.plan import Cell
from bench.loop.seed import Streams
from bench.rows.schema import FULL


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def task(rare: int, count: int = 2000, protocol: str = "guide") -> Task:
    """So many distinct texts, of which some are of the class `rare`."""
    names = ["rare"] * rare + ["often"] * (count - rare)
    rows = (f"w{number} a,{name}\n" for number, name in enumerate(names))
    Path("songs.csv").write_text("lyric,class\n" + "".join(rows))
    return tasks.made(*own.load(Sheet("songs.csv", "lyric", "class"), protocol), protocol)


def initial(task: Task, seed: int, each: int) -> torch.Tensor:
    streams = Streams(seed)
    ledger = Ledger(task.deal(streams("split")))
    return ledger.initial(task.protocol.targets[0], streams("initial"), each)


def test_the_initial_set_is_of_every_class_and_a_function_of_the_seed() -> None:
    made = task(600)
    start.check(made, range(5))
    labels, sets = made.corpus.labels.to_pylist(), set()
    for seed in range(5):
        ids = initial(made, seed, 100)
        assert Counter(labels[number][0] for number in ids.tolist()) == {"rare": 100, "often": 100}
        assert torch.equal(ids, initial(made, seed, 100))
        sets.add(tuple(ids.tolist()))
        any_class = initial(made, seed, 0)
        assert len(any_class) == 200
        assert Counter(labels[n][0] for n in any_class.tolist()) != {"rare": 100, "often": 100}
    assert len(sets) == 5


def test_a_class_too_rare_for_one_of_the_seeds_is_named_with_what_to_do() -> None:
    made = task(143)  # of which 100.1 are to be expected in the pool
    held = {}
    for seed in range(9):
        pool = made.deal(Streams(seed)("split")).pool.ids
        held[seed] = int((pool < 143).sum())
    first = next(seed for seed in held if held[seed] < 100)
    assert any(count >= 100 for count in held.values())
    reason = (
        rf"^songs, seed {first}: the pool holds {held[first]} items of class 'rare', but the "
        r"protocol starts with 100 of each class; take more data or --protocol words\.$"
    )
    with pytest.raises(DataError, match=reason):
        start.check(made, range(9))
    for seed in held:
        if held[seed] >= 100:
            start.check(made, range(seed, seed + 1))
    start.check(task(143, protocol="words"), range(9))


def test_full_starts_with_everything(tiny: Any) -> None:
    made = task(600)
    for strategy, each in ((FULL, 0), ("random", 100)):
        cell = Cell(tiny.request(), strategy, 0)
        cell.__dict__["task"] = made  # where the cached property keeps it
        assert cell.each == each
    assert tiny.cell("random").each == 0


def test_only_a_first_target_that_may_pay_for_nothing_is_tried(tiny: Any) -> None:
    made = tiny.cell("random", protocol="fixed").task
    start.check(made, range(2))
    none = replace(made, protocol=replace(made.protocol, targets=(1, 9)))
    with pytest.raises(DataError, match="The first target, 1, pays for no item"):
        start.check(none, range(2))
