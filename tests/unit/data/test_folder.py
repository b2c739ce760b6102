"""The folder `datasets/` must not shadow Hugging Face's package of that name."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_datasets_holds_no_python() -> None:
    assert not list((ROOT / "datasets").rglob("*.py*"))


def test_hugging_face_is_imported_from_the_repository_root() -> None:
    code = "import datasets; datasets.Dataset"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
