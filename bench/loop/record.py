"""A round as a row: what was labelled, scored and chosen, what it cost, and where it came from."""

from typing import Any

from bench import __version__
from bench.loop import clock, provenance
from bench.loop.acquisition import Acquisition
from bench.loop.ledger import Ledger
from bench.loop.plan import Cell
from bench.loop.trainer import Models
from bench.rows.schema import SCHEMA_VERSION, UNCONFINED, Row


def record(
    cell: Cell,
    ledger: Ledger,
    number: int,
    models: Models,
    chosen: Acquisition | None,
    error: str | None,
    executor: str,
) -> Row:
    """The row of a round; `chosen` is absent in a protocol's last round and where it failed."""
    successor, own = models.successor.score, models.own.score if models.own else None
    known: dict[str, Any] = {**cell.key._asdict(), **ledger.counts(), **cell.origin}
    return Row(
        **known,
        round=number,
        labels=ledger.tally(),
        score=successor.value,
        own_score=own.value if own else None,
        metrics=successor.metrics,
        own_metrics=own.metrics if own else None,
        fit_seconds=successor.fit_seconds,
        own_fit_seconds=own.fit_seconds if own else None,
        acquisition_seconds=chosen.seconds if chosen else None,
        pass_seconds=chosen.pass_seconds if chosen else None,
        notes=chosen.notes or None if chosen else None,
        evaluation_seconds=successor.evaluation_seconds + (own.evaluation_seconds if own else 0),
        initial=tuple(ledger.history[0].tolist()) if number == 0 else (),
        selected=tuple(chosen.ids.tolist()) if chosen else (),
        status="failed" if error else "ok",
        error=error,
        isolation=cell.chooser.isolation if cell.chooser else UNCONFINED,
        executor=executor,
        environment=provenance.environment(),
        unit=cell.task.protocol.unit,
        synthetic=cell.task.card.synthetic,
        schema_version=SCHEMA_VERSION,
        bench_version=__version__,
        created=clock.now(),
    )
