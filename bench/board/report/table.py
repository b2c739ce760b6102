"""A table of the page, and its form for the script: by column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.board import number
from bench.board.report.cell import Cell


class Head(NamedTuple):
    """A column's name; how the script draws its cells, and whose column it is if a strategy's.

    `kind` is 'share' (with a bar), 'digest' (cut short), 'long' (its first line, then all of it),
    'board' (a link), 'number' (even where none is known), or '' for what is only a text.
    """

    name: str
    kind: str = ""
    strategy: int | None = None


@dataclass(frozen=True)
class Table:
    """Rows of cells. `of` holds, for each row, the places of the strategies that it is about."""

    key: str
    title: str
    note: str
    header: Sequence[Head]
    rows: Sequence[Sequence[Cell]]
    of: Sequence[Sequence[int]]

    def plain(self) -> dict[str, Any]:
        """What the script draws; a column in which nothing is known is left out."""
        columns = zip(self.header, zip(*self.rows, strict=True), strict=True) if self.rows else ()
        return {
            "key": self.key,
            "title": self.title,
            "note": self.note,
            "of": [list(each) for each in self.of],
            "columns": [column(head, cells) for head, cells in columns if _known(cells)],
        }


def column(head: Head, cells: Sequence[Cell]) -> dict[str, Any]:
    """A column for the script. Values that are the texts are not repeated."""
    texts, values = [cell.text for cell in cells], [short(cell.value) for cell in cells]
    numeric = head.kind == "number" or any(isinstance(value, int | float) for value in values)
    marks = {
        "values": None if values == texts else values,
        "number": numeric or None,
        "kind": head.kind or None,
        "strategy": head.strategy,
    }
    known = {name: mark for name, mark in marks.items() if mark is not None}
    return {"name": head.name, "texts": texts, **known}


def interned(head: Head, texts: Sequence[str]) -> dict[str, Any]:
    """A column of few different texts: these once, in order, and which of them each row has."""
    table = sorted(set(texts))
    place = {each: number for number, each in enumerate(table)}
    kind = {"kind": head.kind} if head.kind else {}
    return {"name": head.name, "table": table, "codes": [place[each] for each in texts], **kind}


def short(value: Any) -> Any:
    """A float to six significant digits, more than any text shows; all else as it is."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _known(cells: Iterable[Cell]) -> bool:
    return any(cell.text not in ("", number.NONE) for cell in cells)
