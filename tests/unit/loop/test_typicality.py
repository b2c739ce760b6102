"""Typical points of clusters, against the paper's procedure step by step."""

from math import dist

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bench.loop.budget import SelectionError
from bench.loop.typicality import typical_first


def stream(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def plain(points: list[list[float]], groups: list[int], free: int) -> list[int]:
    """Clusters in turn; in each, the point of least mean distance to 20 neighbours or fewer."""

    def mean(row: int) -> float:
        mine = [j for j in range(len(points)) if groups[j] == groups[row] and j != row]
        near = sorted(dist(points[row], points[j]) for j in mine)[:20]
        return sum(near) / max(1, len(near))

    def order(group: int) -> tuple[int, int]:
        labeled = sum(each == group for each in groups[free:])
        return labeled, -groups.count(group)

    left, chosen = set(range(free)), list[int]()
    while left:
        for group in sorted(set(groups), key=order):
            mine = [row for row in left if groups[row] == group]
            if mine:
                chosen.append(min(mine, key=mean))
                left.remove(chosen[-1])
    return chosen


def drawn(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Points in clusters of different sizes, and how many labels each has differs, too."""
    sizes = torch.tensor([3, 4, 9, 30, 1, 4, 5])
    groups = torch.arange(7).repeat_interleave(sizes)[torch.randperm(56, generator=stream(seed))]
    return torch.randn(56, 3, generator=stream(seed + 1)), groups[:count]


@pytest.mark.parametrize("seed", range(10))
def test_it_is_what_the_procedure_gives(seed: int) -> None:
    points, groups = drawn(56, seed)
    found = typical_first(points, groups, 45, stream(seed)).tolist()
    truth = plain(points.tolist(), groups.tolist(), 45)
    sizes, labeled = groups.bincount(minlength=7), groups[45:].bincount(minlength=7)

    def kind(row: int) -> tuple[int, int]:
        return int(labeled[groups[row]]), int(sizes[groups[row]])

    # Clusters of the same size and number of labels may take turns either way.
    assert [kind(row) for row in found] == [kind(row) for row in truth]
    for group in range(7):
        mine = [row for row in found if groups[row] == group]
        assert mine == [row for row in truth if groups[row] == group]


def test_by_hand() -> None:
    """Two clusters of three, one of one, and one of five of which one is labelled."""
    at = [0, 1, 2, 9, 20, 21, 22, 40, 42, 43, 90, 3]
    groups = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 0])
    found = typical_first(torch.tensor(at).float().unsqueeze(1), groups, 11, stream(0)).tolist()
    # The two of three are as good as each other; in the one with a label, 0 to 9, 2 is nearest to
    # the others: 1, 1, 2 and 7 off. A cluster of one has its turn, too.
    assert ({*found[:2]}, found[2:4]) == ({5, 8}, [10, 2])
    assert {*found[4:6]} <= {4, 6, 9}
    assert found[-1] == 3


def test_no_more_than_twenty_neighbours_count() -> None:
    """Beside 21 points in one place a lone one is typical of them, however many are far off."""
    points = torch.cat([torch.zeros(22), torch.full((60,), 100.0)]).unsqueeze(1)
    points[22:] += torch.arange(60.0).unsqueeze(1)
    found = typical_first(points, torch.zeros(82, dtype=torch.int64), 82, stream(0)).tolist()
    assert {*found[:22]} == {*range(22)}


CASES = st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 2)), min_size=1, max_size=12)


@given(CASES, st.integers(0, 12), st.integers(0, 99))
def test_every_point_comes_once_and_only_ties_are_open(case, free, seed) -> None:
    groups, at = (torch.tensor(column) for column in zip(*case, strict=True))
    free, points = min(free, len(case)), at.float().unsqueeze(1)
    found = typical_first(points, groups, free, stream(seed))
    assert found.dtype == torch.int64
    assert sorted(found.tolist()) == list(range(free))
    assert found.equal(typical_first(points, groups, free, stream(seed)))


def test_ties_are_open() -> None:
    groups = torch.tensor([0, 0, 1, 1])
    points = torch.tensor([[0.0], [1.0], [5.0], [6.0]])
    firsts = [int(typical_first(points, groups, 4, stream(seed))[0]) for seed in range(400)]
    assert all(60 < firsts.count(row) < 140 for row in range(4))


def test_points_that_are_not_finite_are_refused() -> None:
    with pytest.raises(SelectionError, match="not finite"):
        typical_first(torch.tensor([[0.0], [torch.inf]]), torch.tensor([0, 0]), 2, stream(0))
