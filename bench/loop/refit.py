"""A finished cell fitted again, round by round, from the ids that its rows hold."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from bench.loop.event import Notify
from bench.loop.fit import FitStore
from bench.loop.ledger import Ledger
from bench.loop.record import record
from bench.loop.replay import remake, told
from bench.loop.seed import Streams
from bench.loop.trainer import Trainer
from bench.rows.schema import FULL, Row


def refit(
    rows: Sequence[Row], fits: FitStore, notify: Notify, data_root: Path | None = None
) -> Iterator[Row]:
    """Every row of one cell as it is when fitted here and now; its strategy is not asked.

    Counts and scores are those of the ids in the rows, `initial` is the seed's own draw. Raises as
    `replay.remake`; OracleError for an id that cannot have been revealed.
    """
    first = rows[0]
    cell = remake(first, FULL if first.strategy == FULL else "random", fits, data_root)
    streams = Streams(cell.seed)
    deal = cell.task.deal(streams("split"))
    ledger = Ledger(deal)
    drawn = ledger.initial(cell.targets[0], streams("initial"), cell.each)
    bought = first.initial
    with told(first, cell, notify, len(rows)) as report:
        trainer = Trainer(cell, ledger, deal.judge, fits, report)
        for row in rows:
            ledger.reveal(torch.tensor(bought, dtype=torch.int64))
            report.round, bought = row.round, row.selected
            models = trainer.fit("supervised" if row.own_score is None else "adversarial")
            again = record(cell, ledger, row.round, models, None, row.error, row.executor)
            yield replace(again, initial=tuple(drawn.tolist()) if row is first else ())
            report.tell("round", again.summary)
