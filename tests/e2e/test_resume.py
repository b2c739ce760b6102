"""Runs in pieces, and in several processes, give the rows of one run in one piece."""

from pathlib import Path
from typing import Any

from bench.loop import executor as executors
from bench.loop import fit
from bench.loop.fit import FitStore
from bench.rows import store

WORK = ["--strategy", "lc,alise", "--seeds", "1"]


def test_pieces_and_processes_make_no_difference(house: Any, content: Any, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert house.run(one, *WORK)[0] == 0
    assert house.run(two, *WORK, "--rounds", 2, "--jobs", 2)[0] == 0
    assert house.run(two, "--strategy", "lc", "--seeds", 1, "--rounds", 3)[0] == 0
    assert house.run(two, *WORK, "--jobs", 2)[0] == 0
    assert content(two).equals(content(one))
    executors = store.scan([two])["executor"].to_pylist()
    assert set(executors) == {"serial", "process"}
    assert set(store.scan([one])["executor"].to_pylist()) == {"serial"}
    once = {row["fit_seconds"] for row in store.scan([two]).to_pylist() if row["round"] == 0}
    assert len(once) == 1, "round 0 is fitted once"


def test_seconds_of_several_jobs_never_reach_a_serial_row(tiny: Any) -> None:
    """A fit made beside other work is made again where seconds are to be compared."""
    cell, told = tiny.cell("random", rounds=1), list[str]()
    for executor in ("process", "serial", "serial"):
        fits = FitStore(fit.home(cell.request.out, executor))
        executors.run(cell, executor, lambda event: told.append(event.kind), fits)
        cell.path.unlink()
    assert told.count("epoch") == 2 * cell.config.duration
