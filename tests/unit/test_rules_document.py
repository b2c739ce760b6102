"""RULES.md against the code: its version, the tests it names, and which room imports which."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from bench.rows.schema import RULES_VERSION

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "RULES.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/.]+)(?:::([\w*]+))?`", RULES)

SHARED = {"__init__", "error", "spec"}
MAY_IMPORT = {
    "cli": {"board", "rows", "loop", "learners", "data", "progress"},
    "board": {"rows"},
    "rows": set[str](),
    "loop": {"rows", "learners", "data"},
    "learners": {"data"},
    "data": set[str](),
}


def test_the_heading_has_the_version_of_the_code() -> None:
    assert RULES.splitlines()[0] == f"# Rules, version {RULES_VERSION}"


def test_every_rule_names_its_tests() -> None:
    rules = re.split(r"^\*\*\d+\. ", RULES, flags=re.MULTILINE)[1:]
    assert len(rules) >= 7
    assert all(re.search(r"^— `tests/", rule, re.MULTILINE) for rule in rules)
    assert len(NAMED) == RULES.count("`tests/"), "each is a file, or file::prefix*"


@pytest.mark.parametrize(("file", "pattern"), NAMED)
def test_every_named_test_exists(file: str, pattern: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert any(fnmatchcase(name, pattern or "test_*") for name in tests)


def room(module: str) -> str:
    """The part of bench that a dotted name is in."""
    part = module.removeprefix("bench").removeprefix(".").split(".")[0]
    return "__init__" if part == "" or part.startswith("__") else part


def imported(path: Path) -> Iterator[str]:
    """The parts of bench that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            inside = node.module == "bench"
            names = [f"bench.{each.name}" if inside else str(node.module) for each in node.names]
        else:
            continue
        yield from (room(name) for name in names if name.split(".")[0] == "bench")


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_imports_between_rooms_point_one_way(name: str) -> None:
    files = list((ROOT / "bench" / name).rglob("*.py"))
    assert files
    allowed = MAY_IMPORT[name] | {name} | SHARED
    found = {path.name: set(imported(path)) - allowed for path in files}
    assert {file: rooms for file, rooms in found.items() if rooms} == {}


def test_every_room_is_known() -> None:
    rooms = {path.parent.name for path in (ROOT / "bench").glob("*/__init__.py")}
    assert rooms == set(MAY_IMPORT)


def test_what_is_shared_imports_no_room() -> None:
    for name in SHARED:
        assert set(imported(ROOT / "bench" / f"{name}.py")) <= SHARED
