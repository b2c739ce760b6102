"""A finished cell's last model again, from the ids that its rows hold, without its strategy."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from bench.data.task import Deal
from bench.error import UsageError
from bench.learners.learner import Learner
from bench.loop.event import Notify, Reporter
from bench.loop.fit import FitStore
from bench.loop.ledger import Ledger
from bench.loop.plan import Cell, Request
from bench.loop.seed import Streams
from bench.loop.trainer import Trainer
from bench.rows.schema import FULL, Row
from bench.spec import Spec


def successor(
    rows: Sequence[Row], fits: FitStore, notify: Notify, data_root: Path | None = None
) -> tuple[Learner, Deal]:
    """The successor of a cell's last round, kept in `fits` or fitted anew, and the cell's deal.

    `rows` are all rows of one cell. UsageError when task, learner or their data and settings are
    not those of the rows; DataError when the data cannot be had.
    """
    torch.set_num_threads(1)
    first = rows[0]
    request = Request(
        task=first.task,
        protocol=first.protocol,
        learner=Spec.of(first.learner, json.loads(first.learner_params)),
        strategies=(FULL,),
        seeds=None,
        rounds=None,
        jobs=1,
        device="cuda" if first.device.startswith("cuda") else "cpu",
        out=fits.folder,
        data_root=data_root,
    )
    cell = Cell(request, FULL, first.seed)
    for name in ("data_digest", "config_digest"):
        if cell.origin[name] != getattr(first, name):
            raise UsageError(f"{cell.key} was made with another {name}; it cannot be fitted again.")
    deal = cell.task.deal(Streams(first.seed)("split"))
    ledger = Ledger(deal)
    for ids in (first.initial, *(row.selected for row in rows[:-1])):  # the last choice came after
        ledger.reveal(torch.tensor(ids, dtype=torch.int64))
    report = Reporter(f"{first.strategy} seed {first.seed}", 1, cell.config.epochs, notify)
    report.tell("start")
    learner = Trainer(cell, ledger, deal.judge, fits, report).fit("supervised").successor.learner
    report.tell("done")
    return learner, deal
