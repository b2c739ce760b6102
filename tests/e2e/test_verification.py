"""`bench submit --verify`, on a small task: what is honest is confirmed, what is forged is not."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.board import submission, submission_report
from bench.board.submission import MANIFEST
from bench.cli import package
from bench.cli.verification import verification
from bench.data import card
from bench.error import BenchError, DataError, UsageError
from bench.loop import entrant, source
from bench.loop.executor import execute
from bench.loop.plan import Request, plan
from bench.rows import schema, store
from bench.spec import Spec

TESTS = Path(__file__).parents[1]
LEARNER = Spec.parse("bilstm-tagger[batch_size=16,embedding=8,epochs=2,hidden=8]")
FILE = '''"""The last first (nobody 2026)."""

import numpy as np
import torch

needs = ("lengths",)


def select(view, budget, rng, step: int = 1):
    return view.unlabeled.flip(0).roll(step)
'''
CLOCK = FILE.replace(".roll(step)", '.roll(int(np.datetime64("now").astype(int)))')
ENTROPY = FILE.replace(".roll(step)", "[np.random.default_rng().permutation(len(view.unlabeled))]")


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """The small tasks are all there are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card, "folder", lambda: TESTS)
        yield


def submitted(home: Path, text: str, params: str = "") -> Path:
    """The submission of a file, without its examination."""
    (home / "mine.py").write_text(text)
    found = source.read(home / "mine.py")
    name = entrant.settle(found, home / "runs") + params
    options = (5, None, 1, "cpu", home / "runs", TESTS)
    todo = plan(Request("tiny", "drawn", LEARNER, (name, "random"), *options, sandboxed=True))
    assert not execute(todo, lambda event: None).failed
    cells = [cell for cell in todo.cells if cell.strategy == name]
    table = package.table(todo, schema.SCHEMA.empty_table())
    package.write(home / "mine", found, cells, table, ["cites its source"])
    return home / "mine"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return submitted(tmp_path_factory.mktemp("home"), FILE, "[step=3]")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy, to be forged."""
    return Path(shutil.copytree(made, tmp_path / "mine"))


def forge(folder: Path, seeds: Any, number: int, **changes: Any) -> None:
    """Write other values into a round of some seeds, with a digest that fits them."""
    for path in sorted(folder.rglob("*.parquet")):
        rows = store.read(path)
        if rows[0].seed in seeds:
            given = {
                name: change(rows[number]) if callable(change) else change
                for name, change in changes.items()
            }
            rows[number] = replace(rows[number], **given)
            store.write(path, rows)
    claim(folder)


def claim(folder: Path, **changes: Any) -> None:
    """A manifest with digests that fit the files that are there, and with other values."""
    known = json.loads((folder / MANIFEST).read_text())
    files = sorted(path for path in folder.rglob("*.parquet"))
    known["rows"] = {path.relative_to(folder).as_posix(): sha(path) for path in files}
    known["sha256"] = sha(folder / "mine.py")
    page = (folder / "REPORT.md").read_text().partition("```python\n")[0]
    shown = submission_report.fence((folder / "mine.py").read_text())
    (folder / "REPORT.md").write_text(f"{page}{shown}\n")
    (folder / MANIFEST).write_text(json.dumps({**known, **changes}))


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refused(folder: Path, reason: str, kind: type[BenchError] = BenchError) -> str:
    with pytest.raises(kind, match=reason) as caught:
        verification(folder, TESTS)
    assert type(caught.value) is kind
    return str(caught.value)


def test_an_honest_submission_is_confirmed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verification(folder, TESTS)
    told = capsys.readouterr()
    *again, drawn, last = told.out.splitlines()
    assert again == [f"seed {seed}, fitted again from its ids: identical" for seed in range(5)]
    assert drawn in [f"seed {seed}, run again: identical" for seed in range(5)]
    assert last == "confirmed"
    assert "other code" not in told.err


def test_the_file_is_run_in_the_sandbox_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    verification(submitted(tmp_path, FILE + 'np.zeros(1).tofile("trapped")\n'), TESTS)
    assert not list((tmp_path / "here").iterdir())


def test_the_cell_is_drawn_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []

    def choice(cells: Any) -> Any:
        asked.append([rows[0].seed for rows in cells])
        return cells[3]

    monkeypatch.setattr("secrets.choice", choice)
    verification(folder, TESTS)
    assert asked == [[0, 1, 2, 3, 4]]


def test_its_rows_are_sandboxed_and_hold_nothing_of_the_machine(made: Path) -> None:
    rows = [row for path in made.rglob("*.parquet") for row in store.read(path)]
    assert {row.isolation for row in rows} == {"sandbox"}
    assert {row.spec for row in rows} == {Spec.of("mine", {"step": 3})}
    for path in made.rglob("*"):
        if path.is_file():
            for name in (str(made.parent), str(Path.home()), "/tmp"):
                assert name.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("text", [CLOCK, ENTROPY])
def test_ids_that_depend_on_the_clock_or_on_chance_are_found(tmp_path: Path, text: str) -> None:
    folder = submitted(tmp_path, text)
    time.sleep(1.1)  # a clock of numpy's ticks in seconds
    told = refused(folder, r"run again: differs, selected of round 0 is not the same")
    assert len(told.splitlines()) == 2


def test_a_file_that_selects_otherwise_is_found(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mine.py").write_text(FILE.replace(".flip(0)", ""))
    claim(folder)
    refused(folder, "run again: differs, selected of round 0 is not the same")
    assert "made by other code than would run now, or of another file" in capsys.readouterr().err


def test_a_file_that_fails_is_found(folder: Path) -> None:
    (folder / "mine.py").write_text(FILE.replace(".flip(0)", "[:1]"))
    claim(folder)
    refused(folder, "run again in the sandbox: The strategy ranked only 1 items")


def test_ids_written_by_hand_are_found(folder: Path) -> None:
    forge(folder, range(5), 1, selected=lambda row: row.selected[::-1])
    refused(folder, "run again: differs, selected of round 1 is not the same")


def test_ids_that_were_revealed_before_are_found(folder: Path) -> None:
    (path,) = folder.rglob("mine*seed2.parquet")
    first = store.read(path)[0]
    forge(folder, [2], 0, selected=(*first.initial[:1], *first.selected[1:]))
    told = refused(folder, "seed 2: The label of item [0-9]+ was asked for twice")
    assert "seed 1" not in told


def test_forged_scores_are_found(folder: Path) -> None:
    forge(folder, [1, 3], 2, score=0.99)
    told = refused(folder, "seed 1, fitted again from its ids: differs, score of round 2")
    assert "seed 3, fitted again" in told


def test_of_another_machine_the_spread_over_seeds_decides(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forge(folder, range(5), 0, environment='{"cpu":"another"}')
    forge(folder, range(5), 1, score=lambda row: row.score + 1e-6)
    verification(folder, TESTS)
    told = capsys.readouterr().out
    assert "seed 0, fitted again from its ids: within, on another machine" in told
    assert told.splitlines()[-1] == "confirmed"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"isolation": "none"}, "seed 1: isolation is not 'sandbox'"),
        ({"code_digest": "0" * 64}, "has several code_digests"),
        ({"strategy": "lc"}, "has a round|lacks a round"),
        ({"items": 9999}, "seed 1 has spent 9999 by round 2, over 60"),
    ],
)
def test_rows_that_are_not_of_the_submission(
    folder: Path, changes: dict[str, Any], reason: str
) -> None:
    forge(folder, [1], 2, **changes)
    with pytest.raises(BenchError, match=reason):
        verification(folder, TESTS)


def test_every_seed_and_round_must_be_there(folder: Path) -> None:
    (path,) = folder.rglob("mine*seed4.parquet")
    store.write(path, store.read(path)[:-1])
    claim(folder)
    refused(folder, "seed 4 has 3 of 4 rounds")
    path.unlink()
    claim(folder)
    told = refused(folder, "names seeds 0, 1, 2, 3, 4, the rows have 0, 1, 2, 3")
    assert "fitted again" not in told
    claim(folder, seeds=[0, 1, 2, 3])
    refused(folder, "the seeds are not 0 to 4")


def test_files_of_rows_are_named_after_their_cells(folder: Path) -> None:
    (path,) = folder.rglob("mine*seed4.parquet")
    path.rename(path.with_name("mine-seed5.parquet"))
    claim(folder)
    refused(folder, "the files of rows are not named after their cells")


def test_a_cell_of_another_strategy_is_named(folder: Path) -> None:
    claim(folder, params={"step": 4})
    told = refused(folder, "seed 0 is of another cell")
    assert "seed 4: params is not" in told


def test_messages_hold_nothing_that_a_terminal_or_ci_would_obey(folder: Path) -> None:
    forge(folder, [1], 2, strategy="\n::error::\x1b[2J")
    assert refused(folder, "lacks a round", DataError).isprintable()


def test_the_report_must_show_the_whole_file(folder: Path) -> None:
    page = (folder / "REPORT.md").read_text()
    for other in (page.replace("import torch\n", ""), page + "x", page.replace("# mine", "# ours")):
        assert other != page
        (folder / "REPORT.md").write_text(other)
        refused(folder, r"REPORT\.md does not end with the whole file")


def test_a_damaged_file_of_rows_is_malformed(folder: Path) -> None:
    (path,) = folder.rglob("mine*seed4.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    refused(folder, r"seed4\.parquet was changed", DataError)
    claim(folder)
    refused(folder, r"Cannot read .*seed4\.parquet", DataError)


def test_a_changed_file_is_malformed(folder: Path) -> None:
    (folder / "mine.py").write_text(FILE + "#")
    refused(folder, r"mine\.py was changed", DataError)


@pytest.mark.parametrize(
    ("text", "reason"),
    [(FILE + "import os\n", "imports 'os'"), ("x = (", "is no Python"), ("", "lacks a docstring")],
)
def test_a_file_that_is_no_strategy_is_refused(folder: Path, text: str, reason: str) -> None:
    (folder / "mine.py").write_text(text)
    claim(folder)
    refused(folder, reason, UsageError)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"task": "nowhere"}, "There is no task 'nowhere'"),
        ({"protocol": "nowhere"}, "has no protocol 'nowhere'"),
        ({"learner": "nowhere"}, "There is no learner 'nowhere'"),
        ({"learner_params": {"epochs": "x"}}, "epochs"),
        ({"params": {"nowhere": 1}}, "has no parameter 'nowhere'"),
    ],
)
def test_what_this_version_does_not_have_is_said(
    folder: Path, changes: dict[str, Any], reason: str
) -> None:
    claim(folder, **changes)
    refused(folder, reason, UsageError)


def test_all_work_is_on_what_was_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = submission.read

    def swapped(path: Path) -> Any:
        held = read(path)
        for file in path.rglob("*.parquet"):
            file.write_bytes(b"other")
        return held

    monkeypatch.setattr(submission, "read", swapped)
    verification(folder, TESTS)
