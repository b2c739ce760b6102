"""Acquisition boards: what queries cost, and how much faster ALISE is than what decodes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from bench.rows.speed import Speed

FAST, SLOW = ("alise", "alise_nse"), ("lc", "margin", "nse")
FORMS = ("", "[decode=sequential]")
CLAIM = 100
"""ALISE is 'more than 100 times' faster than LC and NSE 'on some large datasets' (Deng 2018)."""


class Place(NamedTuple):
    """What makes a board: only rows of one place are compared."""

    task: str
    protocol: str
    learner: str
    device: str
    environment: str
    code_digest: str
    data_digest: str
    config_digest: str
    rules_version: str
    labeled: int
    budget: int
    unit: str


@dataclass(frozen=True)
class Ratio:
    """A slow query's time by a fast one's, over one pool.

    `low` and `high` are the least and the most that any two repeats give. `trained` counts what the
    fast one's own training adds as a part of its query.
    """

    pool: int
    value: float
    low: float
    high: float
    trained: float
    extrapolated: bool


@dataclass(frozen=True)
class Race:
    """A fast strategy against a slow one, by pool.

    `even` is the pool from which the fast one is ahead although its own training counts, by the
    largest pool's times per item; None where it never is.
    """

    fast: str
    slow: str
    ratios: tuple[Ratio, ...]
    even: float | None


@dataclass(frozen=True)
class Board:
    """Rows by pool and then by time, and the races among them."""

    place: Place
    rows: tuple[Speed, ...]
    races: tuple[Race, ...]

    @property
    def training(self) -> tuple[float, float] | None:
        """Seconds of the supervised training, and of ALISE's on top of it."""
        own = [row for row in self.rows if row.own_fit_seconds is not None]
        return (own[0].fit_seconds, own[0].own_fit_seconds or 0.0) if own else None


def build(rows: Sequence[Speed]) -> list[Board]:
    """All boards of some rows, whatever their order."""
    ordered = sorted(rows, key=lambda row: (_place(row), row.pool, row.query, row.strategy))
    return [_board(place, list(found)) for place, found in groupby(ordered, _place)]


def _place(row: Speed) -> Place:
    return Place(*(getattr(row, name) for name in Place._fields))


def _board(place: Place, rows: Sequence[Speed]) -> Board:
    return Board(place, tuple(rows), tuple(_races(rows)))


def _races(rows: Sequence[Speed]) -> Iterator[Race]:
    found = {(row.strategy, row.pool): row for row in rows}
    pools = sorted({row.pool for row in rows})
    for fast in FAST:
        for slow in (name + form for form in FORMS for name in SLOW):
            pairs = [(found.get((fast, pool)), found.get((slow, pool))) for pool in pools]
            known = [(one, other) for one, other in pairs if one and other]
            if known:
                yield Race(fast, slow, tuple(_ratio(*pair) for pair in known), _even(*known[-1]))


def _ratio(fast: Speed, slow: Speed) -> Ratio:
    """Both are of the same pool; a part that was timed stands for the whole."""
    scale = (slow.pool / slow.timed) / (fast.pool / fast.timed)
    return Ratio(
        pool=fast.pool,
        value=slow.query / fast.query,
        low=scale * min(slow.seconds) / max(fast.seconds),
        high=scale * max(slow.seconds) / min(fast.seconds),
        trained=slow.query / (fast.query + (fast.own_fit_seconds or 0.0)),
        extrapolated=slow.extrapolated or fast.extrapolated,
    )


def _even(fast: Speed, slow: Speed) -> float | None:
    gain = (slow.query - fast.query) / fast.pool
    return (fast.own_fit_seconds or 0.0) / gain if gain > 0 else None
