"""`bench leaderboard`: the boards of earlier results."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli import common
from bench.cli.common import PLACE, examples, form

if TYPE_CHECKING:
    from bench.rows.remote import Place


@click.command(
    epilog=examples(
        "bench leaderboard",
        "bench leaderboard results --format markdown",
        "bench leaderboard runs other-runs --format json",
        "bench leaderboard s3://bucket/runs",
    )
)
@click.argument("folders", nargs=-1, type=PLACE, metavar="[FOLDER]…")
@form
def leaderboard(folders: "tuple[Place, ...]", form: str) -> None:
    """Show the boards of earlier results. Reads `runs` when no folder is named."""
    show(folders or (Path("runs"),), form)


def show(sources: "Sequence[Place]", form: str) -> None:
    """Print the boards of some folders or files; errors as those of `rows`."""
    from bench.board import leaderboard, render
    from bench.board.run import COLUMNS

    with common.uncollected():
        common.show(form, render, leaderboard.build(common.rows(sources, columns=COLUMNS)))
