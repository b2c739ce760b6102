"""`bench speed` as a person or a script meets it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.rows import speed, store

TESTS = Path(__file__).parents[1]
SMALL = [
    *("--protocol", "smoke", "--learner", "bilstm-aligned[epochs=1,hidden=4]"),
    *("--repeats", "2"),
]
SEQUENTIAL = "lc[decode=sequential]"
STRATEGIES = ["--strategy", f"lc,{SEQUENTIAL}", "--strategy", "alise"]
SIZES = ["--sizes", "30,60"]
MINE = '''"""Mine (nobody 2026)."""

needs = ("latent",)


def select(view, budget, rng):
    {body}
'''
Bench = Callable[..., "subprocess.CompletedProcess[str]"]


def content(out: Path) -> dict[Path, bytes]:
    """Every row below a folder."""
    return {path: path.read_bytes() for path in out.rglob("*.parquet")}


@pytest.fixture(scope="module")
def first(bench: Bench) -> "subprocess.CompletedProcess[str]":
    """What measuring said."""
    return bench("speed", *SMALL, *STRATEGIES, *SIZES, "--out", "runs")


@pytest.fixture(scope="module")
def measured(first: "subprocess.CompletedProcess[str]", home: Path) -> Path:
    """The folder that was measured into."""
    assert first.returncode == 0, first.stderr
    return home / "runs"


def test_it_measures_writes_and_shows(first: Any, measured: Path) -> None:
    rows = speed.read(measured / "speed")
    found = [(row.strategy, row.pool, len(row.seconds)) for row in rows]
    names = ("alise", "lc", SEQUENTIAL)
    assert found == [(name, pool, 2) for pool in (30, 60) for name in names]
    assert all(path.parent == measured / "speed" / "flights-smoke" for path in content(measured))
    assert max(map(len, first.stdout.splitlines())) <= 100
    said = " ".join(first.stdout.split())
    assert "Deng et al. (2018) say that ALISE selects more than 100 times faster" in said
    assert "A pool of 60" in said
    for name in ("lc", SEQUENTIAL, "alise"):
        assert any(line.split()[:1] == [name] for line in first.stdout.splitlines())


def test_progress_is_told_line_by_line(first: Any) -> None:
    lines = first.stderr.splitlines()
    assert lines[0] == "lc of 30: round 1 of 2"
    assert lines[2].startswith("lc of 30: done (1 of 6): ")
    assert lines[2].endswith(" passes")
    assert [line for line in lines if "done (6 of 6)" in line]
    assert len(lines) == 6 * 3


def test_a_second_call_measures_nothing_more(bench: Bench, measured: Path, first: Any) -> None:
    before = content(measured)
    again = bench("speed", *SMALL, *STRATEGIES, *SIZES, "--out", "runs")
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert again.stderr == "resumed: 6 of 6 queries already timed\n"
    assert content(measured) == before


def test_what_is_new_is_measured_beside_the_old(bench: Bench, tmp_path: Path) -> None:
    out = ["--out", tmp_path]
    assert bench("speed", *SMALL, "--strategy", "lc", "--sizes", "30", *out).returncode == 0
    before = content(tmp_path)
    more = bench("speed", *SMALL, "--strategy", "lc,random", "--sizes", "30,40", *out)
    assert more.returncode == 0
    assert more.stderr.startswith("resumed: 1 of 4 queries already timed\n")
    after = content(tmp_path)
    assert len(after) == 4
    assert all(after[path] == old for path, old in before.items())


def test_killed_between_queries_it_goes_on(bench: Bench, home: Path, tmp_path: Path) -> None:
    asked = ["speed", *SMALL, *STRATEGIES, *SIZES, "--out", tmp_path]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(TESTS.parent)}
    command = [sys.executable, "-m", "bench", *map(str, asked)]
    with subprocess.Popen(command, cwd=home, env=env, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not content(tmp_path):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    before = content(tmp_path)
    assert 0 < len(before) < 6
    again = bench(*asked)
    assert again.returncode == 0
    assert f"resumed: {len(before)} of 6" in again.stderr
    after = content(tmp_path)
    assert len(after) == 6
    assert all(after[path] == old for path, old in before.items())
    assert not list(tmp_path.rglob("*.tmp"))


def test_show_only_shows(bench: Bench, measured: Path, first: Any) -> None:
    before = content(measured)
    done = bench("speed", "--show", "--out", "runs")
    assert (done.returncode, done.stdout, done.stderr) == (0, first.stdout, "")
    page = bench("speed", "--show", "--out", "runs", "--format", "markdown").stdout
    assert page.startswith("# What a query costs\n\nDeng et al. (2018) say")
    assert content(measured) == before


def test_nothing_to_show_is_said_and_nothing_written(bench: Bench, tmp_path: Path) -> None:
    done = bench("speed", "--show", "--out", tmp_path / "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: There is nothing measured in {tmp_path / 'none/speed'} yet.\n"
    assert not (tmp_path / "none").exists()


def test_json_is_all_that_stdout_gets(bench: Bench, tmp_path: Path) -> None:
    asked = [*SMALL, "--strategy", "random", "--sizes", "20", "--out", tmp_path]
    done = bench("speed", *asked, "--format", "json")
    assert done.returncode == 0
    (board,) = json.loads(done.stdout)
    (row,) = board["rows"]
    assert (row["strategy"], row["pool"], len(row["seconds"])) == ("random", 20, 2)
    assert "random of 20: round 1 of 2" in done.stderr


def test_no_results_of_runs_are_made(measured: Path) -> None:
    assert store.scan([measured]).num_rows == 0


def test_help_has_examples(bench: Bench) -> None:
    text = bench("speed", "--help").stdout
    assert "Examples:" in text
    assert "bench speed --task atis --strategy alise,alise_nse,lc,nse" in text


def test_a_strategy_that_fails_leaves_the_others(bench: Bench, tmp_path: Path) -> None:
    file, out = tmp_path / "mine.py", tmp_path / "out"
    file.write_text(MINE.format(body='raise ValueError("no idea")'))
    asked = [*SMALL, "--strategy", f"random,{file},longest", "--sizes", "20,30", "--out", out]
    done = bench("speed", *asked)
    assert done.returncode == 1
    assert "A pool of 30" in done.stdout
    assert done.stderr.endswith(
        "Error: 2 failed; what else was timed is kept.\n"
        "  mine of 20: The strategy raised ValueError: no idea\n"
        "  mine of 30: The strategy raised ValueError: no idea\n"
    )
    assert "Traceback" not in done.stderr
    rows = speed.read(out)
    assert [(r.strategy, r.pool) for r in rows] == [
        (name, pool) for pool in (20, 30) for name in ("longest", "random")
    ]
    file.write_text(MINE.format(body="return view.unlabeled"))  # and once it is mended
    done = bench("speed", *asked)
    assert done.returncode == 0
    assert done.stderr.startswith("resumed: 4 of 6 queries already timed\n")
    file.write_text(MINE.format(body="return view.unlabeled.flip(0)"))  # and then again
    assert bench("speed", *asked).stderr == (
        "resumed: 6 of 6 queries already timed (2 by other code or elsewhere; to redo them, "
        "choose another --out)\n"
    )


def test_all_that_fails_is_told_without_a_board(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MINE.format(body="return view.unlabeled[:1]"))
    done = bench("speed", *SMALL, "--strategy", file, "--sizes", "20", "--out", tmp_path / "out")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Error: 1 failed" in done.stderr


def test_a_row_that_was_changed_is_refused(bench: Bench, tmp_path: Path) -> None:
    asked = [*SMALL, "--strategy", "random", "--sizes", "20", "--out", tmp_path]
    assert bench("speed", *asked).returncode == 0
    (file,) = content(tmp_path)
    file.write_bytes(file.read_bytes()[:100])
    done = bench("speed", *asked)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    assert str(file) in done.stderr
    assert "Delete it and measure again." in done.stderr


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (["--task", "digits"], ["pools of sentences", "'digits-quick'", "bench list tasks"]),
        (["--task", "atsi"], ["'atsi'", "atis"]),
        (["--strategy", "full"], ["'full'", "labels everything"]),
        (["--strategy", "lc,dfal"], ["'dfal' does not apply", "boundary_distance"]),
        (["--strategy", "lc[decode=sequental]"], ["'sequental'", "Did you mean sequential?"]),
        (["--strategy", ""], ["--strategy is empty"]),
        (["--learner", "lenet"], ["'lenet'", "bilstm-aligned"]),
        (["--protocol", "nope"], ["'nope'", "smoke"]),
        (["--sizes", "1e6"], ["--sizes '1e6'", "N[,N…]"]),
        (["--sizes", ""], ["--sizes ''", "N[,N…]"]),
        (["--sizes", "10,0"], ["--sizes", "from 1 on"]),
        (["--repeats", "0"], ["--repeats", "from 1 on"]),
        (["--repeats", "some"], ["--repeats", "some"]),
        (["--limit", "0"], ["--limit", "0"]),
        (["--device", "cuda:77"], ["cuda:77", "--device cpu"]),
    ],
)
def test_wrong_usage_is_one_sentence(
    bench: Bench, home: Path, args: list[str], parts: list[str]
) -> None:
    usual = {"--sizes": "20", "--repeats": "1", "--out": "nothing"}
    asked = [part for pair in usual.items() for part in pair]
    done = bench("speed", *asked, *args)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done
    assert all(part in done.stderr for part in parts), done.stderr
    assert not (home / "nothing").exists()
