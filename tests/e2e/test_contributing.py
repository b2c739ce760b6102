"""CONTRIBUTING.md followed to the letter: its commands, its example file, an empty folder."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from bench.loop import permit, source

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^( *)```(\w+)\n(.*?)^\1```$", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [dedent(body) for _, kind, body in FENCES if kind == "sh"]
(EXAMPLE,) = [dedent(body) for _, kind, body in FENCES if kind == "python"]


def test_it_begins_with_an_environment_that_reads_the_checkout() -> None:
    install, begin, *_ = COMMANDS
    assert install.splitlines() == [
        "python3 -m venv .venv",
        ".venv/bin/pip install -q -c constraints.txt -e .",
        ". .venv/bin/activate",
    ]
    assert begin == "bench new-strategy outlier\n"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder, and what each command but the installation said, the file edited in between."""
    home = tmp_path_factory.mktemp("clone")
    (home / "bin").mkdir()
    shim = home / "bin" / "bench"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bench "$@"\n')
    shim.chmod(0o755)
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    env |= {"PATH": f"{home / 'bin'}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(home / "cache")}
    answers = []
    for command in COMMANDS[1:]:
        done = subprocess.run(
            ["sh", "-ec", command], cwd=home, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        answers.append(done.stdout)
        if "new-strategy" in command:
            (home / "outlier.py").write_text(EXAMPLE, encoding="utf-8")
    return home, answers


def test_every_step_says_what_comes_next(told: tuple[Path, list[str]]) -> None:
    begun, submitted, verified = told[1]
    assert begun.startswith("outlier.py is written.")
    assert re.match(r"outlier on digits, smoke: rank .* against random: ", submitted)
    assert "bench submit --verify submissions/outlier-" in submitted
    assert verified.splitlines()[-1] == "confirmed"


def test_the_folder_holds_what_is_said(told: tuple[Path, list[str]]) -> None:
    home, _ = told
    (folder,) = (home / "submissions").iterdir()
    named = re.findall(r"^ *\| `(.+?)/?` \| ", TEXT, re.MULTILINE)
    assert {path.name for path in folder.iterdir()} == set(named[: named.index("latent")])
    assert (folder / "outlier.py").read_text() == EXAMPLE
    assert folder.name == f"outlier-{source.read(folder / 'outlier.py').digest[:8]}"
    report = (folder / "REPORT.md").read_text()
    assert report.endswith(f"```python\n{EXAMPLE}```\n")
    assert "- is blind to unrevealed labels" in report
    assert json.loads((folder / "submission.json").read_text())["seeds"] == [0, 1, 2, 3, 4]
    environment = json.loads((folder / "environment.json").read_text())
    assert {"cpu", "python", "torch"} <= environment.keys()


def test_what_may_be_imported_is_said() -> None:
    for name in ("torch", "numpy", "scipy", "pyarrow"):
        assert name in TEXT
        assert name in permit.LIBRARIES
    for name in re.findall(r"`(?:bench/loop/)?(\w+)\.py` \(", TEXT):
        assert f"bench.loop.{name}" in permit.MODULES
