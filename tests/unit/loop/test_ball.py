"""Pure balls and the cover by them, against the whole graph."""

from math import dist, inf

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bench.loop import neighbour
from bench.loop.ball import cover_first, pure_radius
from bench.loop.budget import Budget, SelectionError


def stream(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ones(count: int) -> Tensor:
    return torch.ones(count, dtype=torch.int64)


def drawn(count: int, seed: int, size: int = 3) -> Tensor:
    return torch.randn(count, size, generator=stream(seed), dtype=torch.float64)


def purity(points: list[list[float]], groups: list[int], radius: float) -> float:
    """The share of balls without a point of another cluster."""
    pairs = list(zip(points, groups, strict=True))
    pure = [all(dist(x, y) > radius or mine == its for y, its in pairs) for x, mine in pairs]
    return sum(pure) / len(pure)


@pytest.mark.parametrize("count", [8, 19, 20, 21, 40, 95])
@pytest.mark.parametrize("seed", range(3))
def test_a_larger_radius_would_not_be_pure_enough(count: int, seed: int) -> None:
    points, groups = drawn(count, seed), torch.randint(3, (count,), generator=stream(seed))
    radius = pure_radius(points, groups)
    assert purity(points.tolist(), groups.tolist(), radius) >= 0.95
    assert purity(points.tolist(), groups.tolist(), radius * (1 + 1e-8)) < 0.95


def test_the_radius_by_hand() -> None:
    """Two lines of points, 5 apart: the two at their ends may have a ball that is not pure."""
    lines = torch.cat([torch.arange(20.0), 24 + torch.arange(20.0)]).unsqueeze(1)
    groups = torch.arange(40) // 20
    assert pure_radius(lines, groups) == pytest.approx(6)
    assert pure_radius(lines[1:], groups[1:]) == pytest.approx(5)  # of 39, one may
    assert pure_radius(lines, torch.zeros(40, dtype=torch.int64)) == inf


def gains(
    points: list[list[float]], centres: list[list[float]], radius: float, chosen: list[int]
) -> list[int]:
    """How many uncovered points the ball around each point holds."""
    before = centres + [points[row] for row in chosen]
    bare = [y for y in points if all(dist(x, y) > radius for x in before)]
    return [sum(dist(x, y) <= radius for y in bare) for x in points]


PLACE = st.tuples(st.integers(-4, 4), st.integers(-4, 4)).map(list)
CLOUD = st.lists(PLACE, min_size=1, max_size=12)
PRICES = st.lists(st.integers(1, 4), min_size=12, max_size=12)


@given(CLOUD, CLOUD | st.just([]), PRICES, st.integers(1, 30), st.integers(0, 5), st.integers(0, 9))
def test_each_covers_most_of_what_is_uncovered(
    cloud, labeled, prices, amount, radius, seed
) -> None:
    radius += 0.1
    points, costs = torch.tensor(cloud).float(), torch.tensor(prices[: len(cloud)])
    centres = torch.tensor(labeled).float().reshape(-1, 2)
    rows = cover_first(points, centres, radius, costs, Budget(amount), stream(seed))
    assert rows.dtype == torch.int64
    rows = rows.tolist()
    assert len(set(rows)) == len(rows)
    spent = [prices[row] for row in rows]
    assert sum(spent) >= amount or len(rows) == len(cloud)
    assert sum(spent[:-1]) < amount
    for place, row in enumerate(rows):
        gain = gains(cloud, labeled, radius, rows[:place])
        assert gain[row] == max(gain)


@pytest.mark.parametrize("seed", range(5))
def test_clouds_in_parts(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbour, "ELEMENTS", 500)
    points, centres = drawn(80, seed), drawn(4, seed + 20)
    rows = cover_first(points, centres, 0.9, ones(80), Budget(80), stream(seed)).tolist()
    assert sorted(rows) == list(range(80))
    for place in range(0, 80, 7):
        gain = gains(points.tolist(), centres.tolist(), 0.9, rows[:place])
        assert gain[rows[place]] == max(gain)


def test_what_is_labelled_covers_from_the_start() -> None:
    points = torch.tensor([[0.0], [0.5], [1.0], [10.0], [10.5]])
    none = torch.empty(0, 1)
    rows = cover_first(points, none, 0.6, ones(5), Budget(2), stream(0)).tolist()
    assert rows[0] == 1
    assert rows[1] in {3, 4}
    rows = cover_first(points, points[:2], 0.6, ones(5), Budget(1), stream(0)).tolist()
    assert rows[0] in {3, 4}


def test_ties_and_what_comes_when_all_is_covered_are_open() -> None:
    points = torch.zeros(4, 1)
    for centres in (torch.empty(0, 1), points[:1]):
        rows = [cover_first(points, centres, 1, ones(4), Budget(4), stream(s)) for s in range(400)]
        for place in (0, 3):
            found = [int(each[place]) for each in rows]
            assert all(60 < found.count(row) < 140 for row in range(4))


def test_a_radius_of_zero_or_infinity_is_no_trouble() -> None:
    points = drawn(9, 0)
    for radius in (0.0, inf):
        rows = cover_first(points, points[:0], radius, ones(9), Budget(9), stream(0)).tolist()
        assert sorted(rows) == list(range(9))


@pytest.mark.parametrize("strange", [torch.nan, torch.inf])
def test_points_that_are_not_finite_are_refused(strange: float) -> None:
    points = torch.tensor([[1.0, 2.0], [strange, 0.0]])
    with pytest.raises(SelectionError, match="not finite"):
        pure_radius(points, torch.tensor([0, 1]))
    with pytest.raises(SelectionError, match="not finite"):
        cover_first(points, points[:0], 1, ones(2), Budget(1), stream(0))
