"""`bench submit` and `bench new-strategy` as a stranger meets them: one clear message each."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.cli import cli
from bench.cli.new_strategy import TEMPLATE
from bench.cli.submit import _run
from bench.error import BenchError, UsageError
from bench.loop import contract, source, strategy
from bench.loop.plan import plan

Bench = Callable[..., "subprocess.CompletedProcess[str]"]
GOOD = '''"""The last first (nobody 2026)."""

needs = ("latent",)


def select(view, budget, rng, step: int = 1):
    return view.unlabeled.flip(0)
'''

TRAP = (
    'import numpy as np\nnp.zeros(1).tofile("trapped")  # a trace of who runs outside the sandbox\n'
)


def refused(done: "subprocess.CompletedProcess[str]", reason: str, code: int = 2) -> None:
    """One sentence that names the reason, no traceback, nothing written."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert reason in line


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (GOOD.encode() + b"# \xff\n", "mine.py is not UTF-8 (line 8); save it as UTF-8"),
        (GOOD.encode() + b"#" * 16384, "mine.py is larger than 16 KiB"),
        (GOOD.replace("select(", "select((").encode(), "mine.py is no Python: line 6: "),
        (GOOD.replace("needs", "wants").encode(), "mine.py lacks `needs`: it must have"),
        (GOOD.replace("select", "choose").encode(), "mine.py lacks `select`: it must have"),
        (GOOD.replace("latent", "latnt").encode(), "needs 'latnt', no signal of a supervised "),
        (GOOD.encode() + b"import os\n", "line 8 imports 'os', which a strategy may not"),
        (GOOD.encode() + b"eval('1')\n", "line 8 uses `eval`, which a strategy may not"),
    ],
)
def test_a_file_that_is_no_strategy(bench: Bench, home: Path, content: bytes, reason: str) -> None:
    (home / "mine.py").write_bytes(content)
    refused(bench("submit", "mine.py"), reason)
    assert not (home / "submissions").exists()
    assert not (home / "runs").exists()


def test_nothing_of_a_refused_file_is_run(bench: Bench, home: Path) -> None:
    trap = "import pathlib\npathlib.Path('trapped').touch()\n"
    (home / "mine.py").write_text(GOOD + trap)
    refused(bench("submit", "mine.py"), "imports 'pathlib'")
    assert not (home / "trapped").exists()


def test_a_file_that_is_not_there(bench: Bench, home: Path) -> None:
    refused(bench("submit", "nowhere.py"), "Cannot read nowhere.py: No such file")
    (home / "link.py").symlink_to(home / "mine.py")
    refused(bench("submit", "link.py"), "link.py is a link; name the file itself")


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ((), "Name the strategy file: bench submit FILE.py; or --verify FOLDER"),
        (("good.py", "--verify", "x"), "--verify takes a folder and --data-root alone"),
        (("--verify", "nowhere"), "There is no folder nowhere to verify"),
        (("good.py", "--task", "flight"), "There is no task 'flight'. Did you mean flights?"),
        (("good.py", "--protocol", "smok"), "has no protocol 'smok'. Did you mean smoke?"),
        (("good.py", "--jobs", 0), "--jobs is 0; it must be at least 1"),
        (("good.py[k=1]",), "Strategy 'good' has no parameter 'k'. It has: step."),
        (("good.py[step=x]",), "Parameter 'step' of 'good' is int, not 'x'"),
        (("lc.py",), "the name 'lc' is taken; rename the file"),
        (("my-own.py",), "'my-own.py' cannot be a strategy's file; rename it"),
        (("good.py", "--out", "."), ". is in use: "),
        (("good.py", "--board", "nowhere"), "There is no folder nowhere to read results from"),
        (("lengths.py", "--task", "digits"), "'digits', which lacks the signal lengths"),
    ],
)
def test_a_request_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("good.py", "lc.py", "my-own.py"):
        Path(name).write_text(GOOD)
    Path("lengths.py").write_text(GOOD.replace("latent", "lengths"))
    with pytest.raises(UsageError, match=re.escape(reason)) as caught:
        cli.main(["submit", *map(str, args)], standalone_mode=False)
    assert len(str(caught.value).splitlines()) == 1
    assert not Path("submissions").exists()


def test_a_folder_that_is_no_submission(bench: Bench, home: Path) -> None:
    refused(bench("submit", "--verify", "."), "is no submission: it has no submission.json", 3)


def test_all_broken_clauses_are_listed(bench: Bench, home: Path) -> None:
    broken = (
        GOOD.replace("(nobody 2026)", "").replace(".flip(0)", "[:1]").replace("latent", "lengths")
    )
    (home / "broken.py").write_text(broken + TRAP + "#\n" * 58)
    done = bench("submit", "broken.py", "--protocol", "smoke")
    assert done.returncode == 2
    *_, head, cites, short, ranks = done.stderr.splitlines()
    assert head == "Error: broken.py does not keep to the contract:"
    assert cites.startswith("  cites its source: The docstring cites no source")
    assert short == "  is a file of 60 lines or fewer: The file has 67 lines, over 60."
    assert "tagging: The strategy ranked only 1 items" in ranks
    assert "texts: The strategy ranked only 1 items" in ranks
    assert "not ok  ranks enough unlabelled items, each once" in done.stderr
    assert "gives equal answers" not in done.stderr
    assert not (home / "trapped").exists()


def test_a_new_strategy_is_one_that_only_lacks_its_source(bench: Bench, home: Path) -> None:
    done = bench("new-strategy", "fresh")
    assert done.returncode == 0, done.stderr
    assert "bench submit fresh.py --protocol smoke" in done.stdout
    assert (home / "fresh.py").read_text() == TEMPLATE
    found = source.read(home / "fresh.py")
    assert strategy.load(str(home / "fresh.py"), sandboxed=True).needs == found.needs
    contract.is_short(found.text)
    with pytest.raises(contract.BreachError, match="cites no source"):
        contract.cites(found.about)
    contract.cites(found.about.replace("YEAR", "2026"))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("my-own", "'my-own' cannot be a strategy's name: letters, digits and _"),
        ("../mine", "'../mine' cannot be a strategy's name"),
        ("1st", "'1st' cannot be a strategy's name"),
        ("", "'' cannot be a strategy's name"),
        ("lc", "There is a strategy 'lc' already; choose another name"),
        ("full", "There is a strategy 'full' already"),
        ("held", "There is a file held.py already; choose another name"),
    ],
)
def test_a_new_name_that_will_not_do(bench: Bench, home: Path, name: str, reason: str) -> None:
    (home / "held.py").write_text("mine")
    refused(bench("new-strategy", name), reason)
    assert (home / "held.py").read_text() == "mine"


def test_cells_that_fail_are_listed(tmp_path: Path, tiny: Any) -> None:
    path = tmp_path / "late.py"
    path.write_text(GOOD.replace("flip(0)", "flip(0)[: 1 if len(view.unlabeled) < 90 else None]"))
    todo = plan(tiny.request(strategies=(str(path),), seeds=2, sandboxed=True))
    told = (
        "2 of 2 cells failed, no submission was written; their rows are in .*\\n.*late.py seed 0: "
    )
    with pytest.raises(BenchError, match=f"{told}The strategy ranked only 1 items") as caught:
        _run(todo, todo.cells[0].request.out)
    assert caught.value.exit_code == 1


def test_help_names_no_way_around_the_sandbox() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "submit", "--help"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "sandbox" in done.stdout
    assert "--no" not in done.stdout
