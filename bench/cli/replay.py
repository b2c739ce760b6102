"""`bench replay`: whether published scores come back from the ids that are stored with them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import click

from bench.cli.common import data_root, examples
from bench.error import BenchError, DataError, UsageError

if TYPE_CHECKING:
    from bench.board.confirmation import Confirmation
    from bench.loop.event import Notify
    from bench.loop.fit import FitStore
    from bench.rows.schema import Row

_SAID = {
    "identical": "identical",
    "within": "within the spread over seeds",
    "differs": "DIFFERS",
    "unjudged": "not judged",
    "skipped": "not fitted again",
}


@click.command(
    epilog=examples(
        "bench replay runs",
        "bench replay results/atis-alise --seed 0",
        "bench replay results/digits-quick/lenet/cpu/dal-seed0.parquet",
    )
)
@click.argument("result", type=click.Path(path_type=Path))
@click.option("--seed", type=int, help="Only the cells of this seed.  [default: all]")
@data_root
def replay(result: Path, seed: int | None, data_root: Path | None) -> None:
    """Fit every round of stored results again and compare the scores.

    RESULT is a file or a folder. No strategy is asked: a round's labelled set is that of the ids in
    its rows. On the kind of CPU and the versions that made the rows the scores must be the same to
    the bit, elsewhere within two standard deviations over the seeds that RESULT holds. Ends with
    exit code 1 when a cell is not confirmed.
    """
    from rich.console import Console

    from bench.progress import watch

    cells = _cells(result)
    asked = [cell for cell in cells if seed is None or cell.rows[0].seed == seed]
    if not asked:
        raise UsageError(f"There are no results{_of(seed)} in {result} to fit again.")
    count: Counter[str] = Counter()
    with watch(len(asked), Console(stderr=True)) as notify:
        for name, found in _confirm(asked, cells, notify, data_root):
            count[found.verdict] += 1
            click.echo(f"{name}: {_said(found)}")
    click.echo(f"{len(asked)} cells: " + ", ".join(f"{n} {_SAID[v]}" for v, n in count.items()))
    if count["skipped"] == len(asked):
        raise UsageError("No cell could be fitted again.")
    if count["differs"]:
        raise BenchError(f"{count['differs']} of {len(asked)} cells are not confirmed.")


class _Cell(NamedTuple):
    """A cell and what it shares: its rows differ from those of equal `kin` in nothing but seed."""

    place: tuple[str, ...]
    kin: tuple[str, ...]
    rows: "list[Row]"


def _of(seed: int | None) -> str:
    return "" if seed is None else f" of seed {seed}"


def _cells(result: Path) -> list[_Cell]:
    """All cells of a folder that have a score, those of one place and seed side by side."""
    from bench.rows import schema, store

    rows: dict[schema.Key, list[Row]] = {}
    for row in schema.from_table(store.scan([result])):
        if row.score is not None:
            rows.setdefault(schema.cell_key(row), []).append(row)
    cells = []
    for key, found in rows.items():
        place = (key.task, key.protocol, key.learner, key.learner_params)
        kin = (*place, key.strategy, key.params, key.device, found[0].code_digest)
        cells.append(_Cell(place, kin, sorted(found, key=lambda row: row.round)))
    return sorted(cells, key=lambda cell: (cell.place, cell.rows[0].seed, cell.kin))


def _confirm(
    asked: Sequence[_Cell], cells: Sequence[_Cell], notify: "Notify", data_root: Path | None
) -> "Iterator[tuple[str, Confirmation]]":
    """The name of each cell and what its refit says, as it is known."""
    from bench.loop.fit import FitStore

    for _, group in groupby(asked, lambda cell: (cell.place, cell.rows[0].seed)):
        with TemporaryDirectory() as folder:  # models that strategies share, first of all round 0's
            for cell in group:
                others = [each.rows for each in cells if each.kin == cell.kin and each is not cell]
                first = cell.rows[0]
                name = f"{first.task} {first.protocol} {first.learner}, {first.name}"
                yield name, _again(cell.rows, others, FitStore(Path(folder)), notify, data_root)


def _again(
    rows: "list[Row]",
    others: "Sequence[list[Row]]",
    fits: "FitStore",
    notify: "Notify",
    data_root: Path | None,
) -> "Confirmation":
    from bench.board.confirmation import Confirmation, confirm
    from bench.data.oracle import OracleError
    from bench.loop.refit import refit

    try:
        found = list(refit(rows, fits, notify, data_root))
    except (UsageError, DataError) as reason:
        return Confirmation("skipped", str(reason))
    except OracleError as reason:
        return Confirmation("differs", str(reason))
    return confirm(rows, found, others)


def _said(result: "Confirmation") -> str:
    """The verdict in words, with what is known beside."""
    rounds = f", {result.rounds} rounds" if result.rounds else ""
    gap = f", largest difference {result.gap:.4f}" if result.gap else ""
    reason = f": {result.reason}" if result.reason else ""
    return f"{_SAID[result.verdict]}{rounds}{gap}{reason}"
