"""`bench run`: strategies on a task."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import OUT, data_root, examples, layout, sheet
from bench.cli.leaderboard import show
from bench.error import BenchError, UsageError
from bench.spec import Spec

if TYPE_CHECKING:
    from bench.data.own import Own
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
@click.option("--task", help="See `bench list tasks`.  [default: flights]")
@click.option(
    "--data",
    metavar="FILE",
    help="Own data in the place of a task: columns (word and tag), JSONL (.jsonl, .json), "
    "hf:owner/name[:config] or hf:./folder (see `bench data inspect`); or texts and their classes "
    "in CSV (.csv, .csv.gz).",
)
@click.option(
    "--test",
    metavar="FILE",
    help="The test split of --data.  [default: the data's own, else a share is drawn by seed]",
)
@layout
@sheet
@click.option(
    "--protocol", help="How the task is split and the budget spent.  [default: the task's]"
)
@click.option("--learner", help="See `bench list learners`.  [default: that of the task's kind]")
@click.option(
    "--embeddings",
    default="",
    metavar="FILE[,FILE…]",
    help="Text files of word vectors (GloVe, word2vec, character n-grams; also .gz) that the "
    "learner's words start from, side by side.  [default: random vectors]",
)
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
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option(
    "--out",
    type=OUT,
    default="runs",
    show_default=True,
    metavar="FOLDER",
    help="Where results go: a folder, or a URL of an object store (s3://bucket/prefix).",
)
@data_root
def run(
    task: str | None,
    data: str | None,
    test: str | None,
    columns: str,
    scheme: str,
    text: str,
    label: str,
    protocol: str | None,
    learner: str | None,
    embeddings: str,
    strategies: tuple[str, ...],
    seeds: int | None,
    rounds: int | None,
    jobs: int,
    executor: str,
    address: str | None,
    wait: int | None,
    device: str,
    out: "Place",
    data_root: Path | None,
) -> None:
    """Run strategies on a task or on data of your own, and show the board.

    Run it again and it resumes.
    """
    from bench.loop.plan import Request, plan

    request = Request(
        task=_task(task, data, test or "", columns, scheme, text, label),
        protocol=protocol,
        learner=Spec.parse(learner) if learner else None,
        strategies=_split(strategies) or None,
        seeds=seeds,
        rounds=rounds,
        jobs=jobs,
        device=device,
        out=out,
        data_root=data_root,
        embeddings=_files(embeddings),
        fleet=_fleet(executor, address, wait, jobs, device),
    )
    _execute(plan(request), out)


def _task(task: str | None, data: str | None, *layout: str) -> "str | Own":
    """The task named, or own data; UsageError for both, or for options of data without it."""
    from bench.data import own

    if data and task:
        raise UsageError("--task and --data exclude each other: a task's data is its card's.")
    if data:
        return own.named(data, *layout)
    if layout != ("", "", "auto", "", ""):
        raise UsageError(
            "--test, --columns, --scheme, --text and --label say how to read --data; name it too."
        )
    return task or "flights"


def _files(text: str) -> tuple[Path, ...]:
    """The files named; UsageError for a name that is empty."""
    names = [name.strip() for name in text.split(",")] if text else []
    if not all(names):
        raise UsageError(f"--embeddings '{text}' is not of the form FILE[,FILE…].")
    return tuple(Path(name) for name in names)


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


def _split(texts: tuple[str, ...]) -> tuple[str, ...]:
    """One text per strategy; UsageError for an option that names none."""
    parts = [Spec.parse_list(text) for text in texts]
    if not all(parts):
        raise UsageError("A --strategy is empty; `bench list strategies` shows what there is.")
    return tuple(str(spec) for part in parts for spec in part)
