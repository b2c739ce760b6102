"""Seconds as a constant and a slope over a size, learned so that a slow hour does not bend it.

A machine that does other things makes a measurement two or ten times too long, never much too
short. So the line is fitted to relative errors, Σ (1 − predicted/measured)², neither part below
zero: what was ten times too slow then weighs at most one. That leans to the fast ones; the line is
scaled so that the mean of measured/predicted is 1, the slow ones included, since totals are asked
for.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from bench.board.curve import Values

UNSURE = 3.0
"""How far off a line may at least be, either way, that one group or something else tells."""
_SHORTEST = 1e-6  # seconds; a clock may say none


@dataclass(frozen=True)
class Estimate:
    """Seconds (or bytes) to be expected, and the range in which they are likely."""

    value: float = 0.0
    low: float = 0.0
    high: float = 0.0

    def __add__(self, other: "Estimate") -> "Estimate":
        """The sum, as if both were off the same way: the wider range."""
        return Estimate(self.value + other.value, self.low + other.low, self.high + other.high)

    def times(self, factor: float) -> "Estimate":
        """So many of it."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Line:
    """`constant` + `slope` × size, and what is measured per what is predicted, at least and most.

    These two are of groups (seeds, boards) that the line was learned without, one after the other;
    1 or beyond, and 1/UNSURE and UNSURE or beyond where there is one group, or it is not sure.
    """

    constant: float
    slope: float
    low: float
    high: float

    def at(self, size: float) -> Estimate:
        """What is to be expected of a size."""
        value = self.constant + self.slope * size
        return Estimate(value, value * self.low, value * self.high)


def learn(
    sizes: Sequence[float],
    seconds: Sequence[float],
    groups: Sequence[Hashable],
    sure: bool = True,
) -> Line:
    """The line of some measurements, at least one; `groups` says which stand or fall together.

    `sure` says whether they are of the very thing that the line is for.
    """
    x, y = np.array(sizes, float), np.maximum(np.array(seconds, float), _SHORTEST)
    names = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    codes = np.array([names[name] for name in groups])
    constant, slope = _fit(x, y)
    ratios = [1.0] if sure and len(names) > 1 else [1 / UNSURE, UNSURE]
    if len(names) > 1:
        ratios += [_off(x, y, codes == code) for code in names.values()]
    return Line(constant, slope, min(ratios), max(ratios))


def _fit(x: Values, y: Values) -> tuple[float, float]:
    unit = x.mean() or 1.0
    design = np.stack([x / unit, np.ones_like(x)], 1)  # of equals the slope comes first
    found, _ = nnls(design / y[:, None], np.ones_like(y))
    slope, constant = found * (y / (design @ found)).mean()
    return float(constant), float(slope / unit)


def _off(x: Values, y: Values, held: np.ndarray) -> float:
    """What some measured, per what the others predict of them."""
    constant, slope = _fit(x[~held], y[~held])
    return float(y[held].sum() / max((constant + slope * x[held]).sum(), _SHORTEST))
