"""Boards drawn for a terminal, for GitHub, for a program; all from one aggregation."""

import dataclasses
from collections.abc import Iterator, Sequence
from json import dumps
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bench.board import sheet as tables
from bench.board.leaderboard import Board
from bench.board.overall import overall
from bench.board.sheet import Sheet, Style, legend, notes, origin, sheets, title

_TERMINAL = Style(columns=4, deviation=False)
_PAGE = Style(columns=12, deviation=True)


def table(boards: Sequence[Board]) -> Group:
    """Rich tables within 100 columns; give the console that width where it has none of its own."""
    parts = (part for board in boards for part in _rich_board(board))
    standings = [draw(tables.overall(each)) for each in overall(boards)]
    about = [Text(tables.OVERALL, "dim")] if standings else []
    return Group(*parts, *standings, *about, Text(legend(_TERMINAL), "dim"))


def markdown(boards: Sequence[Board]) -> str:
    """A page for GitHub: the same bytes from the same rows, whatever their order."""
    standings = [part for each in overall(boards) for part in _sheet(tables.overall(each))]
    about = [*standings, tables.OVERALL] if standings else []
    parts = (part for board in boards for part in _board(board))
    return "\n\n".join(["# Leaderboard", *about, legend(_PAGE), *parts]) + "\n"


def json(boards: Sequence[Board]) -> str:
    """Every number at full precision; what is unknown is null, and all rounds are there."""
    plain = {
        "overall": [dataclasses.asdict(each) for each in overall(boards)],
        "boards": [_plain(dataclasses.asdict(board)) for board in boards],
    }
    return dumps(plain, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _rich_board(board: Board) -> Iterator[RenderableType]:
    yield Text(title(board), "bold")
    yield Text(origin(board), "dim")
    for sheet in sheets(board, _TERMINAL):
        yield draw(sheet)
    for note in notes(board):
        yield Padding(Text(note, "yellow"), (0, 0, 1, 0))


def draw(sheet: Sheet) -> Table:
    """A sheet as a table for a terminal."""
    drawn = Table(
        title=sheet.title,
        title_justify="left",
        title_style="",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for number, head in enumerate(sheet.header):
        drawn.add_column(Text(head), justify="right" if number else "left", no_wrap=not number)
    for line in sheet.lines:
        drawn.add_row(*map(Text, line))
    return drawn


def _board(board: Board) -> Iterator[str]:
    yield f"## {escape(title(board))}"
    yield escape(origin(board))
    for sheet in sheets(board, _PAGE):
        yield from _sheet(sheet)
    for note in notes(board):
        yield escape(note)


def _sheet(sheet: Sheet) -> tuple[str, str]:
    return f"**{escape(sheet.title)}**", write(sheet)


def write(sheet: Sheet) -> str:
    """A sheet as a table for GitHub."""
    rule = ("---", *("---:" for _ in sheet.header[1:]))
    lines = (tuple(map(escape, line)) for line in (sheet.header, *sheet.lines))
    header, *body = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join((header, f"| {' | '.join(rule)} |", *body))


def escape(text: str) -> str:
    """A text that GitHub shows as it is."""
    for mark in "\\|*<`":
        text = text.replace(mark, f"\\{mark}")
    return text


def _plain(board: dict[str, object]) -> dict[str, object]:
    """With the place's and the origins' fields beside the others."""
    place: Any = board.pop("place")
    cells: Any = board.pop("cells")
    origins = [cell.pop("origin")._asdict() for cell in cells]
    flat = [{**cell, **origin} for cell, origin in zip(cells, origins, strict=True)]
    return {**place._asdict(), **board, "cells": flat}
