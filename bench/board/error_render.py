"""How far off predictions of cost were, for people and for programs."""

import dataclasses
import json as notation
from collections.abc import Sequence

from rich.console import Group
from rich.text import Text

from bench.board import number, render
from bench.board.cost_check import Error
from bench.board.sheet import Sheet

LEGEND = (
    "Predicted per measured seconds, where what is named was left out of what was learned from: "
    "sums over a seed of a board, over a strategy on a board, or over a board (task, protocol, "
    "learner with its settings). Sizes are those of the rows; what a pass takes is predicted too. "
    "Within: the share of sums that were measured within the range said to be likely. Not "
    "predicted: there was no row to learn from."
)


def table(errors: Sequence[Error]) -> Group:
    """Rich, within 100 columns."""
    return Group(render.draw(sheet(errors)), Text(LEGEND, "dim"))


def markdown(errors: Sequence[Error]) -> str:
    """For GitHub."""
    return f"{render.write(sheet(errors))}\n\n{LEGEND}\n"


def json(errors: Sequence[Error]) -> str:
    """Every number at full precision."""
    found = [dataclasses.asdict(error) for error in errors]
    return notation.dumps(found, indent=2, ensure_ascii=False) + "\n"


def sheet(errors: Sequence[Error]) -> Sheet:
    """A line for everything that was left out, and each part."""
    header = ("left out", "part", "sums", "median", "worst", "within", "not predicted")
    lines = tuple(_line(error) for error in errors)
    return Sheet("Predicted per measured", header, lines)


def _line(error: Error) -> tuple[str, ...]:
    median, worst = f"{error.median:.2f}×", number.significant(error.worst, "×")
    counts = (str(error.count), median, worst, number.share(error.within, 0), str(error.unknown))
    return (error.without, error.part, *counts)
