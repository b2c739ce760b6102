"""`bench compare`: whether B is better than A, worse, or not shown to differ."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import PLACE, examples, form, rows, show
from bench.error import UsageError
from bench.spec import Spec, nearest

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.board.compare import Comparison
    from bench.rows.remote import Place


@click.command(
    epilog=examples(
        "bench compare random lc",
        "bench compare nse 'nse[normalize=true]' --in results --in runs",
        "bench compare runs-before runs-after",
        "bench compare runs-before/flights-alise runs-after/flights-alise --format json",
    )
)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option(
    "--in",
    "sources",
    multiple=True,
    type=PLACE,
    metavar="FOLDER",
    help="Results that hold both strategies; may be given again.  [default: runs]",
)
@form
def compare(before: str, after: str, sources: "tuple[Place, ...]", form: str) -> None:
    """Compare B against A: two strategies, or results before and after a change.

    A and B are two folders or files of results if both exist, and else two strategies as `bench
    leaderboard` names them; with --in they are strategies. Task by task their learning curves are
    compared over the seeds that both have: better, worse, no difference shown, identical, or not
    comparable and why. The exit code is 0 whatever the verdict.
    """
    from bench.board import compare_render
    from bench.rows.remote import named

    if not sources and _folders(before, after):
        found = _compare_folders(named(before), named(after))
    else:
        found = _compare_strategies(before, after, sources or (Path("runs"),))
    show(form, compare_render, found, before, after)


def _folders(before: str, after: str) -> bool:
    """Whether both are paths; UsageError when only one is."""
    from bench.rows.remote import named

    exist = [named(each).exists() for each in (before, after)]
    if exist[0] != exist[1]:
        path, other = (before, after) if exist[0] else (after, before)
        raise UsageError(
            f"{path} is a folder or file, and there is none of the name {other}; name two of them, "
            "or two strategies and --in FOLDER."
        )
    return exist[0]


def _compare_folders(before: "Place", after: "Place") -> "list[Comparison]":
    from bench.board import compare

    if before.resolve() == after.resolve():
        raise UsageError(f"A and B are both {before}; name two folders or files.")
    return compare.folders(rows([before], any_rules=True), rows([after], any_rules=True))


def _compare_strategies(before: str, after: str, sources: "Sequence[Place]") -> "list[Comparison]":
    from bench.board import compare

    one, two = (str(Spec.parse(each)) for each in (before, after))
    if one == two:
        raise UsageError(f"A and B are both {one}; name two strategies.")
    table = rows(sources, any_rules=True)
    known = _known(table)
    for name in (one, two):
        if name not in known:
            raise UsageError(
                f"There is no strategy '{name}' in {_names(sources)}, and no folder or file of "
                f"that name.{nearest(name, known)}"
            )
    return compare.strategies(table, one, two)


def _known(table: "pa.Table") -> set[str]:
    """The strategies of a table; `full` is none."""
    from bench.rows.schema import FULL

    found = table.group_by(["strategy", "params"]).aggregate([]).to_pylist()
    named = [row for row in found if row["strategy"] != FULL]
    return {str(Spec.of(row["strategy"], json.loads(row["params"]))) for row in named}


def _names(sources: "Sequence[Place]") -> str:
    return ", ".join(map(str, sources))
