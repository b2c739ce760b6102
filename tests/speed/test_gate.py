"""The gate on this very code: green as it is, red for what is planted; CI's log shows both.

The baseline, tests/golden/gate, is one run of protocol `gate`. What is planted runs in a copy of
the house and is compared with the rows just made, so that nothing else differs. After a change
that is meant, and under the rules' new version, the baseline is renewed on a quiet machine:

    for task in digits flights shapes; do bench run --task $task --protocol gate --out gate; done
    PYTHONPATH=. python tests/speed/test_gate.py gate
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.rows import schema, store
from bench.rows.schema import Row
from bench.spec import canonical

ROOT = Path(__file__).parents[2]
BASELINE = ROOT / "tests" / "golden" / "gate"
TASKS = ("digits", "flights", "shapes")
WRAPPED = """
import functools
import time

_honest = select


@functools.wraps(_honest)
def select(view, budget, rng, **params):
    start = time.perf_counter()
    chosen = _honest(view, budget, rng, **params)
    took = time.perf_counter() - start
    {deed}
    return chosen
"""
PLANTS = {
    "lc": lambda text: text.replace("-view.signal", "view.signal"),
    "margin": lambda text: text + WRAPPED.format(deed="chosen[[0, -1]] = chosen[[-1, 0]]"),
    "nse": lambda text: (
        text + WRAPPED.format(deed="while time.perf_counter() < start + 1.5 * took: pass")
    ),
}
"""A sign flipped, a wrong selection, and scoring × 1.5: how a strategy's file is spoilt."""
Bench = Callable[..., "subprocess.CompletedProcess[str]"]


def command(house: Path) -> Bench:
    """`bench`, run in a house."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(house)}

    def run(*args: object) -> "subprocess.CompletedProcess[str]":
        line = [sys.executable, "-m", "bench", *map(str, args)]
        return subprocess.run(
            line, cwd=house, env=env, capture_output=True, text=True, check=False, timeout=600
        )

    return run


def gate(house: Path, out: Path, *args: object) -> Path:
    """The folder `out`, with rows of the protocol for all its tasks."""
    for task in TASKS:
        done = command(house)("run", "--task", task, "--protocol", "gate", "--out", out, *args)
        assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate")


@pytest.fixture(scope="module")
def honest(home: Path) -> Path:
    """Rows of this code as it is."""
    return gate(ROOT, home / "honest")


@pytest.fixture(scope="module")
def spoilt(home: Path, honest: Path) -> Path:
    """The same but for three strategies, run in a house where each is spoilt in its way."""
    house = home / "house"
    away = shutil.ignore_patterns("__pycache__", "_datasets", "_strategies")
    for room in ("bench", "datasets", "strategies"):
        shutil.copytree(ROOT / room, house / room, ignore=away)
    for name, spoil in PLANTS.items():
        file = house / "strategies" / f"{name}.py"
        text = file.read_text()
        assert spoil(text) != text
        file.write_text(spoil(text))
    made = gate(house, home / "made", "--strategy", ",".join(PLANTS))
    shutil.copytree(honest, home / "spoilt", ignore=shutil.ignore_patterns(".fits"))
    for path in made.rglob("*.parquet"):
        shutil.copy(path, home / "spoilt" / path.relative_to(made))
    return home / "spoilt"


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Exit code and output of `bench check`, which the log of the tests shows too."""

    def run(*args: object) -> tuple[int, str]:
        done = command(ROOT)("check", *args)
        said = done.stdout + done.stderr
        with capsys.disabled():
            print(f"\n$ bench check {' '.join(map(str, args))}\n{said}exit code {done.returncode}")
        return done.returncode, said

    return run


def rewritten(folder: Path, out: Path, change: Callable[[Row], Row]) -> Path:
    """A folder's rows, each changed."""
    for task in TASKS:
        rows = schema.from_table(store.scan([folder]).drop_columns("file"))
        store.write(out / f"{task}.parquet", [change(x) for x in rows if x.task == task])
    return out


def elsewhere(row: Row) -> Row:
    environment = {**json.loads(row.environment), "cpu": "another"}
    return replace(row, environment=canonical(environment))


def found(said: str, verdict: str) -> set[str]:
    """Who is listed under a verdict."""
    listed = said.partition(f"\n{verdict.capitalize()}:\n")[2].partition("\n\n")[0]
    lines = [
        line.strip().partition(": ")[0].replace(",", "").split() for line in listed.splitlines()
    ]
    return {f"{task} {name}" for task, *names in lines if task in TASKS for name in names}


def test_green_against_the_baseline(check: Callable[..., tuple[int, str]], honest: Path) -> None:
    code, said = check("--baseline", BASELINE, honest)
    assert code == 0, said


def test_the_baseline_holds_every_bundled_strategy(honest: Path) -> None:
    """So that a new one is in it before it can regress."""
    keys = ["task", "strategy", "seed", "round"]
    one, two = (store.scan([path]).select(keys).to_pylist() for path in (BASELINE, honest))
    assert sorted(map(str, one)) == sorted(map(str, two)), "renew the baseline: see this file"


def test_red_for_what_is_planted(
    check: Callable[..., tuple[int, str]], honest: Path, spoilt: Path
) -> None:
    code, said = check("--baseline", honest, spoilt)
    assert code == 1
    everywhere = {f"{task} {name}" for task in TASKS for name in ("lc", "margin")}
    assert "digits lc" in found(said, "worse")
    assert found(said, "changed") == everywhere
    assert found(said, "slower") & {f"{task} nse" for task in TASKS}


def test_a_sign_flipped_is_worse_on_another_kind_of_cpu_too(
    check: Callable[..., tuple[int, str]], honest: Path, spoilt: Path, home: Path
) -> None:
    other = rewritten(honest, home / "elsewhere", elsewhere)
    code, said = check("--baseline", other, spoilt, "--format", "github")
    assert code == 1
    assert "::error title=digits lc%3A worse,file=strategies/lc.py::area -0." in said
    assert "changed" not in said


def test_never_green_without_anything_measured(
    check: Callable[..., tuple[int, str]], honest: Path, home: Path
) -> None:
    (home / "empty").mkdir()
    assert check("--baseline", BASELINE, home / "empty")[0] == 4
    other = rewritten(honest, home / "other", lambda row: replace(row, data_digest="0" * 64))
    assert check("--baseline", BASELINE, other)[0] == 3


if __name__ == "__main__":
    rewritten(Path(sys.argv[1]), BASELINE, lambda row: row)
