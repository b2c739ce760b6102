"""Robust covers against exhaustive search, and what is said of them when time runs out."""

from itertools import chain, combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.loop import cover as covers
from bench.loop.budget import Budget
from bench.loop.cover import Answer, Problem, Rows, robust_first, search
from bench.loop.geometry import farthest_first

NOTHING = np.array([], dtype=np.int64)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def problem(
    points: list[tuple[int, int]],
    labeled: list[tuple[int, int]],
    costs: list[int],
    amount: int,
    outliers: int,
) -> Problem:
    at = np.array(points, dtype=float)
    near = [np.hypot(*(at - centre).T) for centre in labeled]
    reached = np.min(near, axis=0) if near else np.full(len(at), np.inf)
    apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    return Problem(apart, reached, np.array(costs), amount, outliers)


def radius(of: Problem, chosen: tuple[int, ...]) -> float:
    """The largest distance to a centre once the outliers, the farthest, are gone."""
    nearest = sorted(
        min([of.reached[i], *(of.distances[i, j] for j in chosen)]) for i in range(len(of.costs))
    )
    kept = nearest[: len(nearest) - of.outliers]
    return kept[-1] if kept else 0.0


def least(of: Problem) -> float:
    """The least radius of all choices that can be paid."""
    rows = range(len(of.costs))
    choices = chain.from_iterable(combinations(rows, size) for size in range(len(rows) + 1))
    return min(radius(of, c) for c in choices if sum(of.costs[list(c)]) <= of.amount)


POINTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=9)
PROBLEMS = st.builds(
    lambda points, labeled, costs, *rest: problem(points, labeled, costs[: len(points)], *rest),
    POINTS,
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=2),
    st.just([1] * 9) | st.lists(st.integers(1, 6), min_size=9, max_size=9),
    st.integers(1, 12),
    st.integers(0, 2),
)


@given(PROBLEMS)
@settings(deadline=None, max_examples=60)
def test_the_radius_is_the_least_of_all_choices(of: Problem) -> None:
    found = search(of, NOTHING, time_limit=600)
    assert found.radius == found.bound == least(of)
    assert (found.gap, found.timed_out) == (0, 0)
    assert radius(of, tuple(found.rows)) == found.radius
    assert sum(of.costs[found.rows]) <= of.amount


TOWNS = problem(
    [(x, y) for x in (0, 20, 40) for y in (0, 1, 2, 3)] + [(500, 0)], [(0, 0)], [1] * 13, 2, 1
)


