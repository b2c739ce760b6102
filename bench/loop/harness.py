"""The active-learning loop: the only one there is."""

from functools import partial

import torch

from bench.loop import clock, provenance
from bench.loop.acquisition import Acquisition, acquire
from bench.loop.budget import SelectionError
from bench.loop.event import Event, Notify
from bench.loop.fit import Fit, FitStore
from bench.loop.ledger import Ledger
from bench.loop.plan import Cell
from bench.loop.seed import Streams
from bench.loop.trainer import Trainer
from bench.rows import store
from bench.rows.schema import SCHEMA_VERSION, Row


def run(cell: Cell, fits: FitStore, executor: str, notify: Notify) -> list[Row]:
    """Run a cell's missing rounds, each durable before the next begins; return all its rows.

    A strategy that fails ends its cell with a row that says why. The ids in the rows are all the
    state there is, so that a killed run goes on from them to the same results.
    """
    streams, strategy = Streams(cell.seed), cell.chooser
    deal = cell.task.deal(streams("split"))
    ledger, rows = Ledger(deal), cell.done()
    trainer = Trainer(cell, ledger, deal.judge, fits)
    ledger.reveal(ledger.initial(cell.targets[0], streams("initial")))
    for row in rows:
        ledger.reveal(torch.tensor(row.selected, dtype=torch.int64))
    for number in range(len(rows), cell.rounds):
        epoch = partial(_epoch, cell, number, notify)
        successor = trainer.successor(epoch)
        own = trainer.own(strategy.objective, successor, epoch) if strategy else None
        chosen, error = None, None
        if strategy and number + 1 < len(cell.targets):
            budget, model = ledger.budget(cell.targets[number + 1]), (own or successor).learner
            try:
                chosen = acquire(strategy, model, ledger, budget, streams("strategy"))
            except SelectionError as reason:
                error = str(reason)
        rows.append(_row(cell, ledger, number, successor, own, chosen, error, executor))
        store.write(cell.path, rows)
        notify(_event(cell, number, "failed" if error else "round", message=_say(rows[-1])))
        if chosen is None:
            break
        ledger.reveal(chosen.ids)
    return rows


def _row(
    cell: Cell,
    ledger: Ledger,
    number: int,
    successor: Fit,
    own: Fit | None,
    chosen: Acquisition | None,
    error: str | None,
    executor: str,
) -> Row:
    first, second = successor.score, own.score if own else None
    return Row(
        **cell.key._asdict(),
        **ledger.counts(),
        **cell.digests,
        round=number,
        score=first.value,
        own_score=second.value if second else None,
        metrics=first.metrics,
        own_metrics=second.metrics if second else None,
        fit_seconds=first.fit_seconds,
        own_fit_seconds=second.fit_seconds if second else None,
        acquisition_seconds=chosen.seconds if chosen else None,
        pass_seconds=chosen.pass_seconds if chosen else None,
        evaluation_seconds=first.evaluation_seconds + (second.evaluation_seconds if second else 0),
        initial=tuple(ledger.history[0].tolist()) if number == 0 else (),
        selected=tuple(chosen.ids.tolist()) if chosen else (),
        status="failed" if error else "ok",
        error=error,
        isolation="none",
        executor=executor,
        environment=provenance.environment(),
        unit=cell.task.protocol.unit,
        synthetic=cell.task.card.synthetic,
        schema_version=SCHEMA_VERSION,
        bench_version=provenance.__version__,
        created=clock.now(),
    )


def _epoch(cell: Cell, number: int, notify: Notify, epoch: int) -> None:
    notify(_event(cell, number, "epoch", epoch=epoch))


def _event(cell: Cell, number: int, kind: str, epoch: int = 0, message: str = "") -> Event:
    return Event(cell.name, kind, number + 1, cell.rounds, epoch, cell.epochs, message)


def _say(row: Row) -> str:
    return row.error or f"{row.items} items, {row.words} words: {row.score:.3f}"
