"""The strategies of a board among each other: places, and every two of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from bench.board import entry, pick, stats
from bench.board.curve import Values
from bench.board.entry import Entry
from bench.board.run import Run
from bench.board.stats import Difference


@dataclass(frozen=True)
class Pair:
    """Two strategies. `wins` and `losses` count seeds; `apart` is whether seeds tell the two apart,
    all pairs of the board considered (None where they have no ranks).
    """

    one: str
    two: str
    difference: Difference | None  # of areas, one minus two
    wins: int
    losses: int
    apart: bool | None
    jaccard: float | None  # of all ids selected
    near: bool  # near-identical in what they select


def placed(entries: Sequence[Entry]) -> list[Entry]:
    """Sorted, best first, with rank intervals and the top group: no lone number one.

    Ranked are those of all rounds and enough seeds, if there are two.
    """
    entries = _fronted(entries)
    ranked = _ranked(entries)
    places = dict(
        zip([each.strategy for each in ranked], stats.ranks(_matrix(ranked)), strict=True)
    )
    marked = [_mark(each, places.get(each.strategy)) for each in entries]
    return sorted(marked, key=_standing)


def pairs(entries: Sequence[Entry], strategies: Mapping[str, Sequence[Run]]) -> list[Pair]:
    """Every two entries, in their order."""
    ranked = [each for each in entries if each.rank]
    order = stats.order(_matrix(ranked)) if ranked else np.zeros((0, 0))
    line = {each.strategy: number for number, each in enumerate(ranked)}
    shares = pick.overlaps({each.strategy: strategies[each.strategy] for each in entries})
    compared = _compared([strategies[each.strategy] for each in entries])
    found: list[Pair] = []
    for one, two in combinations([each.strategy for each in entries], 2):
        known = one in line and two in line
        found.append(
            Pair(
                *(one, two, *compared[len(found)]),
                apart=bool(order[line[one], line[two]]) if known else None,
                jaccard=shares[one, two],
                near=(shares[one, two] or 0) >= pick.NEAR,
            )
        )
    return found


def _compared(strategies: Sequence[Sequence[Run]]) -> list[tuple[Difference | None, int, int]]:
    """Of every two strategies: their difference over the rounds and seeds that both have, and in
    how many of these seeds the one is higher, and the other.
    """
    ones, twos = np.triu_indices(len(strategies), k=1)
    lengths = np.array([runs[0].rounds for runs in strategies])
    common = np.minimum(lengths[ones], lengths[twos])
    found: list[tuple[Difference | None, int, int]] = [(None, 0, 0)] * len(common)
    for rounds in {*common.tolist()}:
        areas = _areas(
            [([run.seed for run in runs], entry.areas(runs, rounds=rounds)) for runs in strategies]
        )
        won, gaps = stats.wins(areas), areas[ones] - areas[twos]
        counts = np.sum(~np.isnan(gaps), axis=1)
        for count in {*counts[(common == rounds) & (counts > 0)].tolist()}:
            these = np.flatnonzero((common == rounds) & (counts == count))
            values = gaps[these]
            differences = stats.differences(values[~np.isnan(values)].reshape(-1, count))
            for place, each in zip(these.tolist(), differences, strict=True):
                one, two = ones[place], twos[place]
                found[place] = (each, int(won[one, two]), int(won[two, one]))
    return found


def _fronted(entries: Sequence[Entry]) -> list[Entry]:
    """Those on the Pareto fronts are marked; only strategies of all rounds take part."""
    areas = np.array(
        [each.area.mean if each.area and not each.partial else np.nan for each in entries]
    )
    fronts = {}
    for mark, name in (("front_seconds", "acquisition_seconds"), ("front_passes", "passes")):
        dear = [getattr(each.cost, name) for each in entries]
        fronts[mark] = stats.front(np.array([np.nan if d is None else d for d in dear]), areas)
    return [
        replace(each, cost=replace(each.cost, **{m: bool(f[n]) for m, f in fronts.items()}))
        for n, each in enumerate(entries)
    ]


def _ranked(entries: Sequence[Entry]) -> list[Entry]:
    able = [e for e in entries if e.area is not None and not e.partial and not e.preliminary]
    return able if len(able) > 1 else []


def _matrix(entries: Sequence[Entry]) -> Values:
    return _areas([(each.seeds, each.areas) for each in entries])


def _areas(strategies: Sequence[tuple[Sequence[int], Sequence[float | None]]]) -> Values:
    """Areas [strategies, seeds], given those of each by seed; NaN where a strategy lacks a seed."""
    seeds = sorted({seed for each, _ in strategies for seed in each})
    matrix = np.full((len(strategies), len(seeds)), np.nan)
    for line, (each, areas) in zip(matrix, strategies, strict=True):
        line[np.searchsorted(seeds, each)] = np.array(areas, dtype=float)
    return matrix


def _mark(each: Entry, place: tuple[int, int] | None) -> Entry:
    return replace(each, rank=place, top=None if place is None else place[0] == 1)


def _standing(each: Entry) -> tuple[bool, float, str]:
    value = each.area or each.scores[-1]
    return each.partial, -value.mean, each.strategy
