"""Selections among many points: against the plain loop, and how their cost grows with the pool.

As ratios in one run, in the process's own CPU seconds, on one thread.
"""

from collections.abc import Callable
from statistics import median
from time import process_time

import pytest
import torch
from torch import Tensor

from bench.learners.gradient import Gradients
from bench.loop.budget import Budget
from bench.loop.geometry import Cloud, Points, farthest_first, k_means_plus_plus

LABELED, CHOSEN = 500, 300
POOLS = (1_000, 10_000, 100_000)


def drawn(count: int, seed: int = 0, size: int = 128) -> Tensor:
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


def factored(count: int) -> Gradients:
    """Gradients of some eleven words each, as sentences of ATIS have, for 64 tags."""
    lengths = torch.randint(2, 21, (count,), generator=torch.Generator().manual_seed(0))
    words = int(lengths.sum())
    return Gradients(drawn(words, 1, 64), drawn(words, 2, 64), lengths, 64.0 * 64 * lengths)


def coreset(points: Tensor) -> Tensor:
    costs = torch.ones(len(points), dtype=torch.int64)
    return farthest_first(points, drawn(LABELED, 1), costs, Budget(CHOSEN), torch.Generator())


def seeding(cloud: Cloud, chosen: int = CHOSEN) -> Tensor:
    ones = torch.ones(len(cloud), dtype=torch.int64)
    return k_means_plus_plus(cloud, ones, ones, Budget(chosen), torch.Generator())


def plain_coreset(points: Tensor) -> Tensor:
    """Farthest-first as everybody would write it first: all distances to each new centre."""
    nearest, chosen = torch.cdist(points, drawn(LABELED, 1)).amin(1), []
    for _ in range(CHOSEN):
        chosen.append(int(nearest.argmax()))
        distances = torch.cdist(points, points[chosen[-1:]]).squeeze(1)
        nearest = torch.minimum(nearest, distances)
    return torch.tensor(chosen)


def test_coreset_is_faster_than_the_plain_loop(ratio, benchmark) -> None:
    points = drawn(50_000)
    assert coreset(points).equal(plain_coreset(points))
    faster = benchmark.pedantic(
        lambda: 1 / ratio(lambda: coreset(points), lambda: plain_coreset(points), 3)
    )
    benchmark.extra_info["plain loop / coreset"] = faster
    assert faster >= 3


@pytest.mark.parametrize(
    ("name", "select", "made"),
    [
        ("coreset", coreset, drawn),
        ("k-means++", lambda points: seeding(Points(points)), drawn),
        ("k-means++ of gradients", lambda cloud: seeding(cloud, 10), factored),
    ],
    ids=["coreset", "points", "gradients"],
)
def test_cost_grows_linearly_in_the_pool(
    name: str,
    select: Callable[..., Tensor],
    made: Callable[[int], Cloud | Tensor],
    benchmark,
) -> None:
    """Ten times the points cost ten times as much, give or take a half; a thousand fit a cache."""

    def seconds(pool: Cloud | Tensor) -> float:
        start = process_time()
        select(pool)
        return process_time() - start

    def costs() -> list[float]:
        found = []
        for count in POOLS:
            pool = made(count)
            seconds(pool)
            found.append(median(seconds(pool) for _ in range(3)))
        return found

    found = benchmark.pedantic(costs)
    benchmark.extra_info[f"seconds of {name} by points"] = dict(zip(POOLS, found, strict=True))
    assert found[2] <= 15 * found[1]
    assert found[2] <= 15**2 * found[0]
