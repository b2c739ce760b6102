"""`bench run`: strategies on a task."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli.common import examples
from bench.cli.leaderboard import show
from bench.cli.request import options, request
from bench.error import BenchError, UsageError

if TYPE_CHECKING:
    from bench.loop.fleet import Fleet
    from bench.loop.plan import Plan
    from bench.rows.remote import Place


@click.command(
    epilog=examples(
        "bench run",
        "bench run --protocol smoke",
        "bench run --task atis --strategy random,lc,alise --seeds 3 --rounds 5",
        "bench run --strategy 'nse[normalize=true],margin' --learner bilstm-tagger",
        "bench run --strategy random,./my_strategy.py --jobs 2",
        "bench run --task shapes --strategy random,lc,alise --seeds 3",
        "bench run --learner 'bilstm-tagger[embedding=400]' --embeddings glove.txt,charNgram.txt",
        "bench run --data my.conll --columns 1,4 --scheme iob1",
        "bench run --data train.jsonl --test test.jsonl --strategy random,wbadge",
        "bench run --data hf:owner/name --columns tokens,ner_tags",
        "bench run --data songs.csv --text lyric --label class",
        "bench run --data songs.csv --text lyric --label class --protocol guide",
        "bench run --task atis --executor ray --address head:6379 --out s3://bucket/runs",
        "bench run --task mnist --executor ray --device cuda --wait 600",
    )
)
@options
@click.option(
    "--executor",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where cells run: on this machine, or as tasks of a Ray cluster that is running already, "
    "a CPU each, and a GPU where --device is cuda. They resume on either.",
)
@click.option(
    "--address",
    metavar="HOST:PORT",
    help="The head of the cluster of --executor ray.  [default: RAY_ADDRESS, else this machine's]",
)
@click.option(
    "--wait",
    type=int,
    metavar="SECONDS",
    help="How long --executor ray waits while no node has what a cell asks for; then the run ends "
    "with code 2.  [default: 60]",
)
def run(executor: str, address: str | None, wait: int | None, **asked: Any) -> None:
    """Run strategies on a task or on data of your own, and show the board.

    Run it again and it resumes.
    """
    from bench.loop.plan import plan

    fleet = _fleet(executor, address, wait, asked["jobs"], asked["device"])
    _execute(plan(request(**asked, fleet=fleet)), asked["out"])


def _fleet(
    executor: str, address: str | None, wait: int | None, jobs: int, device: str
) -> "Fleet | None":
    """The cluster to run on, joined; UsageError for options of the other executor."""
    if executor == "local":
        if address is not None or wait is not None:
            raise UsageError("--address and --wait are for a cluster; add --executor ray.")
        return None
    from bench.loop import fleet

    if jobs != 1:
        raise UsageError("--jobs is for this machine; with --executor ray the cluster decides.")
    return fleet.join(address or fleet.AUTO, device, fleet.WAIT if wait is None else wait)


def _execute(todo: "Plan", out: "Place") -> None:
    """Run what is open, show the board of all that was asked for; BenchError if a cell failed."""
    from rich.console import Console

    from bench.loop.executor import execute
    from bench.progress import watch
    from bench.rows import store

    for name, missing in todo.inapplicable.items():
        click.echo(f"{name} does not apply: missing signal {', '.join(missing)}", err=True)
    if todo.remark:
        click.echo(todo.remark, err=True)
    if todo.coverage:
        click.echo(todo.coverage, err=True)
    if todo.finished:
        old = sum(cell.outdated for cell in todo.finished)
        told = f" ({old} by other code; to redo them, choose another --out)" if old else ""
        share = f"{len(todo.finished)} of {len(todo.cells) + len(todo.finished)}"
        click.echo(f"resumed: {share} cells already finished{told}", err=True)
    with store.lock(out), watch(len(todo.cells), Console(stderr=True)) as notify:
        summary = execute(todo, notify)
    paths = [cell.path for cell in (*todo.cells, *todo.finished)]
    show([path for path in paths if path.exists()], "table")
    click.echo(f"Parquet: {os.path.commonpath(map(str, paths)) if isinstance(out, Path) else out}")
    if summary.failed:
        reasons = "".join(f"\n  {cell}: {reason}" for cell, reason in summary.failed)
        raise BenchError(
            f"{len(summary.failed)} of {len(todo.cells)} cells failed; the columns `status` and "
            f"`error` of their rows say so too.{reasons}"
        )
