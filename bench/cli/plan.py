"""`bench plan`: what a run would cost, before it starts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli.common import examples, form, show
from bench.cli.request import options, request
from bench.error import UsageError
from bench.spec import Spec

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.board.bill import Bill
    from bench.loop.plan import Plan


@click.command(
    epilog=examples(
        "bench plan",
        "bench plan --task atis --seeds 5 --workers 2",
        "bench plan --task mnist --strategy random,dal,./my_strategy.py --format json",
        "bench plan --task atis --protocol words --from results --from runs-elsewhere",
        "bench plan --check",
    )
)
@options
@click.option("--workers", type=int, help="Workers to plan for.  [default: as --jobs]")
@click.option(
    "--from",
    "sources",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Finished rows to learn costs from; may be given again.  [default: results, and --out]",
)
@click.option(
    "--check",
    is_flag=True,
    help="Plan nothing; say how far off the costs of these finished rows would be predicted.",
)
@form
def plan(
    workers: int | None, sources: tuple[Path, ...], check: bool, form: str, **asked: Any
) -> None:
    """Say what `bench run` with the same options would cost.

    Models to train, core- or GPU-hours by part, wall-clock and disk, with the range in which they
    are likely. Costs are learned from finished rows; seconds are those of the machines that made
    them. Nothing is trained, and finished cells of --out cost nothing.
    """
    jobs = asked["jobs"] if workers is None else workers
    if jobs < 1:
        raise UsageError(f"--workers is {jobs}; it must be at least 1.")
    learned = _learned(sources or _usual(asked["out"]))
    if check:
        _check(learned, form)
        return
    from bench.board import bill_render
    from bench.loop.plan import plan

    asked["jobs"] = jobs
    show(form, bill_render, _bill(plan(request(**asked)), learned))


def _usual(out: Path) -> list[Path]:
    """Where rows are expected; UsageError when there is neither folder."""
    found = [path for path in dict.fromkeys((Path("results"), out)) if path.exists()]
    if not found:
        raise UsageError(
            f"There are no rows to learn costs from: neither results nor {out} exists; name a "
            "folder of finished rows with --from, or run a small board first."
        )
    return found


def _learned(sources: Sequence[Path]) -> "pa.Table":
    """All rows; UsageError when there are none. A cell may be in several of the folders."""
    import pyarrow as pa

    from bench.rows import store

    table = pa.concat_tables([store.scan([source], rules=None) for source in sources])
    if table.num_rows == 0:
        raise UsageError(
            f"There are no finished rows in {', '.join(map(str, sources))} to learn costs from; "
            "name a folder that has some with --from, or run a small board first."
        )
    return table


def _check(table: "pa.Table", form: str) -> None:
    from bench.board import cost_check, error_render
    from bench.board.cost_sample import samples
    from bench.cli.outline import known

    show(form, error_render, cost_check.check(samples(table, known(table))))


def _bill(plan: "Plan", table: "pa.Table") -> "Bill":
    from bench.board.bill import Asked, bill
    from bench.board.cost import Costs
    from bench.board.cost_sample import samples
    from bench.cli.outline import known, outline

    key, found = (plan.cells or plan.finished)[0].key, outline(plan)
    learner = str(Spec.of(key.learner, json.loads(key.learner_params)))
    asked = Asked(
        title=" · ".join((key.task, key.protocol, learner, key.device)),
        device=key.device,
        jobs=found.jobs,
        workers=plan.jobs,
        finished=len(plan.finished),
        kept=found.kept,
        made=found.made,
        notes=_elsewhere(table),
    )
    return bill(asked, Costs(samples(table, known(table, found.sizes))))


def _elsewhere(table: "pa.Table") -> list[str]:
    """A sentence when rows were made by other kinds of CPU than this one."""
    from bench.loop import provenance

    here = json.loads(provenance.environment())["cpu"]
    made = {json.loads(text)["cpu"] for text in table["environment"].unique().to_pylist()}
    if made == {here}:
        return []
    others = ", ".join(sorted(made - {here}))
    return [
        f"Rows were made on {others}, and this is {here}: seconds here are these times a factor "
        "that nobody has measured."
    ]
