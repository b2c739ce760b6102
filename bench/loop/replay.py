"""A finished cell again from the ids that its rows hold: its last model, its first ranking."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from torch import Tensor

from bench.data import card as cards
from bench.data.task import Deal
from bench.error import UsageError
from bench.learners.learner import Learner
from bench.loop.acquisition import afford, ask
from bench.loop.event import Notify, Reporter
from bench.loop.fit import FitStore
from bench.loop.ledger import Ledger
from bench.loop.plan import Cell, Request
from bench.loop.seed import Streams
from bench.loop.trainer import Trainer
from bench.loop.view import View
from bench.rows import store
from bench.rows.schema import FULL, Row
from bench.spec import Spec


class Ranking(NamedTuple):
    """A strategy's answer in a cell's first round, given once more.

    `ids` are int64 on the host, most wanted first; `unlabeled` is the number of items that there
    were to rank, and `chosen` are the ids that the budget buys.
    """

    ids: Tensor
    unlabeled: int
    chosen: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """Whether the strategy ranked all there was, not only what it buys."""
        return len(self.ids) == self.unlabeled


def successor(
    rows: Sequence[Row], fits: FitStore, notify: Notify, data_root: Path | None = None
) -> tuple[Learner, Deal]:
    """The successor of a cell's last round, kept in `fits` or fitted anew, and the cell's deal.

    `rows` are all rows of one cell; its strategy is not asked. Errors as those of `remake`.
    """
    cell = remake(rows[0], FULL, fits, data_root)
    deal = cell.task.deal(Streams(cell.seed)("split"))
    bought = (rows[0].initial, *(row.selected for row in rows[:-1]))  # the last choice came after
    ledger = _ledger(deal, bought)
    with told(rows[0], cell, notify) as report:
        models = Trainer(cell, ledger, deal.judge, fits, report).fit("supervised")
    return models.successor.learner, deal


def ranking(row: Row, fits: FitStore, notify: Notify, data_root: Path | None = None) -> Ranking:
    """How the strategy of a cell ranks what is unlabelled in its first round, `row`.

    It asks its own model where its objective is not supervised, as it did then. Errors as those of
    `remake`; UsageError too where there is no such strategy here, SelectionError where it fails.
    """
    cell = remake(row, str(row.spec), fits, data_root)
    strategy, streams = cell.chooser, Streams(cell.seed)
    assert strategy is not None  # `full` has no round to choose in
    deal = cell.task.deal(streams("split"))
    ledger = _ledger(deal, [row.initial])
    pool, unlabeled, budget = ledger.pool, ledger.unlabeled, ledger.budget(cell.targets[1])
    with told(row, cell, notify) as report:
        models = Trainer(cell, ledger, deal.judge, fits, report).fit(strategy.objective)
        view = View(pool, unlabeled, ledger.labeled(), ledger.history, models.asked, strategy.needs)
        ids = ask(strategy, view, budget, streams("strategy"))
    chosen = afford(ids, pool, unlabeled, budget)
    return Ranking(ids, len(unlabeled), tuple(chosen.tolist()))


@contextmanager
def kept(folder: Path) -> Iterator[Path]:
    """Where the run that wrote a folder keeps its models, for us alone; else a passing place."""
    out = next((each for each in (folder, *folder.parents) if (each / ".fits").is_dir()), None)
    if out:
        with store.lock(out):
            yield out / ".fits"
        return
    with TemporaryDirectory() as name:
        yield Path(name)


def remake(row: Row, strategy: str, fits: FitStore, data_root: Path | None) -> Cell:
    """The cell of a row, with its strategy or another, to be fitted on one thread.

    UsageError when task, learner, data or settings are not those of the row, or without its GPU;
    DataError when the data cannot be had.
    """
    torch.set_num_threads(1)
    if row.task not in cards.names():
        raise UsageError(
            f"'{row.task}' is no task of this version, or data of your own, whose place no row "
            "says; it cannot be fitted again."
        )
    gpu = row.device.startswith("cuda")
    if gpu and not torch.cuda.is_available():
        raise UsageError(
            f"{row.task}-{row.protocol} {row.name} was made on a GPU, and there "
            "is none here; it cannot be fitted again."
        )
    request = Request(
        task=row.task,
        protocol=row.protocol,
        learner=Spec.of(row.learner, json.loads(row.learner_params)),
        strategies=(strategy,),
        seeds=None,
        rounds=None,
        jobs=1,
        device="cuda" if gpu else "cpu",
        out=fits.folder,
        data_root=data_root,
    )
    cell = Cell(request, strategy, row.seed)
    for name in ("data_digest", "config_digest"):
        if cell.origin[name] != getattr(row, name):
            raise UsageError(f"{cell.key} was made with another {name}; it cannot be fitted again.")
    return cell


def _ledger(deal: Deal, bought: Sequence[Sequence[int]]) -> Ledger:
    ledger = Ledger(deal)
    for ids in bought:
        ledger.reveal(torch.tensor(ids, dtype=torch.int64))
    return ledger


@contextmanager
def told(row: Row, cell: Cell, notify: Notify, rounds: int = 1) -> Iterator[Reporter]:
    """Tells of the beginning, of the fits and of the end."""
    report = Reporter(row.name, rounds, cell.config.duration, notify)
    report.tell("start")
    yield report
    report.tell("done")
