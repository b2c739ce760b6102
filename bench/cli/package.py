"""Finished cells as a submission: its manifest, its report, its folder."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.board.submission import Manifest
    from bench.loop.plan import Cell, Plan
    from bench.loop.source import Source
    from bench.rows.remote import Place

REFERENCE = "random"


def table(todo: "Plan", rivals: "pa.Table") -> "pa.Table":
    """The rows of all cells, and those that they are ranked among."""
    from bench.board import neighbourhood
    from bench.rows import store

    return neighbourhood.joined(
        store.scan([cell.path for cell in (*todo.cells, *todo.finished)]), rivals
    )


def manifest(cell: "Cell", found: "Source", paths: "Sequence[Place]") -> "Manifest":
    """What a submission says of itself, with the digests of its files of rows by seed."""
    from bench import __version__
    from bench.board.submission import SCHEMA_VERSION, Manifest

    key, out = cell.key, cell.request.out
    rows = {_inside(out, path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    return Manifest(
        schema_version=SCHEMA_VERSION,
        rules_version=cell.origin["rules_version"],
        bench_version=__version__,
        code_digest=cell.origin["code_digest"],
        strategy=key.strategy,
        params=json.loads(key.params),
        file=f"{key.strategy}.py",
        sha256=found.digest,
        task=key.task,
        protocol=key.protocol,
        learner=key.learner,
        learner_params=json.loads(key.learner_params),
        seeds=list(range(len(paths))),
        rows=rows,
    )


def _inside(out: "Place", path: "Place") -> str:
    return f"rows/{PurePath(str(path)).relative_to(str(out)).as_posix()}"


def write(
    out: Path, found: "Source", cells: "Sequence[Cell]", table: "pa.Table", clauses: Sequence[str]
) -> str:
    """Write the folder of a strategy's cells; the verdict."""
    from bench.board import compare, leaderboard, submission, submission_report
    from bench.loop import provenance

    paths = [cell.path for cell in sorted(cells, key=lambda each: each.seed)]
    made = manifest(cells[0], found, paths)
    name = str(submission_report.spec(made))
    boards = leaderboard.build(table)
    (line,) = (
        line
        for each in compare.strategies(table, REFERENCE, name)
        for line in each.lines
        if line.strategy == name
    )
    told = submission_report.verdict(name, boards, line)
    page = submission_report.page(made, found.needs, found.text, clauses, told, boards)
    environment = json.dumps(json.loads(provenance.environment()), indent=2) + "\n"
    files = {
        made.file: found.content,
        submission.REPORT: page.encode(),
        submission.ENVIRONMENT: environment.encode(),
        **{_inside(cells[0].request.out, path): path.read_bytes() for path in paths},
    }
    submission.write(out, made, files)
    return told
