"""k-means++ seeding against enumeration, farthest-first against brute force."""

from collections import Counter
from collections.abc import Mapping
from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from torch import Tensor

from bench.loop import geometry
from bench.loop.budget import Budget, SelectionError
from bench.loop.geometry import Points, farthest_first, k_means_plus_plus

PLANE = torch.tensor([[0.0, 1.0], [3.0, 0.0], [3.0, 1.0], [-1.0, -2.0], [0.0, 5.0]]).double()
EVEN, UNEVEN = torch.ones(5).double(), torch.tensor([1.0, 0.2, 3.0, 1.0, 0.5]).double()
NONE = torch.empty(0, 2)
DRAWS = 4_000

Choice = tuple[int, ...]


def stream(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ones(count: int) -> Tensor:
    return torch.ones(count, dtype=torch.int64)


def seeding(points: Tensor, weights: Tensor, count: int, seed: int) -> Choice:
    cloud, budget = Points(points), Budget(count)
    return tuple(
        k_means_plus_plus(cloud, weights, ones(len(points)), budget, stream(seed)).tolist()
    )


def enumerated(weights: Tensor, count: int, power: float = 2) -> dict[Choice, float]:
    """The probability of every ordered choice in the plane, with D to some power."""
    truth = {}
    for chosen in permutations(range(len(PLANE)), count):
        mass, p = weights * PLANE.norm(dim=1) ** 2, 1.0
        for place, row in enumerate(chosen):
            p *= float(mass[row] / mass.sum())
            centres = PLANE[list(chosen[: place + 1])]
            mass = weights * torch.cdist(PLANE, centres).amin(1) ** power
        truth[chosen] = p
    return truth


def agreement(counts: Counter[Choice], truth: Mapping[Choice, float]) -> float:
    """Pearson's p-value; choices expected less than five times are taken together."""
    total = counts.total()
    pairs = [(counts[choice], p * total) for choice, p in truth.items() if p * total >= 5]
    rest = total - sum(seen for seen, _ in pairs), total - sum(wanted for _, wanted in pairs)
    pairs += [rest] if rest[1] >= 1 else []
    distance = sum((seen - wanted) ** 2 / wanted for seen, wanted in pairs)
    return float(chi2.sf(distance, len(pairs) - 1))


@pytest.mark.parametrize("weights", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("count", [2, 3])
def test_centres_are_as_likely_as_enumeration_says(weights: Tensor, count: int) -> None:
    counts = Counter(seeding(PLANE, weights, count, seed) for seed in range(DRAWS))
    truth = enumerated(weights, count)
    assert sum(truth.values()) == pytest.approx(1)
    assert agreement(counts, truth) > 0.01
    # So many draws tell the square from other powers, and one set of weights from the other.
    other = UNEVEN if weights is EVEN else EVEN
    for wrong in (enumerated(weights, count, 1), enumerated(weights, count, 3)):
        assert agreement(counts, wrong) < 1e-6
    assert agreement(counts, enumerated(other, count)) < 1e-6


def test_copies_of_a_centre_come_last_each_as_likely_as_another() -> None:
    points = torch.tensor([[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 3)
    places = Counter[Choice]()
    for seed in range(DRAWS):
        first, second, third = seeding(points, torch.ones(6), 3, seed)
        assert first // 3 != second // 3
        left = [row for row in range(6) if row not in (first, second)]
        places[(left.index(third),)] += 1
    assert agreement(places, {(place,): 1 / 4 for place in range(4)}) > 0.01


def test_what_weighs_nothing_comes_last() -> None:
    weights = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0])
    orders = {seeding(PLANE, weights, 5, seed) for seed in range(200)}
    assert {frozenset(order[:2]) for order in orders} == {frozenset({1, 3})}
    assert {order[2:] for order in orders} == set(permutations((0, 2, 4)))


def test_points_at_the_origin_are_drawn_uniformly() -> None:
    counts = Counter(seeding(torch.zeros(3, 2), torch.ones(3), 2, seed) for seed in range(DRAWS))
    assert agreement(counts, dict.fromkeys(permutations(range(3), 2), 1 / 6)) > 0.01


def test_a_draw_takes_one_number_of_the_stream() -> None:
    rng = stream(3)
    k_means_plus_plus(Points(torch.zeros(4, 2)), torch.ones(4), ones(4), Budget(4), rng)
    other = stream(3)
    torch.rand(4, dtype=torch.float64, generator=other)
    assert torch.equal(rng.get_state(), other.get_state())


def test_a_row_left_out_would_not_have_come_nearer() -> None:
    """The same draws, longest first, where all distances to each centre are looked at."""
    for seed in range(100):
        points = torch.randn(15, 2, dtype=torch.float64, generator=stream(seed))
        order, rng = points.norm(dim=1).argsort(descending=True), stream(seed)
        mass, slow = points[order].square().sum(1), list[int]()
        for _ in range(10):
            share = torch.rand((), dtype=torch.float64, generator=rng)
            sums = mass.cumsum(0)
            slow.append(int(order[torch.searchsorted(sums, share * sums[-1], right=True)]))
            mass = torch.cdist(points[order], points[slow]).square().amin(1)
        assert list(seeding(points, torch.ones(15), 10, seed)) == slow


CLOUDS = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=9)
PRICES = st.lists(st.integers(1, 4), min_size=9, max_size=9)


def check_budget(rows: Tensor, costs: Tensor, amount: int) -> None:
    """Each row at most once, up to the one that reaches the budget, or all of them."""
    assert rows.dtype == torch.int64
    assert len(set(rows.tolist())) == len(rows)
    spent = costs[rows].sum()
    assert spent >= amount or len(rows) == len(costs)
    assert spent - costs[rows[-1:]].sum() < max(amount, 1)


@given(CLOUDS, PRICES, st.integers(0, 30), st.integers(0, 99))
@settings(deadline=None)
def test_seeding_stops_where_the_budget_is_reached(cloud, prices, amount, seed) -> None:
    points, costs = torch.tensor(cloud).float(), torch.tensor(prices[: len(cloud)])
    weights = torch.ones(len(points))
    rows = k_means_plus_plus(Points(points), weights, costs, Budget(amount), stream(seed))
    check_budget(rows, costs, amount)
    assert rows.tolist() == [] if amount == 0 else len(rows) > 0


@given(CLOUDS, CLOUDS | st.just([]), PRICES, st.integers(0, 30), st.integers(0, 99))
@settings(deadline=None)
def test_each_is_the_farthest_of_what_is_left(cloud, labeled, prices, amount, seed) -> None:
    points, costs = torch.tensor(cloud).double(), torch.tensor(prices[: len(cloud)])
    centres = torch.tensor(labeled).double().reshape(-1, 2)
    rows = farthest_first(points, centres, costs, Budget(amount), stream(seed)).tolist()
    check_budget(torch.tensor(rows, dtype=torch.int64), costs, amount)
    for place, row in enumerate(rows):
        before = torch.cat([centres, points[rows[:place]]])
        left = [other for other in range(len(points)) if other not in rows[:place]]
        if len(before):
            nearest = torch.cdist(points, before).amin(1)
            assert nearest[row] == pytest.approx(float(nearest[left].max()), abs=1e-6)


def test_ties_and_a_start_without_centres_are_open() -> None:
    square = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    for centres in (torch.zeros(1, 2), NONE):
        firsts = Counter(
            (int(farthest_first(square, centres, ones(4), Budget(1), stream(seed))),)
            for seed in range(1_000)
        )
        assert agreement(firsts, {(row,): 1 / 4 for row in range(4)}) > 0.01


def test_many_centres_are_met_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    points, centres = torch.randn(2, 40, 5, generator=stream(0)).unbind()
    whole = farthest_first(points, centres, ones(40), Budget(40), stream(1))
    parts: list[int] = []
    split = torch.split
    monkeypatch.setattr(geometry, "ELEMENTS", 130)
    monkeypatch.setattr(torch, "split", lambda x, size: parts.append(size) or split(x, size))
    assert farthest_first(points, centres, ones(40), Budget(40), stream(1)).equal(whole)
    assert parts == [3]


def test_distances_far_from_the_origin_are_still_told_apart() -> None:
    points = 10_000 + torch.tensor([[0.0], [1.0], [3.0], [7.0], [15.0], [31.0]])
    rows = farthest_first(points, points[:1], ones(6), Budget(4), stream(0))
    assert rows.tolist() == [5, 4, 3, 2]


@pytest.mark.parametrize("strange", [torch.nan, torch.inf])
def test_points_that_are_not_finite_are_refused(strange: float) -> None:
    points = torch.tensor([[1.0, 2.0], [strange, 0.0]])
    with pytest.raises(SelectionError, match="not finite"):
        farthest_first(points, NONE, ones(2), Budget(1), stream(0))
    with pytest.raises(SelectionError, match="not finite"):
        k_means_plus_plus(Points(points), torch.ones(2), ones(2), Budget(1), stream(0))
