"""The active-learning loop: the only one there is."""

import torch

from bench.loop.acquisition import acquire
from bench.loop.budget import SelectionError
from bench.loop.event import Reporter
from bench.loop.fit import FitStore
from bench.loop.ledger import Ledger
from bench.loop.plan import Cell
from bench.loop.record import record
from bench.loop.seed import Streams
from bench.loop.trainer import Trainer
from bench.rows import store
from bench.rows.schema import Row


def run(cell: Cell, fits: FitStore, executor: str, report: Reporter) -> list[Row]:
    """Run a cell's missing rounds, each durable before the next begins; return all its rows.

    A strategy that fails ends its cell with a row that says why. The ids in the rows are all the
    state there is, so that a killed run goes on from them to the same results.
    """
    streams, strategy = Streams(cell.seed), cell.chooser
    deal = cell.task.deal(streams("split"))
    ledger, rows = Ledger(deal), cell.done()
    trainer = Trainer(cell, ledger, deal.judge, fits, report)
    ledger.reveal(ledger.initial(cell.targets[0], streams("initial"), cell.each))
    for row in rows:
        ledger.reveal(torch.tensor(row.selected, dtype=torch.int64))
    for number in range(len(rows), cell.rounds):
        report.round = number
        models = trainer.fit(strategy.objective if strategy else "supervised")
        chosen, error = None, None
        if strategy and number + 1 < len(cell.targets):
            budget = ledger.budget(cell.targets[number + 1])
            try:
                with fits.turn.alone():
                    chosen = acquire(strategy, models.asked, ledger, budget, streams("strategy"))
            except SelectionError as reason:
                error = str(reason)
        rows.append(record(cell, ledger, number, models, chosen, error, executor))
        store.write(cell.path, rows)
        if chosen is None:
            break
        ledger.reveal(chosen.ids)
        report.tell("round", rows[-1].summary)
    return rows
