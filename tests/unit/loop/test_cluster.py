"""Clusters by k-means: what is asked of scikit-learn, and from which stream."""

import pytest
import torch
from torch import Tensor

from bench.loop import cluster
from bench.loop.budget import SelectionError
from bench.loop.cluster import clusters


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def clouds(count: int, each: int = 20) -> Tensor:
    """Small clouds far apart on a line, one after the other."""
    centres = 100.0 * torch.arange(count).repeat_interleave(each)
    return torch.randn(count * each, 2, generator=stream()) + centres.unsqueeze(1)


@pytest.mark.parametrize("exact", [50, 0], ids=["all points", "in batches"])
def test_clouds_far_apart_are_found(exact: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_EXACT", exact)
    found = clusters(clouds(3), 3, stream())
    assert found.dtype == torch.int64
    assert [len(set(part.tolist())) for part in found.split(20)] == [1, 1, 1]
    assert len(set(found.tolist())) == 3


def test_there_are_no_more_clusters_than_points_or_500() -> None:
    assert sorted(clusters(clouds(2, 2), 7, stream()).tolist()) == [0, 1, 2, 3]
    assert len(set(clusters(clouds(60, 10), 1_000, stream()).tolist())) <= 500
    assert len(set(clusters(clouds(60, 10), 40, stream()).tolist())) == 40


def test_points_that_coincide_are_one_cluster() -> None:
    """Warnings are errors here: scikit-learn's about so few clusters is none of ours."""
    points = torch.zeros(70, 2)
    assert len(set(clusters(points, 5, stream()).tolist())) == 1
    points[40:] = 9
    found = clusters(points, 60, stream())
    assert not set(found[:40].tolist()) & set(found[40:].tolist())


@pytest.mark.parametrize("count", [8, 60])
def test_they_are_a_function_of_the_stream(count: int) -> None:
    points, before = torch.randn(300, 3, generator=stream()), torch.get_rng_state()
    one, same, *others = (clusters(points, count, stream(seed)) for seed in (0, 0, 1, 2))
    assert one.equal(same)
    assert any(not one.equal(other) for other in others)
    assert torch.get_rng_state().equal(before)


def test_points_that_are_not_finite_are_refused() -> None:
    with pytest.raises(SelectionError, match="not finite"):
        clusters(torch.tensor([[0.0], [torch.nan]]), 2, stream())
