"""What an installed wheel holds, and the lines that set everything up."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import bench

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def build(folder: Path, *, editable: bool) -> Path:
    """Build a wheel without isolation, so without a network."""
    hook = "build_editable" if editable else "build_wheel"
    script = f"import sys, hatchling.build as b; print(b.{hook}(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return folder / done.stdout.split()[-1]


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"), editable=False)


def test_wheel_holds_the_package_strategies_and_datasets(wheel: Path) -> None:
    for folder, inside in [("strategies", "_strategies"), ("datasets", "_datasets")]:
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        expected = {
            f"bench/{inside}/{path.relative_to(ROOT / folder).as_posix()}"
            for path in files
            if "__pycache__" not in path.parts
        }
        found = {name for name in names(wheel) if name.startswith(f"bench/{inside}/")}
        assert found == expected != set()


def test_wheel_holds_nothing_else_at_top_level(wheel: Path) -> None:
    info = f"labelworth-{bench.__version__}.dist-info"
    assert {name.split("/")[0] for name in names(wheel)} == {"bench", info}


def test_editable_install_holds_no_copies(tmp_path: Path) -> None:
    assert not [name for name in names(build(tmp_path, editable=True)) if "bench/" in name]


def test_installed_wheel_finds_tasks_and_strategies(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--target", site, wheel]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True)

    def call(*args: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "bench", *args],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(site)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert bench.__version__ in call("--version")
    assert {"atis", "flights"} <= set(call("list", "tasks").split())
    assert {"random", "alise"} <= set(call("list", "strategies").split())


def test_datasets_folder_holds_no_python() -> None:
    """With an __init__.py or a module in it, it could shadow Hugging Face's `datasets`."""
    assert not list((ROOT / "datasets").rglob("*.py"))


def test_constraints_are_exact_and_cover_every_dependency() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9.]+", pin) for pin in pins)
    pinned = {pin.partition("==")[0].lower().replace("_", "-") for pin in pins}
    needed = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"]
    assert {re.split(r"[\[<>=]", name)[0] for name in needed} <= pinned


@pytest.mark.parametrize("end", [".venv/bin/bench run", ".venv/bin/tox"])
def test_readme_sets_up_in_one_line(end: str) -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert [ln for ln in lines if ln.startswith("python3 -m venv .venv && ") and ln.endswith(end)]


def test_changelog_and_citation_name_this_version() -> None:
    assert f"## {bench.__version__}" in (ROOT / "CHANGELOG.md").read_text()
    assert f"\nversion: {bench.__version__}\n" in (ROOT / "CITATION.cff").read_text()
