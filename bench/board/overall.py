"""What all boards of one kind of device say together of each strategy."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.board import stats
from bench.board.curve import Values
from bench.board.entry import Entry
from bench.board.leaderboard import Board

_SEED = 0  # of the bootstrap: the same rows give the same interval


@dataclass(frozen=True)
class Standing:
    """A strategy over `boards`. `gain` is its area relative to that of random with the same seed,
    minus one: the interquartile mean over boards and seeds, and the ends of its 95 % bootstrap
    interval, seeds drawn within each board.

    On `better` boards the paired interval of the difference to random is above 0, on `worse` ones
    below, on the `open` ones it includes 0.
    """

    strategy: str
    boards: int
    gain: float
    low: float
    high: float
    better: int
    open: int
    worse: int


@dataclass(frozen=True)
class Overall:
    """The standings of one device class under one version of the rules: most boards first, of
    equally many the best.
    """

    device: str
    rules: str
    standings: tuple[Standing, ...]


def overall(boards: Sequence[Board]) -> list[Overall]:
    """Of each device class and rules, by their names, in which anybody has a rank beside random's.

    So preliminary boards are left out.
    """
    kinds = sorted({_kind(board) for board in boards})
    found = (Overall(*kind, _standings([b for b in boards if _kind(b) == kind])) for kind in kinds)
    return [each for each in found if each.standings]


def _kind(board: Board) -> tuple[str, str]:
    return board.place.device, board.place.rules


def _standings(boards: Sequence[Board]) -> tuple[Standing, ...]:
    gains: dict[str, list[tuple[Entry, Values]]] = {}
    for board in boards:
        ranked = [each for each in board.entries if each.rank]
        for random in (each for each in ranked if each.strategy == "random"):
            for each in ranked:
                found = _gains(each, random)
                if each is not random and found.size:
                    gains.setdefault(each.strategy, []).append((each, found))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        standings = [*pool.map(_standing, gains, gains.values())]
    return tuple(sorted(standings, key=lambda each: (-each.boards, -each.gain, each.strategy)))


def _gains(ours: Entry, random: Entry) -> Values:
    """Area over that of random, minus one, for each seed that both have."""
    theirs = dict(zip(random.seeds, random.areas, strict=True))
    both = [(area, theirs.get(seed)) for seed, area in zip(ours.seeds, ours.areas, strict=True)]
    return np.array([one / two - 1 for one, two in both if one is not None and two])


def _standing(name: str, found: Sequence[tuple[Entry, Values]]) -> Standing:
    gains = [each for _, each in found]
    low, high = stats.stratified(gains, stats.iqm, _draws(tuple(map(len, gains))))
    signs = [_sign(each) for each, _ in found]
    return Standing(
        strategy=name,
        boards=len(found),
        gain=float(stats.iqm(gains)),
        low=low,
        high=high,
        better=signs.count(1),
        open=signs.count(0),
        worse=signs.count(-1),
    )


@lru_cache(maxsize=4)  # mostly, many strategies have the same seeds
def _draws(counts: tuple[int, ...]) -> tuple[NDArray[np.int64], ...]:
    return stats.draws(counts, np.random.default_rng(_SEED))


def _sign(each: Entry) -> int:
    gap = each.against_random
    return 0 if gap is None or gap.open in (None, True) else (1 if gap.mean > 0 else -1)
