"""Nearest neighbours and balls, against loops over all pairs."""

from math import dist

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bench.loop import neighbour
from bench.loop.budget import SelectionError
from bench.loop.neighbour import finite, nearest, within

PLACE = st.tuples(st.integers(-4, 4), st.integers(-4, 4))
CLOUD = st.lists(PLACE, min_size=1, max_size=9)


def drawn(count: int, seed: int = 0, size: int = 3) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


@given(CLOUD, CLOUD, st.integers(1, 12))
def test_the_nearest_are_those_that_sorting_puts_first(one, other, count) -> None:
    distances, rows = nearest(torch.tensor(one).float(), torch.tensor(other).float(), count)
    for place, found, chosen in zip(one, distances.tolist(), rows.tolist(), strict=True):
        assert found == pytest.approx(sorted(dist(place, each) for each in other)[:count], abs=1e-6)
        assert found == pytest.approx([dist(place, other[row]) for row in chosen], abs=1e-6)
        assert len(set(chosen)) == len(chosen)


@given(CLOUD, CLOUD | st.just([]), st.floats(0, 9).map(lambda x: x + 1e-6))
def test_balls_hold_what_is_no_farther_than_their_radius(one, other, radius) -> None:
    found = within(torch.tensor(one).float(), torch.tensor(other).float().reshape(-1, 2), radius)
    assert found.tolist() == [sum(dist(x, y) <= radius for y in other) for x in one]


def test_without_others_there_are_no_neighbours() -> None:
    distances, rows = nearest(drawn(4), drawn(0), 3)
    assert distances.shape == rows.shape == (4, 0)


def test_all_pairs_are_met_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    points, others = drawn(50, 1), drawn(30, 2)
    distances, rows = nearest(points, others, 4)
    counts = within(points, others, 1.5)
    sizes: list[int] = []
    split = torch.split
    monkeypatch.setattr(neighbour, "ELEMENTS", 100)
    monkeypatch.setattr(torch, "split", lambda x, size: sizes.append(size) or split(x, size))
    again, same = nearest(points, others, 4)
    torch.testing.assert_close(again, distances)
    assert same.equal(rows)
    assert within(points, others, 1.5).equal(counts)
    assert sizes == [3, 3]


def test_near_points_far_from_the_origin_are_told_apart() -> None:
    points = torch.tensor([[1e4], [1e4 + 0.25], [1e4 + 1]])
    distances, rows = nearest(points, points, 2)
    assert distances[:, 1].tolist() == pytest.approx([0.25, 0.25, 0.75])
    assert rows[:, 1].tolist() == [1, 0, 1]


@pytest.mark.parametrize("strange", [torch.nan, torch.inf])
def test_points_that_are_not_finite_are_refused(strange: float) -> None:
    bad, good = torch.tensor([[0.0, strange]]), torch.zeros(2, 2)
    with pytest.raises(SelectionError, match="not finite"):
        nearest(bad, good, 1)
    with pytest.raises(SelectionError, match="not finite"):
        within(good, bad, 1.0)
    with pytest.raises(SelectionError, match="not finite"):
        finite(bad)
    assert finite(good) is good
