"""`bench submit --verify`: whether a submission is what it says, for a maintainer or CI."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from bench.error import BenchError, DataError
from bench.spec import Spec

if TYPE_CHECKING:
    from bench.board.confirmation import Confirmation
    from bench.board.submission import Manifest, Submission
    from bench.loop.event import Notify
    from bench.loop.plan import Cell
    from bench.loop.source import Source
    from bench.rows.schema import Row


def verification(folder: Path, data_root: Path | None) -> None:
    """Hold a submission to what it says, replay its selections and run one of its cells again.

    Which cell nobody can know before. All work is on a copy of what was read once. BenchError for
    what is not confirmed, DataError or UsageError for what is no submission of this version.
    """
    from bench.board import submission
    from bench.loop.sandbox import host

    held = submission.read(folder)
    host.probe()
    with TemporaryDirectory() as name:
        submission.unpack(held.files, Path(name) / "held")
        wrong = list(_wrong(folder, held, Path(name), data_root))
    if wrong:
        told = "".join(f"\n  {each}" for each in wrong)
        raise BenchError(f"{folder} is not confirmed:{told}")
    click.echo("confirmed")


def _wrong(folder: Path, held: "Submission", work: Path, data_root: Path | None) -> Iterator[str]:
    """What is not confirmed; what needs minutes is asked only where all else is right."""
    from rich.console import Console

    from bench.board import submission
    from bench.data.oracle import OracleError
    from bench.loop import source
    from bench.progress import watch

    found = source.read(folder / held.manifest.file)
    if found.digest != held.manifest.sha256:
        raise DataError(f"{found.path} has just changed; verify a folder at rest.")
    cell = _cell(found, held.manifest, work, data_root)
    swollen = list(submission.swollen(held))
    yield from swollen
    if swollen:
        return
    cells = _stored(work / "held" / submission.ROWS)
    faults = [*_misplaced(held, cells, cell, found.text)]
    faults += submission.faults(held.manifest, cells, cell.targets)
    yield from faults
    if faults:
        return
    _remark(held, cell)
    with watch(len(cells) + 1, Console(stderr=True)) as notify:
        refits = []
        for rows in cells:
            try:
                refits.append(_refitted(rows, cell, notify))
            except OracleError as reason:
                yield f"seed {rows[0].seed}: {reason}"
        if len(refits) == len(cells):
            yield from _replayed(cells, refits)
            yield from _repeated(cells, refits, cell, notify)


def _cell(found: "Source", manifest: "Manifest", work: Path, data_root: Path | None) -> "Cell":
    """The first cell of a submission, as it would be run here; its file is read, not run."""
    from bench.loop import entrant
    from bench.loop.plan import Cell, Request

    text = str(Spec.of(entrant.settle(found, work / "file"), manifest.params))
    learner = Spec.of(manifest.learner, manifest.learner_params)
    options = (None, 1, "cpu", work / "again", data_root)
    request = Request(
        manifest.task, manifest.protocol, learner, (text,), None, *options, sandboxed=True
    )
    return Cell(request, text, 0)


def _stored(folder: Path) -> "list[list[Row]]":
    """The rows of each cell, by round, in the order of seeds."""
    from bench.rows import schema, store

    cells: dict[schema.Key, list[Row]] = {}
    try:
        held = schema.from_table(store.scan([folder]))
        schema.validate(held, str(folder))
    except DataError as reason:  # which may name what the rows name
        raise DataError(_plain(str(reason))) from None
    except (ValueError, OverflowError, TypeError) as reason:  # values that Python has no room for
        raise DataError(f"The rows hold what is no value ({type(reason).__name__}).") from None
    for row in held:
        cells.setdefault(schema.cell_key(row), []).append(row)
    rows = (sorted(found, key=lambda row: row.round) for found in cells.values())
    return sorted(rows, key=lambda found: found[0].seed)


def _plain(text: str) -> str:
    """A stranger's words without what a terminal or a log would obey."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _misplaced(
    held: "Submission", cells: "list[list[Row]]", cell: "Cell", text: str
) -> Iterator[str]:
    """Cells that are not the file's or not where they should be, too few, or not shown."""
    from bench.board import submission_report
    from bench.board.stats import ENOUGH_SEEDS
    from bench.board.submission import REPORT, ROWS
    from bench.rows import schema, store

    keys = [schema.cell_key(rows[0]) for rows in cells]
    yield from (f"seed {k.seed} is of another cell" for k in keys if k[:6] != cell.key[:6])
    if {store.path(Path(ROWS), key).as_posix() for key in keys} != held.manifest.rows.keys():
        yield "the files of rows are not named after their cells"
    wanted = max(cell.task.protocol.seeds, ENOUGH_SEEDS)
    if held.manifest.seeds != list(range(wanted)):
        yield f"the seeds are not 0 to {wanted - 1}"
    page = held.files[REPORT].decode(errors="replace")
    if not submission_report.shows(page, held.manifest, text):
        yield f"{REPORT} does not end with the whole file"


def _remark(held: "Submission", cell: "Cell") -> None:
    if held.manifest.code_digest != cell.origin["code_digest"]:
        click.echo(
            "The rows were made by other code than would run now, or of another file; what is "
            "run again judges them.",
            err=True,
        )


def _refitted(rows: "list[Row]", cell: "Cell", notify: "Notify") -> "list[Row]":
    from bench.loop.fit import FitStore, home
    from bench.loop.refit import refit
    from bench.rows.schema import SERIAL

    fits = FitStore(home(cell.request.out, SERIAL))
    return list(refit(rows, fits, notify, cell.request.data_root))


def _replayed(cells: "list[list[Row]]", found: "list[list[Row]]") -> Iterator[str]:
    """What the refits of all cells from their ids do not confirm.

    The spread that is left elsewhere is that of the refits: what was handed in has no say in it.
    """
    from bench.board.confirmation import confirm, shifted

    for rows, again in zip(cells, found, strict=True):
        others = [each for each in found if each is not again]
        yield from _said(confirm(rows, again, others), rows, "fitted again from its ids")
    if told := shifted(cells, found):
        yield f"all seeds together, fitted again, {told}"


def _repeated(
    cells: "list[list[Row]]", found: "list[list[Row]]", cell: "Cell", notify: "Notify"
) -> Iterator[str]:
    """What another run of one cell, drawn now, does not confirm."""
    from bench.board.confirmation import repeated
    from bench.loop.executor import execute
    from bench.loop.plan import Plan
    from bench.rows import store

    rows = secrets.choice(cells)
    again = replace(cell, seed=rows[0].seed)
    failed = execute(Plan([again], [], 1), notify).failed
    if failed:
        yield f"seed {again.seed}, run again in the sandbox: {failed[0][1]}"
        return
    others = [each for each in found if each[0].seed != again.seed]
    yield from _said(repeated(rows, store.read(again.path), others), rows, "run again")


def _said(result: "Confirmation", rows: "list[Row]", how: str) -> Iterator[str]:
    """Tell what is confirmed; yield what is not."""
    told = f"seed {rows[0].seed}, {how}: {result.verdict}"
    told = f"{told}, {result.reason}" if result.reason else told
    if result.verdict in ("identical", "within"):
        click.echo(told)
    else:
        yield told
