"""A house of its own for real processes: this package and its strategies, with the small task."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bench.loop import strategy
from bench.rows import schema, store

TESTS = Path(__file__).parents[1]
LEARNER = "bilstm-tagger[batch_size=8,embedding=16,epochs=6,hidden=16]"


@dataclass
class House:
    """Starts `bench run` on the small task."""

    root: Path

    def start(self, out: Path, *args: object, limit: int | None = None) -> "subprocess.Popen[str]":
        """A process in a group of its own; `limit` is the size in bytes that a file may have."""
        command = [sys.executable, "-m", "bench", "run", "--task", "tiny", "--data-root", TESTS]
        usual = ["--learner", LEARNER, "--out", out]

        def shrink() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.Popen(
            [str(part) for part in (*command, *usual, *args)],
            cwd=self.root,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=shrink,
        )

    def run(self, out: Path, *args: object, limit: int | None = None) -> tuple[int, str]:
        """Exit code and standard error of a run that is left alone."""
        process = self.start(out, *args, limit=limit)
        error = process.communicate(timeout=120)[1]
        return process.returncode, error

    def at_work(self, process: "subprocess.Popen[str]", out: Path) -> bool:
        """Wait until the process begins a fit that was not begun before; False if it ended."""
        before = len(list(out.glob(".fits/*/*.lock")))
        while process.poll() is None:
            if len(list(out.glob(".fits/*/*.lock"))) > before:
                return True
            time.sleep(0.005)
        return False


@pytest.fixture(scope="session", autouse=True)
def hear_ctrl_c() -> None:
    """A shell's background job ignores SIGINT, and so would every process that a test starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    root = tmp_path_factory.mktemp("house")
    away = shutil.ignore_patterns("__pycache__", "_datasets", "_strategies")
    shutil.copytree(Path(store.__file__).parents[1], root / "bench", ignore=away)
    shutil.copytree(strategy.folder(), root / "strategies", ignore=away)
    (root / "datasets" / "tiny").mkdir(parents=True)
    shutil.copy(TESTS / "tiny" / "card.toml", root / "datasets" / "tiny")
    return House(root)


@pytest.fixture(scope="session")
def content() -> Callable[[Path], pa.Table]:
    """All results below a folder but what may differ between two honest runs, and `executor`."""

    def read(out: Path) -> pa.Table:
        away = [*schema.VOLATILE, "executor", "file"]
        return store.scan([out]).drop_columns(away)

    return read


@pytest.fixture(scope="session")
def family() -> Callable[..., list[int]]:
    """The living processes of a group."""

    def find(group: int) -> list[int]:
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, pgid = path.read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue  # it has just ended
            if int(pgid) == group and state != "Z":
                found.append(int(path.parent.name))
        return found

    return find


@pytest.fixture(scope="session")
def gone(family: Any) -> Callable[[int], bool]:
    """Whether every process of a group ends within seconds; whoever does not is killed."""

    def wait(group: int) -> bool:
        for _ in range(1000):
            if not family(group):
                return True
            time.sleep(0.01)
        os.killpg(group, signal.SIGKILL)
        return False

    return wait


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a module's commands run in."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def bench(home: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """The command, in that folder and with a cache of its own."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(TESTS.parent)}
    env["XDG_CACHE_HOME"] = str(home / "cache")

    def run(*args: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "bench", *map(str, args)],
            cwd=home,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    return run
