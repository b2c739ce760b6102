"""`bench plan` as a person or a script meets it, beside what a run of the same really trains."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.rows import store

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
BOARD = [
    *("--protocol", "smoke", "--learner", "bilstm-tagger[epochs=2]"),
    *("--strategy", "random,lc,alise", "--seeds", "2"),
]
Bench = Callable[..., "subprocess.CompletedProcess[str]"]


def planned(bench: Bench, *args: object) -> dict[str, Any]:
    done = bench("plan", *args, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def before(bench: Bench, home: Path) -> dict[str, Any]:
    """The bill of the board, before anything of it was run."""
    return planned(bench, *BOARD, "--from", RESULTS, "--out", home / "runs")


@pytest.fixture(scope="module")
def ran(bench: Bench, home: Path, before: dict[str, Any]) -> Path:
    """The board, run."""
    assert bench("run", *BOARD, "--out", home / "runs").returncode == 0
    return home / "runs"


def test_planning_runs_and_writes_nothing(bench: Bench, home: Path) -> None:
    planned(bench, *BOARD, "--from", RESULTS, "--out", home / "nowhere")
    assert not (home / "nowhere").exists()


def test_the_models_that_are_trained_are_those_that_were_planned(
    before: dict[str, Any], ran: Path
) -> None:
    """Each of two seeds has a first fit that three strategies share, and two more of each."""
    models = list(ran.glob(".fits/serial/*.npz"))
    assert (before["fits"], before["own_fits"], before["shared"]) == (2 + 2 * 3 * 2, 2 * 3, 4)
    assert len(models) == before["fits"] + before["own_fits"]
    size = sum(path.stat().st_size for path in models)
    assert before["fits_bytes"] < size < 1.2 * before["fits_bytes"]
    rows = sum(path.stat().st_size for path in ran.rglob("*.parquet"))
    assert before["rows_bytes"]["low"] / 2 < rows < 2 * before["rows_bytes"]["high"]


def test_finished_cells_cost_nothing(bench: Bench, ran: Path) -> None:
    found = planned(bench, *BOARD, "--from", ran, "--out", ran)
    assert (found["cells"], found["finished"], found["fits"]) == (0, 6, 0)
    assert found["wall"]["value"] == found["seconds"]["value"] == 0


def test_models_that_are_kept_are_not_trained_again(bench: Bench, ran: Path) -> None:
    """Another strategy begins with the seeds' first fits, which are on disk; not with 2 workers."""
    other = [*BOARD, "--strategy", "mnlp", "--from", ran, "--out", ran]
    found = planned(bench, *other)
    assert (found["cells"], found["finished"], found["kept"], found["fits"]) == (2, 6, 2, 4)
    assert planned(bench, *other, "--workers", "2")["kept"] == 0  # whose seconds are another kind
    again = planned(bench, *other, "--learner", "bilstm-tagger[epochs=3]")
    assert (again["kept"], again["fits"]) == (0, 2 + 2 * 4 * 2)


def test_rows_of_the_board_itself_are_the_best_to_learn_from(bench: Bench, ran: Path) -> None:
    """The same board, elsewhere: its seconds are the rows', and there is nothing to note."""
    rows = store.scan([ran]).to_pylist()
    fits = {row["fit_seconds"] for row in rows}
    found = planned(bench, *BOARD, "--from", ran, "--out", ran.parent / "elsewhere")
    assert not [note for note in found["notes"] if "never run" in note]
    assert 0.5 < found["parts"]["fit"]["value"] / sum(fits) < 2
    low, high = (found["seconds"][end] for end in ("low", "high"))
    assert low <= found["seconds"]["value"] <= high


def test_workers_shorten_the_wall_clock_to_the_longest_cell(bench: Bench, ran: Path) -> None:
    elsewhere = ran.parent / "elsewhere"
    asked = [*BOARD, "--from", RESULTS, "--out", elsewhere]
    one, many = (planned(bench, *asked, "--workers", str(n)) for n in (1, 50))
    two = planned(bench, *asked, "--jobs", "2")
    assert one["wall"]["value"] == pytest.approx(one["seconds"]["value"])
    assert one["wall"]["value"] > two["wall"]["value"] > many["wall"]["value"]
    assert many["wall"]["value"] >= many["longest"]["value"] > 0


def test_the_table_says_what_was_never_run(bench: Bench, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(
        '"""Mine (nobody 2026)."""\n\nneeds = ("latent",)\n\n\n'
        "def select(view, budget, rng):\n    return view.unlabeled\n"
    )
    done = bench("plan", *BOARD, "--strategy", mine, "--from", RESULTS, "--out", tmp_path / "out")
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "query of mine: never run like this" in done.stdout.replace("\n", " ")
    assert "core-hours" in done.stdout


def test_the_check_of_the_published_rows(bench: Bench) -> None:
    errors = json.loads(bench("plan", "--check", "--from", RESULTS, "--format", "json").stdout)
    total = {each["without"]: each for each in errors if each["part"] == "total"}
    assert 0.9 < total["a seed of a board"]["median"] < 1.1
    assert total["a seed of a board"]["count"] > 40
    assert "a task" in total


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        ([], ["neither results nor nothing exists", "--from"]),
        (["--from", "absent"], ["absent"]),
        (["--from", "empty"], ["no finished rows in empty", "--from"]),
        (["--from", RESULTS, "--workers", "0"], ["--workers", "0"]),
        (["--from", RESULTS, "--task", "atsi"], ["'atsi'", "atis"]),
        (["--from", RESULTS, "--learner", "lenet"], ["'lenet'", "tagging"]),
        (["--from", RESULTS / "digits-quick"], ["bilstm-aligned on flights", "bench run"]),
    ],
)
def test_wrong_usage_is_one_sentence(
    bench: Bench, home: Path, args: list[str], parts: list[str]
) -> None:
    (home / "empty").mkdir(exist_ok=True)
    done = bench("plan", *args, "--out", "nothing")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done
    assert all(part in done.stderr for part in parts), done.stderr
