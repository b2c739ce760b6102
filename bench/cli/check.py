"""`bench check`: whether a change made a strategy worse or slower, or changed what it does."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from bench.cli.common import PLACE, examples
from bench.error import BenchError, DataError

if TYPE_CHECKING:
    from bench.board.gate import Line
    from bench.rows.remote import Place


class UnmeasuredError(BenchError):
    """Nothing was compared: never green."""

    exit_code = 4


_NAMED = 5  # so many lines are told by name
_CODES = """
\b
Exit codes:
  0  nothing regressed
  1  regressed: worse, changed, slower, failed or missing
  2  the request is wrong: an unknown option, a folder that is not there
  3  not comparable: other rules, data or settings; or rows that cannot be read
  4  nothing was measured: no rows on one side, or none that could be compared
"""


@click.command(
    epilog=examples(
        "bench check --baseline tests/golden/gate runs",
        "bench check --baseline runs-before runs-after",
        "bench check --baseline runs-before runs-after --format github",
    )
    + "\n"
    + _CODES
)
@click.argument("candidate", type=PLACE)
@click.option(
    "--baseline",
    type=PLACE,
    required=True,
    metavar="FOLDER",
    help="Results to compare with: a folder or a file.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "github"]),
    default="table",
    show_default=True,
    help="For people, or as annotations of a GitHub workflow.",
)
def check(candidate: "Place", baseline: "Place", form: str) -> None:
    """Compare the results in CANDIDATE with a baseline, and fail when a strategy regressed.

    Both are made by `bench run --protocol gate`, or by any other protocol. What was made on one
    kind of CPU by the same versions must be the same to the bit; elsewhere areas under the curve
    are compared by a paired test over the seeds. Time is compared in passes, where both ran
    alone on one kind of CPU.
    """
    from bench.board import gate
    from bench.rows import store

    tables = {path: store.scan([path]) for path in (baseline, candidate)}
    for path, found in tables.items():
        if found.num_rows == 0:
            raise UnmeasuredError(f"There are no results in {path}: nothing was measured.")
    lines = gate.check(tables[baseline], tables[candidate])
    _show(lines, form)
    for error in _errors(lines):
        raise error


def _show(lines: "Sequence[Line]", form: str) -> None:
    from bench.board import gate_render

    if form == "github":
        from bench.loop import strategy

        click.echo(gate_render.github(lines, strategy.names()), nl=False)
        return
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 100).print(gate_render.table(lines))


def _errors(lines: "Sequence[Line]") -> Iterator[BenchError]:
    """Why the gate is not green, the gravest first."""
    from bench.board.gate import Verdict

    regressed = [line for line in lines if line.regressed]
    if regressed:
        yield BenchError(f"{len(regressed)} of {len(lines)} regressed: {_named(regressed)}.")
    apart = [line for line in lines if line.verdict == Verdict.APART]
    if apart:
        yield DataError(f"{len(apart)} of {len(lines)} cannot be compared: {_named(apart)}.")
    if not any(line.judged for line in lines):
        yield UnmeasuredError("Nothing was measured: no strategy has a round on both sides.")


def _named(lines: "Sequence[Line]") -> str:
    names = [f"{line.place.task} {line.strategy} ({line.verdict})" for line in lines]
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return ", ".join([*names[:_NAMED], *more])
