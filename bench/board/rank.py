"""The strategies of a board among each other: places, and every two of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
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
    by_seed = cache(lambda name, rounds: entry.by_seed(strategies[name], rounds))
    found = []
    for one, two in combinations([each.strategy for each in entries], 2):
        rounds = min(strategies[name][0].rounds for name in (one, two))
        areas = entry.matched(by_seed(one, rounds), by_seed(two, rounds))
        won = stats.wins(np.array(areas).reshape(-1, 2).T)
        known = one in line and two in line
        found.append(
            Pair(
                one,
                two,
                difference=stats.paired(*zip(*areas, strict=True)) if areas else None,
                wins=int(won[0, 1]),
                losses=int(won[1, 0]),
                apart=bool(order[line[one], line[two]]) if known else None,
                jaccard=shares[one, two],
                near=(shares[one, two] or 0) >= pick.NEAR,
            )
        )
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
    """Areas [strategies, seeds]; NaN where a strategy lacks a seed."""
    seeds = sorted({seed for each in entries for seed in each.seeds})
    matrix = np.full((len(entries), len(seeds)), np.nan)
    for line, each in enumerate(entries):
        matrix[line, [seeds.index(seed) for seed in each.seeds]] = each.areas
    return matrix


def _mark(each: Entry, place: tuple[int, int] | None) -> Entry:
    return replace(each, rank=place, top=None if place is None else place[0] == 1)


def _standing(each: Entry) -> tuple[bool, float, str]:
    value = each.area or each.scores[-1]
    return each.partial, -value.mean, each.strategy
