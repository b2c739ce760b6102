"""What a strategy file may import, and which built-in names it may not mention."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.error import UsageError

LIBRARIES = (
    *("__future__", "bisect", "collections", "dataclasses", "functools", "heapq", "itertools"),
    *("math", "operator", "statistics", "typing"),
    *("numpy", "pyarrow", "scipy", "sklearn", "torch"),
)
"""With all that is below them, but for `DATA`."""
DATA = ("pyarrow.dataset", "pyarrow.fs", "scipy.datasets", "sklearn.datasets")
MODULES = tuple(
    f"bench.loop.{name}"
    for name in (
        *("ball", "budget", "cluster", "contrast", "cover", "embedding", "geometry"),
        *("membership", "neighbour", "ranking", "typicality", "view"),
    )
)
"""The modules of this project that a strategy may import."""
NAMES = frozenset({"__builtins__", "__import__", "breakpoint", "compile", "eval", "exec", "open"})
"""What runs text or opens files."""


def check(path: Path, tree: ast.Module) -> None:
    """UsageError at the first line of a file that imports or mentions what it may not."""
    nodes: list[Any] = [node for node in ast.walk(tree) if hasattr(node, "lineno")]
    for node in sorted(nodes, key=lambda node: node.lineno):
        where = f"{path}, line {node.lineno}"
        for name in _imported(node):
            if not _allowed(name):
                ours = ", ".join(module.removeprefix("bench.loop.") for module in MODULES)
                raise UsageError(
                    f"{where} imports '{name}', which a strategy may not: it may import "
                    f"{', '.join(LIBRARIES)} and, of bench.loop, {ours}."
                )
        if isinstance(node, ast.Name) and node.id in NAMES:
            raise UsageError(
                f"{where} uses `{node.id}`, which a strategy may not: all it may see is its view."
            )


def _imported(node: ast.AST) -> Iterator[str]:
    """The full names that a statement imports; of `from a import b`, `a.b`."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        start = "." * node.level + (node.module or "")
        yield from (f"{start}.{alias.name}" for alias in node.names)


def _allowed(name: str) -> bool:
    if _within(name, DATA):
        return False
    return name.partition(".")[0] in LIBRARIES or _within(name, MODULES)


def _within(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)
