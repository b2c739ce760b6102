"""`bench run`: strategies on a task."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli.common import examples
from bench.cli.leaderboard import show
from bench.cli.request import options, request
from bench.error import BenchError

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
        "bench run --learner 'bilstm-tagger[embedding=400]' --embeddings glove.txt,charNgram.txt",
        "bench run --data my.conll --columns 1,4 --scheme iob1",
        "bench run --data train.jsonl --test test.jsonl --strategy random,wbadge",
        "bench run --data hf:owner/name --columns tokens,ner_tags",
        "bench run --data songs.csv --text lyric --label class",
        "bench run --data songs.csv --text lyric --label class --protocol guide",
    )
)
@options
def run(**asked: Any) -> None:
    """Run strategies on a task or on data of your own, and show the board.

    Run it again and it resumes.
    """
    from bench.loop.plan import plan

    _execute(plan(request(**asked)), asked["out"])


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
    click.echo(f"Parquet: {os.path.commonpath(paths)}")
    if summary.failed:
        reasons = "".join(f"\n  {cell}: {reason}" for cell, reason in summary.failed)
        raise BenchError(
            f"{len(summary.failed)} of {len(todo.cells)} cells failed; the columns `status` and "
            f"`error` of their rows say so too.{reasons}"
        )
