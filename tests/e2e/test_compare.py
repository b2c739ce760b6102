"""`bench compare` as a person or a script meets it: strategies, a change, what it refuses."""

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.board import entry, run
from bench.rows import store

Bench = Callable[..., "subprocess.CompletedProcess[str]"]
LEARNER = "bilstm-tagger[embedding=16,epochs=3,hidden=16]"
OWN = '''"""The ids from one end (a strategy of a test)."""

needs = ()


def select(view, budget, rng):
    return view.unlabeled{}
'''


@pytest.fixture(scope="module")
def made(bench: Bench, home: Path) -> Path:
    """`before` and `after` a strategy was changed; three strategies, two seeds."""
    for name, end in (("before", ""), ("after", ".flip(0)")):
        (home / "mine.py").write_text(OWN.format(end))
        task = ("run", "--protocol", "smoke", "--learner", LEARNER, "--seeds", 2, "--out", name)
        done = bench(*task, "--strategy", "random,longest,mine.py")
        assert done.returncode == 0, done.stderr
    return home


def values(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def refused(done: "subprocess.CompletedProcess[str]", code: int = 2) -> str:
    """The one line that a failing command says."""
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(lines)) == (code, "", 1), done
    return lines[0]


def copied(made: Path, to: Path, **changes: object) -> Path:
    """The results after the change without their models; values of all rows replaced."""
    shutil.copytree(made / "after", to, ignore=shutil.ignore_patterns(".fits", ".lock"))
    for path in to.rglob("*.parquet") if changes else ():
        rows = [replace(row, **changes) for row in store.read(path)]  # type: ignore[arg-type]
        store.write(path, rows)
    return to


def test_two_strategies(bench: Bench, made: Path) -> None:
    found = values(bench("compare", "longest", "mine", "--in", "after", "--format", "json"))
    assert (found["before"], found["after"]) == ("longest", "mine")
    ((line,),) = (each["lines"] for each in found["comparisons"])
    cells = run.runs(store.scan([made / "after"]))
    ours, theirs = ([each for each in cells if each.name == name] for name in ("mine", "longest"))
    expected = entry.difference(ours, theirs)
    assert expected is not None
    assert line["strategy"] == "mine"
    assert line["paired"]["difference"]["mean"] == expected.mean
    assert line["paired"]["seeds"] == [0, 1]
    assert line["paired"]["preliminary"] is True


def test_a_change_of_one_strategy(bench: Bench, made: Path) -> None:
    found = values(bench("compare", "before", "after", "--format", "json"))
    ((longest, mine, random),) = (each["lines"] for each in found["comparisons"])
    assert (longest["verdict"], random["verdict"]) == ("identical", "identical")
    assert mine["verdict"] in ("better", "worse", "no difference shown")
    back = values(bench("compare", "after", "before", "--format", "json"))
    gaps = [
        each["comparisons"][0]["lines"][1]["paired"]["difference"]["mean"] for each in (found, back)
    ]
    assert gaps[0] == -gaps[1] != 0


def test_two_files(bench: Bench, made: Path) -> None:
    files = [
        next((made / name).rglob("mine-seed0.parquet")).relative_to(made)
        for name in ("before", "after")
    ]
    found = values(bench("compare", *files, "--format", "json"))
    ((line,),) = (each["lines"] for each in found["comparisons"])
    assert (line["verdict"], line["paired"]["p"]) == ("no difference shown", None)


def test_a_pipe_gets_plain_tables(bench: Bench, made: Path) -> None:
    done = bench("compare", "before", "after")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "\x1b" not in done.stdout
    assert max(map(len, lines)) <= 100
    assert lines[:2] == ["A  before", "B  after"]
    said = lines[lines.index("Verdicts on B against A") + 1]
    assert said.startswith("flights · smoke · bilstm-tagger[embedding=16,epochs=3,hidden=16] · cpu")
    assert "2 identical" in done.stdout


def test_markdown(bench: Bench, made: Path) -> None:
    done = bench("compare", "longest", "random", "--in", "before", "--format", "markdown")
    assert done.stdout.startswith("# Comparison\n\nA: longest  \nB: random\n")
    assert "| random | 2† | 0." in done.stdout


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"device": "cuda"}, "device cpu and cuda"),
        ({"data_digest": "0" * 64}, " and 00000000"),
        ({"rules_version": "0.9"}, "rules 1."),
    ],
)
def test_not_comparable_is_a_verdict(
    bench: Bench, made: Path, tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    folder = copied(made, tmp_path / "other", **changes)
    found = values(bench("compare", "after", folder, "--format", "json"))
    ((*lines,),) = (each["lines"] for each in found["comparisons"])
    assert {line["verdict"] for line in lines} == {"not comparable"}
    assert all(reason in line["reason"] for line in lines)


def test_requests_that_make_no_sense(bench: Bench, made: Path, tmp_path: Path) -> None:
    said = refused(bench("compare", "longst", "random", "--in", "after"))
    assert "There is no strategy 'longst' in after" in said
    assert said.endswith("Did you mean longest?")
    assert "longest, mine, random" in refused(bench("compare", "random", "zz", "--in", "after"))
    assert "both random" in refused(bench("compare", "random", "random[]", "--in", "after"))
    assert "both before" in refused(bench("compare", "before", made / "before"))
    assert "before is a folder or file" in refused(bench("compare", "before", "random"))
    assert "before is a folder or file" in refused(bench("compare", "random", "before"))
    assert "There is no folder runs" in refused(bench("compare", "random", "longest"))
    (tmp_path / "empty").mkdir()
    assert "There are no results" in refused(bench("compare", "before", tmp_path / "empty"))


def test_with_in_a_folder_of_that_name_is_no_matter(
    bench: Bench, made: Path, tmp_path: Path
) -> None:
    (made / "random").mkdir()
    try:
        done = bench("compare", "random", "longest", "--in", "before")
    finally:
        (made / "random").rmdir()
    assert done.returncode == 0, done.stderr


def test_a_damaged_file_is_refused(bench: Bench, made: Path, tmp_path: Path) -> None:
    folder = copied(made, tmp_path / "damaged")
    path = next(folder.rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-9])
    assert f"Cannot read {path}" in refused(bench("compare", "before", folder), 3)


def test_help_has_examples(bench: Bench) -> None:
    done = bench("compare", "--help")
    assert "bench compare random lc" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
