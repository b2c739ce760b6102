"""What a requested board will cost: its fits, its hours by part, its end on some workers, its disk.

Nothing is run. A fit that cells share is counted and paid for by the first of them, and not at all
where it is kept from an earlier run.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.board.cost import EVALUATION, FIT, OWN, PASS, QUERY, ROWS, Costs, Found, Like
from bench.board.cost_check import CHOICE, PARTS
from bench.board.line import Estimate
from bench.board.schedule import Piece, makespan


@dataclass(frozen=True)
class Step:
    """A round to come: sizes as those of `Sample`, the keys of its fits, and whether one chooses.

    `own` is None where the objective is supervised.
    """

    labelled: float
    unlabelled: float
    tested: int
    asks: bool
    fit: Hashable
    own: Hashable | None = None


@dataclass(frozen=True)
class Job:
    """A cell to run: its open rounds, and the items that its rows will name in the end."""

    like: Like
    items: float
    steps: Sequence[Step]


class Made(NamedTuple):
    """Bytes of a trained model and of an own one; 0 where only training tells."""

    fit: int = 0
    own: int = 0


NOT_KNOWN = Made()


@dataclass(frozen=True)
class Asked:
    """The cells to run, on how many workers, and the keys of the fits that are kept already."""

    title: str
    device: str
    jobs: Sequence[Job]
    workers: int
    finished: int = 0
    kept: Collection[Hashable] = ()
    made: Made = NOT_KNOWN
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Bill:
    """Numbers of fits; seconds by part, of all, of the wall-clock and of the longest cell; bytes.

    `shared` fits are asked for by several cells and made once; `finished` cells are none of
    `cells`. `notes` say what was learned from rows that are less like the request than one could
    wish. `fits_bytes` is None where only training tells how large a model gets.
    """

    title: str
    device: str
    cells: int
    finished: int
    workers: int
    fits: int
    own_fits: int
    shared: int
    kept: int
    parts: dict[str, Estimate]
    seconds: Estimate
    wall: Estimate
    longest: Estimate
    rows_bytes: Estimate
    fits_bytes: int | None
    notes: list[str]


Priced = tuple[str, Hashable | None, Estimate]
"""A part, the key that it is shared by, and its cost."""


def bill(request: Asked, costs: Costs) -> Bill:
    """What a request will cost; UsageError as `Costs.find`."""
    jobs, kept, made = request.jobs, request.kept, request.made
    priced = [list(_priced(job, costs)) for job in jobs]
    asked = [key for job in jobs for key in _keys(job)]
    own = {step.own for job in jobs for step in job.steps} - {None, *kept}
    fits = len({*asked} - {*kept}) - len(own)
    parts = _parts(priced, kept)
    alone = [_ranged([each], 1, kept) for each in priced]
    return Bill(
        title=request.title,
        device=request.device,
        cells=len(jobs),
        finished=request.finished,
        workers=request.workers,
        fits=fits,
        own_fits=len(own),
        shared=len(asked) - len({*asked}),
        kept=len({*asked} & {*kept}),
        parts=parts,
        seconds=sum(parts.values(), Estimate()),
        wall=_ranged(priced, request.workers, kept),
        longest=max(alone, key=lambda each: each.value, default=Estimate()),
        rows_bytes=sum((costs.estimate(ROWS, job.like, job.items) for job in jobs), Estimate()),
        fits_bytes=None if fits and not made.fit else fits * made.fit + len(own) * made.own,
        notes=[*request.notes, *_notes(jobs, costs)],
    )


def _keys(job: Job) -> Iterator[Hashable]:
    for step in job.steps:
        yield step.fit
        if step.own is not None:
            yield step.own


def _priced(job: Job, costs: Costs) -> Iterator[Priced]:
    """What a cell does, in order; a model is scored by whoever trains it."""
    for step in job.steps:
        scored = costs.estimate(EVALUATION, job.like, step.tested)
        for part, key in ((FIT, step.fit), (OWN, step.own)):
            if key is not None:
                yield part, key, costs.estimate(part, job.like, step.labelled)
                yield EVALUATION, (EVALUATION, key), scored
        if step.asks:
            yield CHOICE, None, costs.query(job.like, step.unlabelled)


def _parts(cells: Iterable[Iterable[Priced]], kept: Collection[Hashable]) -> dict[str, Estimate]:
    parts, paid = dict.fromkeys(PARTS, Estimate()), _done(kept)
    for part, key, cost in (each for cell in cells for each in cell):
        if key is None or key not in paid:
            parts[part] += cost
        if key is not None:
            paid.add(key)
    return parts


def _done(kept: Collection[Hashable]) -> set[Hashable]:
    return {*kept, *((EVALUATION, key) for key in kept)}


def _ranged(
    cells: Sequence[Sequence[Priced]], workers: int, kept: Collection[Hashable]
) -> Estimate:
    """The wall-clock, and what it is when all takes as little, or as much, as is likely."""
    done = _done(kept)

    def end(which: str) -> float:
        pieces = [[Piece(getattr(cost, which), key) for _, key, cost in cell] for cell in cells]
        return makespan(pieces, workers, done)

    return Estimate(end("value"), end("low"), end("high"))


def _notes(jobs: Sequence[Job], costs: Costs) -> Iterator[str]:
    """Which parts were learned from something less like them than rows of their own."""
    told: dict[tuple[str, Found], list[str]] = {}
    for job in {job.like: job for job in jobs}.values():
        own = any(step.own is not None for step in job.steps)
        asks = any(step.asks for step in job.steps)
        for part in (FIT, *([OWN] * own), *([PASS, QUERY] * asks), EVALUATION):
            found = costs.find(part, job.like)
            if not found.best:
                told.setdefault((part, found), []).append(job.like.strategy)
    for (part, found), names in told.items():
        what = f"{part} of {', '.join(names)}" if part == QUERY else part
        shared = [name for name in found.shared if name != "device"]
        like = f"of the same {' and '.join(shared)}" if shared else "of anything"
        where = "" if "device" in found.shared else ", on another device: take it as a guess"
        yield f"{what}: never run like this; learned from {found.rows} rows {like}{where}."
