"""The command `bench`: parse, call, print. Heavy imports live inside the verbs."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench import __version__
from bench.error import BenchError, DataError, UsageError
from bench.spec import Spec

if TYPE_CHECKING:
    from bench.loop.plan import Plan

INTERRUPTED = 130
UNREADABLE, STORAGE = 3, 4
_READING = (PermissionError, FileNotFoundError, IsADirectoryError, NotADirectoryError)


def main() -> None:
    """Run the command; whatever can be expected to fail ends as one sentence and an exit code."""
    try:
        cli.main(prog_name="bench", standalone_mode=False)
    except click.Abort:
        _end("interrupted; run the same command again to resume", INTERRUPTED)
    except click.ClickException as error:
        _end(f"Error: {error.format_message()}", error.exit_code)
    except BenchError as error:
        _end(f"Error: {error}", error.exit_code)
    except OSError as error:
        # Writers raise StorageError themselves, so that these kinds are of something to be read.
        code = UNREADABLE if isinstance(error, _READING) else STORAGE
        _end(f"Error: {error.filename or 'input or output'}: {error.strerror or error}.", code)


def _end(message: str, code: int) -> None:
    click.echo(message, err=True)
    sys.exit(code)


def _examples(*lines: str) -> str:
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


_EPILOG = """\b
Begin with:
  bench run              a small comparison on the embedded task, a few minutes
  bench list strategies  what there is to compare
  bench run --help       options and examples

\b
Exit codes:
  0    all went well
  1    a cell failed; the others went on
  2    the request is wrong: an unknown name, a value out of range, a folder in use
  3    data is missing, damaged, malformed or unreadable
  4    results could not be written
  130  interrupted; the same command resumes
"""
_FOLDER = click.Path(file_okay=False, path_type=Path)


def _data_root(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The option that several verbs share."""
    return click.option(
        "--data-root",
        type=_FOLDER,
        envvar="BENCH_DATA",
        show_envvar=True,
        help="Folder that already holds the data files; else they are downloaded.",
    )(verb)


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
)
@click.version_option(__version__, prog_name="labelworth")
@click.pass_context
def cli(context: click.Context) -> None:
    """What a label is worth: benchmark query strategies for active learning on sequences."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@cli.command(
    epilog=_examples(
        "bench run",
        "bench run --protocol smoke",
        "bench run --task atis --strategy random,lc,alise --seeds 3 --rounds 5",
        "bench run --strategy 'nse[normalize=true],margin' --learner bilstm-tagger",
        "bench run --strategy random,./my_strategy.py --jobs 2",
    )
)
@click.option("--task", default="flights", show_default=True, help="See `bench list tasks`.")
@click.option(
    "--protocol", help="How the task is split and the budget spent.  [default: the task's]"
)
@click.option(
    "--learner", default="bilstm-aligned", show_default=True, help="See `bench list learners`."
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
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option(
    "--out", type=_FOLDER, default=Path("runs"), show_default=True, help="Where results go."
)
@_data_root
def run(
    task: str,
    protocol: str | None,
    learner: str,
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
        learner=Spec.parse(learner),
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

    if todo.finished:
        old = sum(cell.outdated for cell in todo.finished)
        told = f" ({old} by other code; to redo them, choose another --out)" if old else ""
        share = f"{len(todo.finished)} of {len(todo.cells) + len(todo.finished)}"
        click.echo(f"resumed: {share} cells already finished{told}", err=True)
    with store.lock(out), watch(len(todo.cells), Console(stderr=True)) as notify:
        summary = execute(todo, notify)
    paths = [cell.path for cell in (*todo.cells, *todo.finished)]
    _board([path for path in paths if path.exists()], "table")
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


@cli.command(
    "list", epilog=_examples("bench list strategies", "bench list learners | grep attention")
)
@click.argument("kind", type=click.Choice(["tasks", "strategies", "learners"]))
def list_(kind: str) -> None:
    """List tasks, strategies or learners."""
    _table({"tasks": _tasks, "strategies": _strategies, "learners": _learners}[kind]())


def _tasks() -> list[tuple[str, str]]:
    from bench.data import card

    return [(name, card.load(name).title) for name in card.names()]


def _strategies() -> list[tuple[str, str]]:
    from bench.loop import strategy
    from bench.rows.schema import FULL

    rows = [(name, strategy.load(name).about.partition("\n")[0]) for name in strategy.names()]
    return [*rows, (FULL, "Not a strategy: everything labelled, the reference for '98 % of full'.")]


def _learners() -> list[tuple[str, str]]:
    from bench.learners import learner

    return [(name, learner.describe(name)) for name in learner.names()]


def _table(rows: list[tuple[str, str]]) -> None:
    """Two columns: drawn by rich on a terminal, aligned plain lines elsewhere."""
    if not sys.stdout.isatty():
        width = max((len(name) for name, _ in rows), default=0)
        for name, text in rows:
            click.echo(f"{name:<{width}}  {text}".rstrip())
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    for name, text in rows:
        table.add_row(name, text)
    Console().print(table, markup=False)


@cli.command(
    epilog=_examples(
        "bench data fetch atis",
        "bench data verify",
        "bench data verify atis --data-root ~/corpora",
    )
)
@click.argument("action", type=click.Choice(["fetch", "verify"]))
@click.argument("tasks", nargs=-1, metavar="[TASK]…")
@_data_root
def data(action: str, tasks: tuple[str, ...], data_root: Path | None) -> None:
    """Download data files, or check their digests. Takes all tasks when none is named."""
    from bench.data import card, fetch

    cards = [card.load(name) for name in tasks or card.names()]
    rows: list[tuple[str, str]] = []
    for item in cards:
        if action == "fetch":
            rows += [(path, str(place)) for path, place in fetch.fetch(item, data_root).items()]
        else:
            rows += fetch.verify(item, data_root)
    _table(rows)
    bad = [path for path, state in rows if action == "verify" and state != "ok"]
    if bad:
        raise DataError(f"{len(bad)} of {len(rows)} files are not as the cards say.")


@cli.command(
    epilog=_examples(
        "bench leaderboard",
        "bench leaderboard results --format markdown",
        "bench leaderboard runs other-runs --format json",
    )
)
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="[FOLDER]…")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
)
def leaderboard(folders: tuple[Path, ...], form: str) -> None:
    """Show the boards of earlier results. Reads `runs` when no folder is named."""
    _board(folders or (Path("runs"),), form)


def _board(sources: Sequence[Path], form: str) -> None:
    from bench.board import leaderboard, render
    from bench.rows import store

    boards = leaderboard.build(store.scan(sources))
    if not boards:
        raise UsageError(f"There are no results in {', '.join(map(str, sources))} yet.")
    if form == "table":
        from rich.console import Console

        console = Console(width=None if sys.stdout.isatty() else 100)
        console.print(render.table(boards))
    else:
        click.echo({"markdown": render.markdown, "json": render.json}[form](boards), nl=False)


if __name__ == "__main__":
    main()
