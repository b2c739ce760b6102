"""How far the strategies of one place agree: what each selects, and how it ranks the pool."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, zip_longest

import numpy as np

from bench.board import agreement
from bench.board.agreement import Ids, by_chance
from bench.board.run import Place
from bench.rows.schema import FULL, Row

Cells = Mapping[str, Mapping[int, Sequence[Row]]]
"""By strategy and seed: the rounds in which something was selected, in their order."""
Rankings = Mapping[str, Mapping[int, Ids]]
"""By strategy and seed: the ids of all that was unlabelled in the first round, best first."""
Share = tuple[float | None, float | None]
"""A Jaccard and what it would be by chance."""


@dataclass(frozen=True)
class Correlation:
    """Spearman's correlation: the mean over seeds, the lowest and the highest."""

    mean: float
    low: float
    high: float
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Pair:
    """Two strategies. `jaccard` and `chance` are by round, means over the seeds that both have.

    None where nothing was selected, or where the pool's size is not known; `spearman` is None where
    the two have no ranking of a common seed.
    """

    one: str
    two: str
    seeds: tuple[int, ...]
    jaccard: tuple[float | None, ...]
    chance: tuple[float | None, ...]
    spearman: Correlation | None

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.one} × {self.two}"


@dataclass(frozen=True)
class Overlap:
    """All pairs of a place. `unranked` strategies were asked, but rank only what they buy."""

    place: Place
    unit: str
    synthetic: bool
    pool: int | None
    pairs: tuple[Pair, ...]
    unranked: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def chance(self) -> tuple[float | None, ...]:
        """By round: the Jaccard by chance, mean over pairs."""
        return tuple(map(_mean, zip_longest(*(pair.chance for pair in self.pairs))))


def group(rows: Sequence[Row]) -> Cells:
    """The rounds in which the strategies among rows of one place selected something."""
    cells: dict[str, dict[int, list[Row]]] = {}
    for row in sorted(rows, key=lambda row: (row.seed, row.round)):
        # In a protocol's last round, and in one that failed, there is nothing to time.
        if row.strategy != FULL and row.acquisition_seconds is not None:
            cells.setdefault(str(row.spec), {}).setdefault(row.seed, []).append(row)
    return dict(sorted(cells.items()))


def build(
    place: Place,
    cells: Cells,
    rankings: Rankings,
    unranked: Sequence[str] = (),
    pool: int | None = None,
    notes: Sequence[str] = (),
) -> Overlap:
    """Every pair of strategies that share a seed.

    `pool` is the number of its items, which the rows themselves only say of a pool that is drawn.
    """
    row = next(iter(next(iter(cells.values())).values()))[0]
    drawn = json.loads(row.config).get("pool")
    pool = drawn if pool is None and isinstance(drawn, int) else pool
    pairs = (_pair(one, two, cells, rankings, pool) for one, two in combinations(cells, 2))
    found = tuple(pair for pair in pairs if pair.seeds)
    if pool is None:
        unknown = (
            "What is by chance is unknown: no row says how large the pool is, none was ranked."
        )
        notes = (*notes, unknown)
    return Overlap(place, row.unit, row.synthetic, pool, found, tuple(unranked), tuple(notes))


def correlation(one: Mapping[int, Ids], two: Mapping[int, Ids]) -> Correlation | None:
    """Spearman over the seeds that both have; None where there is none."""
    pairs = {seed: agreement.spearman(one[seed], two[seed]) for seed in one if seed in two}
    known = {seed: value for seed, value in pairs.items() if value is not None}
    if not known:
        return None
    values = list(known.values())
    return Correlation(float(np.mean(values)), min(values), max(values), tuple(known))


def _pair(one: str, two: str, cells: Cells, rankings: Rankings, pool: int | None) -> Pair:
    seeds = tuple(seed for seed in cells[one] if seed in cells[two])
    shares = [_seed(cells[one][seed], cells[two][seed], pool) for seed in seeds]
    rounds = [[share for share in each if share] for each in zip_longest(*shares)]
    return Pair(
        one,
        two,
        seeds,
        tuple(_mean([jaccard for jaccard, _ in each]) for each in rounds),
        tuple(_mean([chance for _, chance in each]) for each in rounds),
        correlation(rankings.get(one, {}), rankings.get(two, {})),
    )


def _seed(one: Sequence[Row], two: Sequence[Row], pool: int | None) -> list[Share]:
    """Jaccard of each round of one seed, and by chance, from what is left of the pool at first."""
    left = None if pool is None else pool - len(one[0].initial)
    return [
        (
            agreement.jaccard(ours.selected, theirs.selected),
            None if left is None else by_chance(left, len(ours.selected), len(theirs.selected)),
        )
        for ours, theirs in zip(one, two, strict=False)  # one may have gone further
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
