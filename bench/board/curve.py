"""What a learning curve says. `x` never falls, `y` may; both have one value a round."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def area(x: Values, y: Values) -> float | None:
    """Area under the curve by trapezoids, divided by the range of `x`; None for a single point."""
    (found,) = areas(x[None], y[None])
    return found


def areas(x: Values, y: Values) -> tuple[float | None, ...]:
    """The area under each of many curves [curves, rounds]."""
    spans = (x[:, -1] - x[:, 0]).tolist()
    under = ((y[:, 1:] + y[:, :-1]) / 2 * (x[:, 1:] - x[:, :-1])).sum(axis=1).tolist()
    return tuple(a / span if span > 0 else None for a, span in zip(under, spans, strict=True))


def at(x: Values, y: Values, points: Values) -> Values:
    """Linear interpolation at the points of each of many curves [curves, rounds], points [curves,
    points]; NaN outside the curve, which is never extrapolated.
    """
    before = (x[:, None] <= points[:, :, None]).sum(axis=2) - 1  # the last round that is no later
    first, last = before.clip(0), (before + 1).clip(max=x.shape[1] - 1)
    (x0, y0), (x1, y1) = (
        [np.take_along_axis(values, place, axis=1) for values in (x, y)] for place in (first, last)
    )
    slope = np.divide(y1 - y0, x1 - x0, out=np.zeros_like(points), where=x1 > x0)
    inside = (x[:, :1] <= points) & (points <= x[:, -1:])
    return np.where(inside, np.where(points == x0, y0, slope * (points - x0) + y0), np.nan)


def areas_between(x: Values, y: Values, low: Values, high: Values) -> Values:
    """The area under each of many curves [curves, rounds] from its `low` to its `high`, above it
    and both on the curve, divided by that range; the ends are interpolated.
    """
    inside = (low[:, None] < x) & (x < high[:, None])
    counts, found = inside.sum(axis=1), np.empty(len(x))
    for count in np.unique(counts):  # as many points each: what one curve sums has one order
        these = counts == count
        middle = x[these][inside[these]].reshape(these.sum(), count)
        points = np.column_stack([low[these], middle, high[these]])
        found[these] = areas(points, at(x[these], y[these], points))
    return found


def reach(x: Values, y: Values, level: float) -> float | None:
    """Where the curve first reaches the level, interpolated; None when it never does."""
    above = np.flatnonzero(y >= level)
    if above.size == 0:
        return None
    first = int(above[0])
    if first == 0:
        return float(x[0])
    share = (level - y[first - 1]) / (y[first] - y[first - 1])
    return float(x[first - 1] + share * (x[first] - x[first - 1]))
