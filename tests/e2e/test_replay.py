"""`bench replay` as a reviewer meets it: scores come back, forged ones do not."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.rows import store

Bench = Callable[..., "subprocess.CompletedProcess[str]"]
LEARNER = "bilstm-tagger[embedding=16,epochs=3,hidden=16]"


@pytest.fixture(scope="module")
def out(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of two strategies, one with a model of its own, for two seeds."""
    out = tmp_path_factory.mktemp("out")
    task = ("run", "--protocol", "smoke", "--learner", LEARNER, "--seeds", 2, "--out", out)
    done = bench(*task, "--strategy", "lc,alise")
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def results(out: Path, tmp_path: Path) -> Path:
    """A copy without its models, to be forged."""
    copy = tmp_path / "results"
    shutil.copytree(out, copy, ignore=shutil.ignore_patterns(".fits", ".lock"))
    return copy


def forge(results: Path, name: str, number: int, **changes: Any) -> None:
    """Write other values into a round of a file, with a digest that fits them."""
    (path,) = results.rglob(name)
    rows = store.read(path)
    rows[number] = replace(rows[number], **changes)
    store.write(path, rows)


def test_everything_comes_back_to_the_bit(bench: Bench, results: Path) -> None:
    done = bench("replay", results)
    assert done.returncode == 0, done.stderr
    *cells, last = done.stdout.splitlines()
    assert len(cells) == 4
    assert all(": identical, " in cell for cell in cells)
    assert cells[0].startswith("flights smoke bilstm-tagger, alise seed 0: identical, ")
    assert last == "4 cells: 4 identical"
    assert "round 1 of" in done.stderr


def test_forged_scores_and_ids_are_named(bench: Bench, results: Path) -> None:
    first, second = (next(results.rglob(f"lc-seed{seed}.parquet")) for seed in (0, 1))
    forge(results, first.name, 1, score=store.read(first)[1].score + 1e-9)
    rows = store.read(second)
    forge(results, second.name, 0, selected=rows[0].initial[: len(rows[0].selected)])
    done = bench("replay", results)
    assert done.returncode == 1
    wrong = [line for line in done.stdout.splitlines() if "DIFFERS" in line]
    assert "lc seed 0" in wrong[0]
    assert "score of round 1, on the same kind of CPU" in wrong[0]
    assert "lc seed 1" in wrong[1]
    assert len(wrong) == 3  # with the count
    assert done.stderr.splitlines()[-1] == "Error: 2 of 4 cells are not confirmed."


def test_of_another_machine_the_seeds_judge(bench: Bench, results: Path) -> None:
    for name in ("lc-seed0.parquet", "lc-seed1.parquet"):
        (path,) = results.rglob(name)
        score = store.read(path)[0].score
        other = '{"cpu":"another"}'
        forge(results, name, 0, environment=other, score=score + 1e-6)
    done = bench("replay", results, "--seed", 1)
    assert done.returncode == 0, done.stderr
    assert "lc seed 1: within the spread over seeds, " in done.stdout
    assert done.stdout.splitlines()[-1].startswith("2 cells: 1 identical, 1 within")
    done = bench("replay", next(results.rglob("lc-seed0.parquet")))
    assert "lc seed 0: not judged, " in done.stdout


def test_what_cannot_be_fitted_again_is_said(bench: Bench, results: Path) -> None:
    for path in results.rglob("*.parquet"):
        store.write(path, [replace(row, task="songs") for row in store.read(path)])
    done = bench("replay", results)
    assert done.returncode == 2
    assert "lc seed 0: not fitted again: 'songs' is no task of this version" in done.stdout
    assert done.stdout.splitlines()[-1] == "4 cells: 4 not fitted again"
    assert done.stderr.splitlines()[-1] == "Error: No cell could be fitted again."


def test_nothing_to_replay_is_refused(bench: Bench, results: Path, tmp_path: Path) -> None:
    done = bench("replay", results, "--seed", 9)
    assert done.returncode == 2
    assert "There are no results of seed 9 in" in done.stderr
    assert bench("replay", tmp_path / "nowhere").returncode == 2
