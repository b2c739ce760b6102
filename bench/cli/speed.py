"""`bench speed`: what a query costs, by strategy and by the size of the pool."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import FOLDER, data_root, examples, form, show
from bench.error import BenchError, UsageError
from bench.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.loop.query import Query


@click.command(
    epilog=examples(
        "bench speed",
        "bench speed --task atis --strategy alise,alise_nse,lc,nse --sizes 2400,66000",
        "bench speed --strategy 'lc,lc[decode=sequential]' --sizes 1000 --repeats 9",
        "bench speed --show --out results --format markdown",
    )
)
@click.option("--task", default="flights", show_default=True, help="One whose inputs are texts.")
@click.option("--protocol", help="It says how much is labelled and bought.  [default: the task's]")
@click.option("--learner", help="See `bench list learners`.  [default: that of the task's kind]")
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    metavar="NAME[,NAME…]",
    help="As of `bench run`.  [default: all, and lc, margin, nse one sentence at a time too]",
)
@click.option(
    "--sizes",
    default="2400,10000,66000,1000000",
    show_default=True,
    metavar="N[,N…]",
    help="Unlabelled sentences in the pool: the task's own again, a word changed in each.",
)
@click.option("--repeats", default=5, show_default=True, help="Queries; the median counts.")
@click.option(
    "--limit",
    type=click.FloatRange(min=0, min_open=True),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="Leave out what would take longer, a query, as its smaller pools say.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option(
    "--out",
    type=FOLDER,
    default=Path("runs"),
    show_default=True,
    help="Where results go: OUT/speed.",
)
@click.option("--show", "only", is_flag=True, help="Only show what OUT/speed holds.")
@form
@data_root
def speed(
    task: str,
    protocol: str | None,
    learner: str | None,
    strategies: tuple[str, ...],
    sizes: str,
    repeats: int,
    limit: float,
    device: str,
    out: Path,
    only: bool,
    form: str,
    data_root: Path | None,
) -> None:
    """Time queries under the clock, alone on this machine, and show the acquisition board.

    Run it again and it goes on. Let nothing else run meanwhile.
    """
    failed: list[tuple[str, str]] = []
    if not only:
        from bench.cli.request import split
        from bench.loop.plan import Request
        from bench.loop.query import queries

        request = Request(
            task=task,
            protocol=protocol,
            learner=Spec.parse(learner) if learner else None,
            strategies=split(strategies) or None,
            seeds=1,
            rounds=None,
            jobs=1,
            device=device,
            out=out / "speed",
            data_root=data_root,
        )
        failed = _measure(queries(request, _sizes(sizes), repeats), limit, out / "speed")
    _show(form, out / "speed", failed)


def _measure(todo: "Sequence[Query]", limit: float, out: Path) -> list[tuple[str, str]]:
    """Time what is not there yet; the queries that failed, and why."""
    import torch
    from rich.console import Console

    from bench.loop.speed import execute
    from bench.progress import watch
    from bench.rows import speed, store

    torch.set_num_threads(1)
    with store.lock(out):
        rows = speed.read(out)
        open_ = [query for query in todo if query.done(rows) is None]
        if len(open_) < len(todo):
            old = sum(query.outdated(rows) for query in todo)
            told = f" ({old} by other code or elsewhere; to redo them, choose another --out)"
            share = f"{len(todo) - len(open_)} of {len(todo)}"
            click.echo(f"resumed: {share} queries already timed{told if old else ''}", err=True)
        with watch(len(open_), Console(stderr=True)) as notify:
            return execute(open_, rows, limit, notify)


def _show(form: str, folder: Path, failed: list[tuple[str, str]]) -> None:
    """The boards of all that is there; BenchError for what failed, UsageError for nothing."""
    from bench.board import acquisition, acquisition_render
    from bench.rows import speed

    found = speed.read(folder)
    if found:
        show(form, acquisition_render, acquisition.build(found))
    if failed:
        reasons = "".join(f"\n  {query}: {reason}" for query, reason in failed)
        raise BenchError(f"{len(failed)} failed; what else was timed is kept.{reasons}")
    if not found:
        raise UsageError(f"There is nothing measured in {folder} yet.")


def _sizes(text: str) -> list[int]:
    """The sizes named; UsageError for what is no list of numbers."""
    try:
        return [int(part) for part in text.replace("_", "").split(",")]
    except ValueError:
        raise UsageError(f"--sizes '{text}' is not of the form N[,N…].") from None
