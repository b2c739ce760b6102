"""`bench --help` answers in under 0.3 s."""

import subprocess
import sys
from timeit import repeat


def test_help_answers_at_once() -> None:
    def ask() -> None:
        subprocess.run([sys.executable, "-m", "bench", "--help"], check=True, capture_output=True)

    # The best of some: a shared machine only ever adds to it.
    assert min(repeat(ask, number=1, repeat=7)) < 0.3
