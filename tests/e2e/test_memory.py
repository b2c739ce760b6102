"""What the largest corpus of sentences takes of a machine."""

import os
import subprocess
import sys
from pathlib import Path


def test_fmtod_runs_in_less_than_three_gibibytes(data_root: Path, tmp_path: Path) -> None:
    """At the paper's sizes: preparation, a fit, gradient embeddings of the pool, and scoring."""
    learner = "bilstm-tagger[epochs=1]"
    command = [
        *(sys.executable, "-m", "bench", "run", "--task", "fmtod", "--strategy", "wbadge"),
        *("--seeds", "1", "--rounds", "2", "--learner", learner, "--out", str(tmp_path / "out")),
    ]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, env={**os.environ, "BENCH_DATA": str(data_root)}, stdout=quiet, stderr=quiet
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert 0.3 < used.ru_maxrss / 2**20 < 3  # kibibytes
