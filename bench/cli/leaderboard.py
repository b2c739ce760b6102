"""`bench leaderboard`: the boards of earlier results."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import examples, form
from bench.error import UsageError

if TYPE_CHECKING:
    from bench.board.leaderboard import Board


@click.command(
    epilog=examples(
        "bench leaderboard",
        "bench leaderboard results --format markdown",
        "bench leaderboard runs other-runs --format json",
    )
)
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="[FOLDER]…")
@form
def leaderboard(folders: tuple[Path, ...], form: str) -> None:
    """Show the boards of earlier results. Reads `runs` when no folder is named."""
    show(folders or (Path("runs"),), form)


def show(sources: Sequence[Path], form: str) -> None:
    """Print the boards of some folders or files; errors as those of `build`."""
    from bench.board import render

    boards = build(sources)
    if form == "table":
        from rich.console import Console

        console = Console(width=None if sys.stdout.isatty() else 100)
        console.print(render.table(boards))
    else:
        click.echo({"markdown": render.markdown, "json": render.json}[form](boards), nl=False)


def build(sources: Sequence[Path]) -> "list[Board]":
    """The boards of some folders or files; UsageError when they hold no result."""
    from bench.board import leaderboard
    from bench.rows import store

    boards = leaderboard.build(store.scan(sources))
    if not boards:
        raise UsageError(f"There are no results in {', '.join(map(str, sources))} yet.")
    return boards
