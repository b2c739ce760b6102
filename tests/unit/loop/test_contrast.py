"""The contrastive priority against loops over items, neighbours and classes."""

from math import dist, exp, inf, isinf, log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bench.loop import contrast as contrasts
from bench.loop.budget import SelectionError
from bench.loop.contrast import contrast


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def said(count: int, seed: int) -> Tensor:
    return torch.log_softmax(3 * drawn(count, 4, seed=seed), -1)


def plain(points: Tensor, labeled: Tensor, here: Tensor, there: Tensor) -> list[float]:
    """The paper's Algorithm 1, lines 2 to 8, as it reads."""
    priority = []
    for x, q in zip(points.tolist(), here.tolist(), strict=True):
        order = sorted(range(len(labeled)), key=lambda row: dist(x, labeled[row].tolist()))[:10]
        total = 0.0
        for row in order:
            for log_p, log_q in zip(there[row].tolist(), q, strict=True):
                total += exp(log_p) * (log_p - log_q) if log_p > -inf else 0.0
        priority.append(total / len(order))
    return priority


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("labeled", [1, 9, 10, 11, 40])
def test_it_is_the_mean_divergence_from_the_nearest_labelled(labeled: int, seed: int) -> None:
    points, others = drawn(25, 3, seed=seed), drawn(labeled, 3, seed=seed + 50)
    here, there = said(25, seed), said(labeled, seed + 70)
    found = contrast(points, others, here, there)
    assert found.dtype == torch.float64
    assert found.tolist() == pytest.approx(plain(points, others, here, there), rel=1e-5)


def test_the_direction_is_from_the_labelled_one_to_the_item() -> None:
    here, there = torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.9, 0.1]]).log()
    found = contrast(torch.zeros(1, 1), torch.zeros(1, 1), here, there)
    assert float(found) == pytest.approx(0.9 * log(0.9 / 0.5) + 0.1 * log(0.1 / 0.5), rel=1e-6)


def test_what_is_ruled_out_is_infinitely_far_or_adds_nothing() -> None:
    sure, even = torch.tensor([[0.0, -inf]]), torch.tensor([[0.5, 0.5]]).log()
    at = torch.zeros(1, 2)
    assert float(contrast(at, at, even, sure)) == pytest.approx(log(2))
    assert isinf(contrast(at, at, sure, even))
    assert float(contrast(at, at, sure, sure)) == 0


def test_without_labels_nothing_contrasts() -> None:
    assert contrast(drawn(3, 2), drawn(0, 2), said(3, 0), said(0, 0)).tolist() == [0, 0, 0]


@given(st.integers(1, 60))
def test_parts_make_no_difference(elements: int) -> None:
    points, others, here, there = drawn(20, 3), drawn(15, 3, seed=1), said(20, 2), said(15, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contrasts, "ELEMENTS", elements)
        found = contrast(points, others, here, there)
    assert found.tolist() == pytest.approx(plain(points, others, here, there), rel=1e-5)


def test_points_that_are_not_finite_are_refused() -> None:
    points = torch.tensor([[0.0], [torch.nan]])
    for one, other in ((points, points[:1]), (points[:1], points)):
        with pytest.raises(SelectionError, match="not finite"):
            contrast(one, other, said(len(one), 0), said(len(other), 0))