def test_an_outlier_is_left_alone_where_it_may_be() -> None:
    found = search(TOWNS, NOTHING, 600)
    assert found.radius == 3  # of the labelled point itself; the other towns have centres
    assert sorted(found.rows // 4) == [1, 2]
    strict = Problem(TOWNS.distances, TOWNS.reached, TOWNS.costs, 2, outliers=0)
    assert 12 in search(strict, NOTHING, 600).rows


def test_without_time_the_start_stays_and_nothing_is_proven() -> None:
    start = np.array([12, 11])
    found = search(TOWNS, start, time_limit=0)
    assert found.rows.tolist() == start.tolist()
    assert found.radius == TOWNS.radius(start) > 3
    assert (found.bound, found.gap, found.timed_out) == (0, 1, 0)


def test_the_solver_ends_when_its_time_is_over() -> None:
    draws = np.random.default_rng(0).integers(0, 1000, (300, 2)).tolist()
    large = problem([(x, y) for x, y in draws], [(0, 0)], [1] * 300, 10, 1)
    found = search(large, np.arange(10), time_limit=1e-6)
    assert found.timed_out > 0
    assert 0 < found.gap <= 1
    assert found.radius <= large.radius(np.arange(10))


def test_what_has_no_answer_leaves_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an answer from 2 to 8, the radius is the least above, the bound where answers end."""
    honest, asked = Problem.probe, list[float]()

    def probe(self: Problem, radius: float, seconds: float) -> Answer:
        asked.append(radius)
        return Answer(None, False) if 2 <= radius <= 8 else honest(self, radius, seconds)

    monkeypatch.setattr(Problem, "probe", probe)
    line = problem([(x, 0) for x in range(0, 56, 2)], [(0, 0)], [1] * 28, 2, 0)
    found = search(line, NOTHING, 600)
    assert min(radius(line, pair) for pair in combinations(range(28), 2)) == 10
    assert (found.radius, found.bound) == (10, 2)
    assert found.gap == pytest.approx(0.8)
    assert found.timed_out == sum(2 <= radius <= 8 for radius in asked) > 1


def test_a_claim_of_the_solver_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy import optimize

    class Claim:
        x, status = np.ones(2 * len(TOWNS.costs)), 0  # everything, which costs too much

    monkeypatch.setattr(optimize, "milp", lambda *_, **__: Claim())
    assert TOWNS.probe(3.0, 1.0) == Answer(None, False)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Problem, Rows]]:
    """The problems that are searched, with where each starts."""
    made: list[tuple[Problem, Rows]] = []
    honest = search

    def noted(of: Problem, start: Rows, time_limit: float) -> covers.Cover:
        made.append((of, start))
        return honest(of, start, time_limit)

    monkeypatch.setattr(covers, "search", noted)
    return made


@pytest.mark.parametrize("amount", [3, 12, 500])
@pytest.mark.parametrize("labeled", [0, 1, 4])
def test_a_ranking_is_the_cover_and_then_the_farthest(
    amount: int, labeled: int, kept: list[tuple[Problem, Rows]]
) -> None:
    points, centres = (torch.rand(n, 2, generator=stream(n)) for n in (40, labeled))
    costs = torch.randint(1, 4, (40,), generator=stream(5))
    rows, found = robust_first(points, centres, costs, Budget(amount), stream(), 60)
    assert len(set(rows.tolist())) == len(rows)
    assert costs[rows].sum() >= amount or len(rows) == 40
    assert costs[rows[:-1]].sum() < amount
    first = rows[: len(found.rows)]
    ((asked, start),) = kept
    greedy = farthest_first(points, centres, costs, Budget(amount), stream())
    assert sum(asked.costs[start]) <= amount
    assert found.radius <= asked.radius(start)
    assert (asked.costs.tolist()[: len(greedy)], asked.amount) == (costs[greedy].tolist(), amount)
    assert costs[first].sum() <= amount
    for place in range(1, len(rows)):
        before = torch.cat([centres, points[rows[:place]]])
        stage = first if place < len(first) else torch.arange(40)
        left = stage[~torch.isin(stage, rows[:place])]
        nearest = torch.cdist(points, before).amin(1)
        assert nearest[rows[place]] == pytest.approx(float(nearest[left].max()), abs=1e-5)


def test_what_is_left_goes_to_the_farthest_from_the_cover_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points, costs = torch.tensor([[0.0], [10.0], [9.0], [4.0]]), torch.ones(4, dtype=torch.int64)
    # The program's first point is the first greedy one, row 1.
    monkeypatch.setattr(covers, "search", lambda *_: covers.Cover(np.array([0]), 1.0, 1.0, 0))
    rows, _ = robust_first(points, points[:1], costs, Budget(2), stream(), 60)
    assert rows.tolist() == [1, 3]


def test_a_program_holds_the_greedy_choice_and_a_rest(
    monkeypatch: pytest.MonkeyPatch, kept: list[tuple[Problem, Rows]]
) -> None:
    monkeypatch.setattr(covers, "CANDIDATES", 10)
    points, costs = torch.rand(40, 2, generator=stream()), torch.ones(40, dtype=torch.int64)
    for amount in (4, 12):
        rows, found = robust_first(points, points[:1], costs, Budget(amount), stream(1), 60)
        assert len(rows) == amount
        greedy = farthest_first(points, points[:1], costs, Budget(amount), stream(1))[:10]
        asked, start = kept.pop()
        assert (len(asked.costs), start.tolist()) == (10, list(range(len(greedy))))
        among = torch.cdist(points[greedy].double(), points[greedy].double())
        assert asked.distances[: len(greedy), : len(greedy)] == pytest.approx(among.numpy())
        assert found.radius <= asked.radius(start)
    assert asked.outliers == 1
