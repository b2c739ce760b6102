"""Where the rows of a board come from: every cell, in columns of few different texts."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.board.leaderboard import Board, Source
from bench.board.report.board import places
from bench.board.report.table import Head, interned

_NOTE = (
    "Every cell of the board, with the Parquet file that holds its rounds. Two honest runs of a "
    "cell differ in nothing but times and environment."
)

_FIELDS = (
    ("status", "", "status"),
    ("version", "", "bench_version"),
    ("code", "digest", "code_digest"),
    ("executor", "", "executor"),
    ("isolation", "", "isolation"),
)


def cells(board: Board, base: Path, environments: Sequence[str]) -> dict[str, Any]:
    """The table for the script: links are relative to the folder `base`, in which the page is."""
    found = board.cells
    files = [each.origin.file for each in found]
    return {
        "key": "provenance",
        "title": "Where it comes from",
        "note": _NOTE,
        "of": [list(each) for each in places(board, [each.strategy for each in found])],
        "columns": [
            interned(Head("strategy"), [each.strategy for each in found]),
            _numbers("seed", [each.seed for each in found]),
            _numbers("rounds", [each.rounds for each in found]),
            *([_files(files, base)] if all(files) else []),
            {"name": "created", "texts": [_time(each.origin.created) for each in found]},
            *(_interned(name, kind, field, found) for name, kind, field in _FIELDS),
            _environments(found, environments),
        ],
    }


def _interned(name: str, kind: str, field: str, found: Sequence[Source]) -> dict[str, Any]:
    return interned(Head(name, kind), [getattr(each.origin, field) for each in found])


def _time(created: str) -> str:
    """2026-01-31 12:34:56."""
    return created[:19].replace("T", " ")


def _numbers(name: str, values: list[int]) -> dict[str, Any]:
    return {"name": name, "texts": values, "number": True}


def _files(files: Sequence[str], base: Path) -> dict[str, Any]:
    """File names, and the folders that they are in, as they stand in a link."""
    found = [os.path.split(file) for file in files]
    links = {folder: _link(folder, base) for folder, _ in found}
    return {
        "name": "rows",
        "kind": "file",
        "texts": [name for _, name in found],
        "folders": interned(Head("folder"), [links[folder] for folder, _ in found]),
    }


def _link(folder: str, base: Path) -> str:
    if "://" in folder:
        return quote(f"{folder}/", safe="/:")
    return quote(f"{Path(os.path.relpath(folder or '.', base)).as_posix()}/")


def _environments(found: Sequence[Source], environments: Sequence[str]) -> dict[str, Any]:
    """By number: the page has each environment once."""
    place = {text: number for number, text in enumerate(environments, start=1)}
    numbers = [place[each.origin.environment] for each in found]
    return {"name": "environment", "kind": "environment", "texts": numbers, "number": True}
