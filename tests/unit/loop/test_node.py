"""A cell as a node runs it, without a cluster: what it is sent, and what it tells."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.error import UsageError
from bench.loop import node
from bench.loop.node import Job
from bench.loop.parcel import Parcel
from bench.loop.plan import Cell
from bench.rows import store
from bench.rows.schema import Row

MINE = '''"""Mine (Nobody 2020)."""
needs = ()
def select(view, budget, rng):
    return view.unlabeled.flip(0)
'''
Lasting = Callable[[list[Row]], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache and a current folder that the node may change."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def sent(cell: Cell, **changes: Any) -> list[list[node.Told]]:
    parcel = Parcel(cell.request)
    strategy, out = parcel.strategy(cell), str(cell.request.out)
    held = cell.done()
    job = Job(parcel.request, strategy, cell.seed, cell.name, out, held, cell.key, cell.origin)
    return list(node.run(replace(job, **changes), parcel.files))


def test_rounds_are_told_before_the_events_that_end_them(tiny: Any, lasting: Lasting) -> None:
    cell = tiny.cell("lc")
    told = [each for batch in sent(cell) for each in batch]
    rows, seen = list[Row](), list[tuple[str, int]]()
    for kind, content in told:
        if kind == "rows":
            rows = content
        elif kind == "event" and content.kind in ("round", "done"):
            seen.append((content.kind, len(rows)))
    assert seen == [("round", 1), ("round", 2), ("round", 3), ("done", 4)]
    assert told[-1] == ("end", None)
    assert not cell.path.exists(), "only whoever sent the cell writes"
    assert {row.executor for row in rows} == {"ray"}
    alone = [{**each, "executor": "ray"} for each in lasting(tiny.run(cell))]
    assert lasting(rows) == alone


def test_a_cell_goes_on_from_the_rounds_that_are_sent_with_it(tiny: Any) -> None:
    cell = tiny.cell("lc")
    held = tiny.run(cell)[:2]
    store.write(cell.path, held)
    told = [each for batch in sent(cell) for each in batch]
    rows = [content for kind, content in told if kind == "rows"]
    assert [len(each) for each in rows] == [3, 4, 4][: len(rows)]
    assert rows[0][:2] == held


def test_a_file_travels_under_its_content(tiny: Any) -> None:
    Path("mine.py").write_text(MINE)
    cell = tiny.cell("mine.py")
    held = cell.key, cell.origin
    parcel = Parcel(cell.request)
    (name,) = [parcel.strategy(cell)]
    Path("mine.py").unlink()  # as on another machine
    job = Job(parcel.request, name, 0, cell.name, "out", [], *held)
    (*_, last) = [each for batch in node.run(job, parcel.files) for each in batch]
    assert last == ("end", None)
    assert parcel.files == {name: MINE.encode()}


def test_a_bundled_strategy_does_not_travel(tiny: Any) -> None:
    from bench.loop import strategy

    parcel = Parcel(tiny.request())
    assert parcel.strategy(tiny.cell(str(strategy.folder() / "lc.py"))) == "lc"
    assert parcel.strategy(tiny.cell("nse[normalize=true]")) == "nse[normalize=true]"
    assert not parcel.files


@pytest.mark.parametrize("name", ["code_digest", "data_digest", "config_digest"])
def test_a_node_with_other_code_or_data_says_so(tiny: Any, name: str) -> None:
    cell = tiny.cell("lc")
    ((kind, error),) = sent(cell, origin={**cell.origin, name: "other"})[-1]
    assert kind == "error"
    assert type(error) is UsageError
    assert f"the {name} is {cell.origin[name][:40]}, and other" in str(error)
    assert "On node " in str(error)
