"""Rule 7 on real processes: killed at any moment, a run goes on to the same rows."""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

WORK = ["--strategy", "random,alise_nse", "--seeds", "2"]


@pytest.fixture(scope="module")
def undisturbed(house: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed")
    assert house.run(out, *WORK)[0] == 0
    return out


def span(out: Path) -> float:
    """Seconds between a run's first fit and its last."""
    moments = [path.stat().st_mtime for path in out.glob(".fits/*/*.npz")]
    return max(moments) - min(moments)


@pytest.mark.parametrize(("jobs", "deaths"), [(1, 6), (2, 3)])
def test_a_run_killed_at_random_moments_ends_with_the_same_rows(
    house: Any, content: Any, gone: Any, undisturbed: Path, tmp_path: Path, jobs: int, deaths: int
) -> None:
    moment, kills, attempt = random.Random(jobs), 0, 0
    expected = content(undisturbed)
    while kills < deaths:
        out, attempt = tmp_path / str(attempt), attempt + 1
        while kills < deaths:
            process = house.start(out, *WORK, "--jobs", jobs)
            if house.at_work(process, out):
                time.sleep(moment.uniform(0, span(undisturbed) / 6))
            if process.poll() is not None:
                break
            # In turn the parent alone, whose workers must follow it, and the whole group.
            (os.kill if kills % 2 else os.killpg)(process.pid, signal.SIGKILL)
            process.communicate()
            assert process.returncode == -signal.SIGKILL
            assert gone(process.pid), "workers outlived their parent"
            kills += 1
            assert content(out).num_rows <= expected.num_rows if out.exists() else True
        process.communicate()
        assert house.run(out, *WORK, "--jobs", jobs)[0] == 0
        assert content(out).equals(expected)
        assert not list(out.rglob("*.tmp"))


def test_ctrl_c_ends_every_process(house: Any, gone: Any, tmp_path: Path) -> None:
    process = house.start(tmp_path, *WORK, "--jobs", 2)
    assert house.at_work(process, tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, error = process.communicate(timeout=10)
    assert process.returncode == 130
    assert gone(process.pid)
    assert "Traceback" not in error
    assert error.splitlines()[-1] == "interrupted; run the same command again to resume"


def test_a_worker_that_dies_is_told(house: Any, family: Any, gone: Any, tmp_path: Path) -> None:
    process = house.start(tmp_path, *WORK, "--jobs", 2)
    assert house.at_work(process, tmp_path)
    workers = [
        pid
        for pid in family(process.pid)
        if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    assert len(workers) == 2
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "A worker process died (out of memory?)" in error
    assert gone(process.pid)


def test_two_runs_on_one_folder(
    house: Any, content: Any, undisturbed: Path, tmp_path: Path
) -> None:
    first = house.start(tmp_path, *WORK)
    assert house.at_work(first, tmp_path)
    os.kill(first.pid, signal.SIGSTOP)  # it stays at work for as long as the second takes
    code, error = house.run(tmp_path, *WORK)
    os.kill(first.pid, signal.SIGCONT)
    assert code == 2
    assert f"Another bench run is writing to {tmp_path}" in error
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert content(tmp_path).equals(content(undisturbed))
