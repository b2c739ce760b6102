"""`bench submit`: a stranger's strategy file becomes a folder for a pull request."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli import package
from bench.cli.common import FOLDER, data_root, examples
from bench.cli.package import REFERENCE
from bench.error import BenchError, UsageError
from bench.spec import Spec

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.loop.plan import Cell, Plan, Request
    from bench.loop.source import Source
    from bench.loop.strategy import Strategy

RUNS, SUBMISSIONS, BOARD = Path("runs"), Path("submissions"), Path("results")


@click.command(
    epilog=examples(
        "bench submit my_strategy.py",
        "bench submit my_strategy.py --protocol smoke",
        "bench submit 'my_strategy.py[width=3]' --task atis --jobs 2",
        "bench submit --verify submissions/my_strategy-1a2b3c4d",
    )
)
@click.argument("file", required=False)
@click.option("--task", help="See `bench list tasks`.  [default: flights]")
@click.option("--protocol", help="How the budget is spent.  [default: the task's]")
@click.option(
    "--board",
    type=FOLDER,
    help="Earlier results to be ranked among.  [default: results, if there is such a folder]",
)
@click.option("--out", type=FOLDER, help="The folder to write.  [default: submissions/NAME-DIGEST]")
@click.option(
    "--jobs", type=int, default=1, show_default=True, help="Processes; times rank only with 1."
)
@click.option("--verify", type=FOLDER, metavar="FOLDER", help="Verify a submission; runs no other.")
@data_root
def submit(
    file: str | None,
    task: str | None,
    protocol: str | None,
    board: Path | None,
    out: Path | None,
    jobs: int,
    verify: Path | None,
    data_root: Path | None,
) -> None:
    """Check a strategy FILE, run it in a sandbox, rank it, and write a folder for a pull request.

    Strategies run on the CPU with at least five seeds, beside `random` where the board has none.
    Run it again and it resumes; the runs are kept in `runs`.
    """
    if verify is not None:
        if file or task or protocol or board or out or jobs != 1:
            raise UsageError("--verify takes a folder and --data-root alone.")
        from bench.cli.verification import verification

        verification(verify, data_root)
    elif file:
        _submit(file, task or "flights", protocol, board, out, jobs, data_root)
    else:
        raise UsageError("Name the strategy file: bench submit FILE.py; or --verify FOLDER.")


def _submit(
    file: str,
    task: str,
    protocol: str | None,
    board: Path | None,
    out: Path | None,
    jobs: int,
    data_root: Path | None,
) -> None:
    from bench.board import submission
    from bench.loop import entrant, source, strategy
    from bench.loop.plan import Cell, Request
    from bench.loop.sandbox import host

    path, params = _parted(file)
    found = source.read(path)
    work = RUNS / f"{path.stem}-{found.digest[:8]}"
    out = out or SUBMISSIONS / work.name
    name = entrant.settle(found, work) + params
    host.probe()
    options = (None, None, jobs, "cpu", work, data_root)
    request = _seeded(Request(task, protocol, None, (name,), *options, sandboxed=True))
    cell = Cell(request, name, 0)
    rivals = _rivals(board, cell)
    todo = _planned(request, rivals)
    submission.check_free(out, package.manifest(cell, found, ()).subject)
    clauses = _examined(found, strategy.load(name, sandboxed=True))
    _run(todo, work)
    cells = [each for each in (*todo.cells, *todo.finished) if each.strategy == name]
    told = package.write(out, found, cells, package.table(todo, rivals), clauses)
    click.echo(f"{told}\n{_NEXT.format(out=out, file=path.name)}")


_NEXT = """\
The submission is in {out}: read its REPORT.md, then verify it as a maintainer will:
  bench submit --verify {out}
For a pull request, commit that folder below submissions/ and {file} below strategies/."""


def _parted(text: str) -> tuple[Path, str]:
    """The file, and its parameters with their brackets."""
    if not text.endswith("]"):
        return Path(text), ""
    spec = Spec.parse(text)
    return Path(spec.name), text.strip().removeprefix(spec.name)


def _seeded(request: "Request") -> "Request":
    """With the protocol's seeds, but as many as it takes to be ranked."""
    from bench.board.stats import ENOUGH_SEEDS
    from bench.loop.plan import load_task

    return replace(request, seeds=max(load_task(request).protocol.seeds, ENOUGH_SEEDS))


def _rivals(board: Path | None, cell: "Cell") -> "pa.Table":
    """The rows of the board that are of the cell's place."""
    from bench.board import neighbourhood
    from bench.rows import schema, store

    known = {**cell.key._asdict(), **cell.origin}
    folders = [board] if board else [BOARD] if BOARD.is_dir() else []
    table = store.scan(folders, None) if folders else schema.SCHEMA.empty_table()
    return neighbourhood.at(table, {name: known[name] for name in neighbourhood.PLACE})


def _planned(request: "Request", rivals: "pa.Table") -> "Plan":
    """The cells of the strategy, and those of the reference where the board lacks a seed of it."""
    from bench.board import neighbourhood
    from bench.loop.plan import plan

    (name,) = request.strategies or ()
    if not set(range(request.seeds or 0)) <= neighbourhood.seeds(rivals, REFERENCE):
        request = replace(request, strategies=(name, REFERENCE))
    todo = plan(request)
    if name in todo.inapplicable:
        missing = ", ".join(todo.inapplicable[name])
        raise UsageError(
            f"{Path(name).stem} does not apply to '{request.task}', which lacks the signal "
            f"{missing}; choose another --task."
        )
    if any(cell.outdated for cell in todo.finished):
        raise UsageError(f"{request.out} has runs by other code than this; delete that folder.")
    return todo


def _examined(found: "Source", chosen: "Strategy") -> list[str]:
    """The clauses of the contract; UsageError that lists those that are not kept."""
    from bench.loop import contract

    kept: list[str] = []
    broken: list[str] = []
    for clause, reason in contract.examine(found, chosen):
        click.echo(f"{'not ok' if reason else 'ok':>6}  {clause}", err=True)
        (broken if reason else kept).append(f"{clause}: {reason}" if reason else clause)
    if broken:
        told = "".join(f"\n  {each}" for each in broken)
        raise UsageError(f"{found.path} does not keep to the contract:{told}")
    return kept


def _run(todo: "Plan", work: Path) -> None:
    """Run what is open; BenchError if a cell failed."""
    from rich.console import Console

    from bench.loop.executor import execute
    from bench.progress import watch
    from bench.rows import store

    if todo.finished:
        share = f"{len(todo.finished)} of {len(todo.cells) + len(todo.finished)}"
        click.echo(f"resumed: {share} cells already finished", err=True)
    with store.lock(work), watch(len(todo.cells), Console(stderr=True)) as notify:
        summary = execute(todo, notify)
    if summary.failed:
        reasons = "".join(f"\n  {cell}: {reason}" for cell, reason in summary.failed)
        raise BenchError(
            f"{len(summary.failed)} of {len(todo.cells)} cells failed, no submission was written; "
            f"their rows are in {work}.{reasons}"
        )
