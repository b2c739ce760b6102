"""What several seeds say together: their spread, and a difference paired by seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation over `n` seeds; no deviation from a single one."""

    mean: float
    std: float | None
    n: int


@dataclass(frozen=True)
class Difference:
    """Mean difference over `n` paired seeds and its 95 % t interval; no interval from one pair."""

    mean: float
    low: float | None
    high: float | None
    n: int

    @property
    def open(self) -> bool | None:
        """Whether the interval includes 0: the sign is not settled. None without an interval."""
        return None if self.low is None or self.high is None else self.low <= 0 <= self.high


def spread(values: Sequence[float]) -> Spread:
    """The spread of at least one value."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Spread(float(np.mean(values)), deviation, len(values))


def paired(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """Ours minus theirs, value by value (at least one), with Student's t interval."""
    result = spread(np.subtract(ours, theirs).tolist())
    if result.std is None:
        return Difference(result.mean, None, None, result.n)
    from scipy.special import stdtrit  # scipy is slow to load and only needed here

    quantile = float(stdtrit(result.n - 1, (1 + CONFIDENCE) / 2))
    half = quantile * result.std / result.n**0.5
    return Difference(result.mean, result.mean - half, result.mean + half, result.n)
