"""`bench --help` answers in under 0.3 s, and `bench run` trains within seconds."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from timeit import repeat
from typing import Any

import pytest


def test_help_answers_at_once() -> None:
    def ask() -> None:
        subprocess.run([sys.executable, "-m", "bench", "--help"], check=True, capture_output=True)

    # The best of some: a shared machine only ever adds to it.
    assert min(repeat(ask, number=1, repeat=7)) < 0.3


FIRST_STEP = """
import os, sys
import bench.cli
import bench.learners.adam

def end(*_, **__):
    late = {"sklearn", "scipy", "seqeval", "sacrebleu", "transformers", "ray", "altair"}
    print(sum(os.times()[:2]), *late & {*sys.modules})
    sys.stdout.flush()
    os._exit(0)

bench.learners.adam.Adam.step = end
sys.argv = ["bench", "run", *sys.argv[1:]]
bench.cli.main()
"""
TORCH = "import os, torch; print(sum(os.times()[:2]))"


def _last_line(code: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1].split()


@pytest.fixture
def begin(
    tmp_path: Path, benchmark: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[float, list[str]]]:
    """How many times as long as `import torch` a fresh process takes to its first training step.

    In CPU time, with nothing prepared before; and what it imported that has time until later.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def ask(*arguments: str) -> tuple[float, list[str]]:
        bare = min(float(_last_line(TORCH)[0]) for _ in range(3))
        seconds, *early = _last_line(FIRST_STEP, *arguments, "--out", str(tmp_path / "out"))
        ratio = benchmark.pedantic(lambda: float(seconds) / bare)
        benchmark.extra_info.update(seconds=float(seconds), torch=bare, ratio=ratio)
        print(f"\n{seconds} s of CPU time to the first step, {bare:.2f} s of it for torch")
        return ratio, early

    return ask


def test_training_begins_in_a_few_times_what_torch_takes(begin: Callable[..., Any]) -> None:
    ratio, early = begin()
    assert not early
    assert ratio < 6


def test_training_on_atis_begins_as_soon(begin: Callable[..., Any], data_root: Path) -> None:
    ratio, early = begin("--task", "atis", "--data-root", str(data_root))
    assert not early
    assert ratio < 6
