"""`bench report`: the boards of earlier results as one page."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import PLACE, examples, rows, uncollected

if TYPE_CHECKING:
    from bench.rows.remote import Place


@click.command(
    epilog=examples(
        "bench report",
        "bench report results --out results/index.html",
        "bench report runs other-runs",
    )
)
@click.argument("folders", nargs=-1, type=PLACE, metavar="[FOLDER]…")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="The page to write; it links to the Parquet files from where it lies.",
)
def report(folders: "tuple[Place, ...]", out: Path) -> None:
    """Write a page of earlier results: tables, charts, and where every row comes from.

    Reads `runs` when no folder is named. The page is one file, which asks for nothing else.
    """
    from bench.board import leaderboard
    from bench.board.page import write
    from bench.board.run import COLUMNS
    from bench.data.extra import need

    for module in ("altair", "vl_convert"):
        need(module, "report")
    from bench.board.report.page import page

    with uncollected():
        boards = leaderboard.build(rows(folders or (Path("runs"),), columns=COLUMNS))
    write(page(boards, out.parent), out)
    click.echo(str(out))
