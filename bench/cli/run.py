"""`bench run`: strategies on a task."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import FOLDER, data_root, examples
from bench.cli.leaderboard import show
from bench.error import BenchError, UsageError
from bench.spec import Spec

if TYPE_CHECKING:
    from bench.loop.plan import Plan


@click.command(
    epilog=examples(
        "bench run",
        "bench run --protocol smoke",
        "bench run --task atis --strategy random,lc,alise --seeds 3 --rounds 5",
        "bench run --strategy 'nse[normalize=true],margin' --learner bilstm-tagger",
        "bench run --strategy random,./my_strategy.py --jobs 2",
        "bench run --task shapes --strategy random,lc,alise --seeds 3",
    )
)
@click.option("--task", default="flights", show_default=True, help="See `bench list tasks`.")
@click.option(
    "--protocol", help="How the task is split and the budget spent.  [default: the task's]"
)
@click.option("--learner", help="See `bench list learners`.  [default: that of the task's kind]")
@click.option(
    "--strategy",
    "strategies",
    multiple=True,
    metavar="NAME[,NAME…]",
    help="Names, name[key=value,…], or paths to .py files; may be repeated.  "
    "[default: the protocol's]",
)
@click.option("--seeds", type=int, help="Seeds 0 … N-1.  [default: the protocol's]")
@click.option("--rounds", type=int, help="Only the first N rounds.  [default: all]")
@click.option(
    "--jobs", type=int, default=1, show_default=True, help="Processes; times rank only with 1."
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option(
    "--out", type=FOLDER, default=Path("runs"), show_default=True, help="Where results go."
)
@data_root
def run(
    task: str,
    protocol: str | None,
    learner: str | None,
    strategies: tuple[str, ...],
    seeds: int | None,
    rounds: int | None,
    jobs: int,
    device: str,
    out: Path,
    data_root: Path | None,
) -> None:
    """Run strategies on a task, and show the board. Run it again and it resumes."""
    from bench.loop.plan import Request, plan

    request = Request(
        task=task,
        protocol=protocol,
        learner=Spec.parse(learner) if learner else None,
        strategies=_split(strategies) or None,
        seeds=seeds,
        rounds=rounds,
        jobs=jobs,
        device=device,
        out=out,
        data_root=data_root,
    )
    _execute(plan(request), out)


def _execute(todo: "Plan", out: Path) -> None:
    """Run what is open, show the board of all that was asked for; BenchError if a cell failed."""
    from rich.console import Console

    from bench.loop.executor import execute
    from bench.progress import watch
    from bench.rows import store

    for name, missing in todo.inapplicable.items():
        click.echo(f"{name} does not apply: missing signal {', '.join(missing)}", err=True)
    if todo.remark:
        click.echo(todo.remark, err=True)
    if todo.finished:
        old = sum(cell.outdated for cell in todo.finished)
        told = f" ({old} by other code; to redo them, choose another --out)" if old else ""
        share = f"{len(todo.finished)} of {len(todo.cells) + len(todo.finished)}"
        click.echo(f"resumed: {share} cells already finished{told}", err=True)
    with store.lock(out), watch(len(todo.cells), Console(stderr=True)) as notify:
        summary = execute(todo, notify)
    paths = [cell.path for cell in (*todo.cells, *todo.finished)]
    show([path for path in paths if path.exists()], "table")
    click.echo(f"Parquet: {os.path.commonpath(paths)}")
    if summary.failed:
        reasons = "".join(f"\n  {cell}: {reason}" for cell, reason in summary.failed)
        raise BenchError(
            f"{len(summary.failed)} of {len(todo.cells)} cells failed; the columns `status` and "
            f"`error` of their rows say so too.{reasons}"
        )


def _split(texts: tuple[str, ...]) -> tuple[str, ...]:
    """One text per strategy; UsageError for an option that names none."""
    parts = [Spec.parse_list(text) for text in texts]
    if not all(parts):
        raise UsageError("A --strategy is empty; `bench list strategies` shows what there is.")
    return tuple(str(spec) for part in parts for spec in part)
