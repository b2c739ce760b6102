"""A cell of a table: what it says, and the value that it sorts by."""

from collections.abc import Callable
from typing import NamedTuple

from bench.board import number
from bench.board.entry import Reach
from bench.board.stats import Difference, Estimate


class Cell(NamedTuple):
    """A text and its value; None is unknown, and comes last however a column is sorted."""

    text: str
    value: float | str | None


def score(value: Estimate | None) -> Cell:
    """A mean with its deviation."""
    return Cell(number.score(value), _mean(value))


def interval(value: Estimate | None) -> Cell:
    """A mean with its 95 % interval."""
    return Cell(number.interval(value), _mean(value))


def difference(value: Difference | None) -> Cell:
    """A mean difference with its 95 % interval."""
    return Cell(number.difference(value), _mean(value))


def told(value: Difference | None, name: str, write: Callable[[Difference | None], str]) -> Cell:
    """Something else that a difference says of its pairs, and how that is written."""
    return Cell(write(value), getattr(value, name, None))


def rank(value: tuple[int, int] | None) -> Cell:
    """An interval of places, by its beginning, then by its end."""
    return Cell(number.rank(value), value and value[0] + value[1] / 1e4)


def reach(value: Reach | None) -> Cell:
    """Words, with a value only where every seed gets there."""
    return Cell(number.reach(value), _mean(value.words if value else None))


def significant(value: float | None, unit: str = "") -> Cell:
    """Two significant digits."""
    return Cell(number.significant(value, unit), value)


def share(value: float | None) -> Cell:
    """A percentage."""
    return Cell(number.NONE if value is None else number.share(value), value)


def count(value: int) -> Cell:
    """A whole number."""
    return Cell(f"{value:,}", value)


def text(value: str) -> Cell:
    """A text that sorts as it is."""
    return Cell(value, value)


def _mean(value: Estimate | Difference | None) -> float | None:
    return None if value is None else value.mean
