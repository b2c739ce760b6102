"""Strategies for low budgets: contrastive examples, typical points, a cover by balls."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from bench.loop import strategy
from bench.loop.ball import cover_first, pure_radius
from bench.loop.budget import Budget, SelectionError
from bench.loop.contrast import contrast

Ask = Callable[..., list[int]]


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def clouds(*places: tuple[float, float, int]) -> Tensor:
    """So many points around each place, close to it."""
    return torch.cat(
        [torch.tensor([x, y]) + 0.1 * drawn(n, 2, seed=i) for i, (x, y, n) in enumerate(places)]
    )


def test_cal_takes_the_highest_contrast_first(ask: Ask) -> None:
    latent, said = drawn(40, 3), torch.log_softmax(2 * drawn(40, 4, seed=1), -1)
    priority = contrast(latent[15:], latent[:15], said[15:], said[:15])
    chosen = ask("cal", labeled=15, amount=25, latent=latent, class_log_probs=said)
    assert chosen == [15 + row for row in priority.argsort(descending=True).tolist()]


def test_cal_goes_where_neighbours_are_contradicted(ask: Ask) -> None:
    """The labelled are sure of the first class; so is all that is near but the last item."""
    latent = clouds((0, 0, 30))
    said = torch.tensor([[0.99, 0.01]] * 29 + [[0.4, 0.6]]).log()
    assert ask("cal", labeled=12, amount=1, latent=latent, class_log_probs=said)[0] == 29


def test_typiclust_takes_one_of_each_cloud_without_a_label(ask: Ask) -> None:
    """Largest first; the middle of a cloud is typical, an outlier of it is not."""
    latent = clouds((0, 0, 3), (0, 0, 40), (9, 0, 10), (0, 9, 30), (9, 9, 20))
    latent = torch.cat([latent[:-20], torch.tensor([[9.0, 9.0]]) + clouds((0, 0, 19), (1, 1, 1))])
    for seed in range(3):
        chosen = ask("typiclust", labeled=3, amount=1, seed=seed, latent=latent)
        assert 53 <= chosen[0] < 83  # with four clusters, that of 30 is the largest unlabelled
        assert sorted(chosen) == list(range(3, 103))
        assert 102 not in chosen[:50]


def test_typiclust_asks_for_as_many_clusters_as_will_be_labelled(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []

    def clusters(points: Tensor, count: int, rng: torch.Generator) -> Tensor:
        counts.append((len(points), count))
        return torch.zeros(len(points), dtype=torch.int64)

    select = strategy.load("typiclust").select
    monkeypatch.setitem(select.__globals__, "clusters", clusters)
    latent, words = drawn(10, 2), [99, 99, 1, 2, 3, 4, 5, 6, 7, 8]  # 4.5 in the mean
    for amount, costs in ((3, None), (100, None), (14, words), (1, words)):
        chosen = ask("typiclust", labeled=2, amount=amount, costs=costs, latent=latent)
        assert sorted(chosen) == list(range(2, 10))
    assert counts == [(10, 5), (10, 10), (10, 5), (10, 3)]


LABELS = [["a"], ["b"], ["a"], ["c"], ["b"]]


def test_probcover_is_the_cover_of_normalised_latents(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    select = strategy.load("probcover").select
    found: list[tuple[int, Tensor]] = []
    clusters = select.__globals__["clusters"]

    def noted(points: Tensor, count: int, rng: torch.Generator) -> Tensor:
        found.append((count, clusters(points, count, rng)))
        return found[-1][1]

    monkeypatch.setitem(select.__globals__, "clusters", noted)
    latent = drawn(60, 3) + 0.5
    chosen = ask("probcover", labeled=5, amount=20, labels=LABELS, latent=latent)
    (count, groups), units = found[0], normalize(latent)
    assert count == 3
    radius = pure_radius(torch.cat([units[5:], units[:5]]), groups)
    rng = torch.Generator().manual_seed(0)
    torch.randint(1 << 31, (), generator=rng)  # the seed of the clusters
    ones = torch.ones(55, dtype=torch.int64)
    rows = cover_first(units[5:], units[:5], radius, ones, Budget(20), rng)
    assert chosen == [5 + row for row in rows.tolist()]
    ask("probcover", labeled=5, amount=20, labels=[["a"]] * 5, latent=latent)
    assert found[1][0] == 2  # of one class, two


def test_probcover_takes_clouds_that_nothing_covers_first(ask: Ask) -> None:
    latent = clouds((5, 0, 3), (5, 0, 30), (0, 5, 20), (-5, -5, 10))
    labels = [["a"], ["b"], ["c"]]
    for seed in range(3):
        chosen = ask("probcover", labeled=3, amount=2, seed=seed, labels=labels, latent=latent)
        assert 33 <= chosen[0] < 53
        assert chosen[1] >= 53


SIGNALS: dict[str, dict[str, Tensor]] = {
    "cal": {"latent": drawn(40, 3), "class_log_probs": torch.zeros(40, 1)},
    "typiclust": {"latent": drawn(40, 3)},
    "probcover": {"latent": drawn(40, 3)},
}


@pytest.mark.parametrize(("text", "signals"), SIGNALS.items())
def test_each_is_a_function_of_the_stream_and_finite_points(
    text: str, signals: Any, ask: Ask
) -> None:
    def asking(amount: int, seed: int = 0, **changes: Any) -> list[int]:
        labels = [["a"], ["b"], ["a"], ["b"]]
        return ask(text, 4, amount, seed=seed, labels=labels, **{**signals, **changes})

    one, same, *others = (asking(36, seed) for seed in (0, 0, 1, 2))
    assert one == same
    assert any(one != other for other in others)
    assert sorted(one) == list(range(4, 40))
    for items in (1, 5, 90):
        assert len(asking(2 * items, costs=[2] * 40)) >= min(items, 36)
    for row in (0, 20):
        broken = signals["latent"].clone()
        broken[row, 1] = torch.inf
        with pytest.raises(SelectionError, match="not finite"):
            asking(36, latent=broken)


@pytest.mark.parametrize("text", SIGNALS)
def test_items_that_coincide_are_ranked_all_the_same(text: str, ask: Ask) -> None:
    same = {"latent": torch.zeros(9, 2), "class_log_probs": torch.zeros(9, 1)}
    signals = {name: same[name] for name in strategy.load(text).needs}
    chosen = ask(text, labeled=2, amount=7, labels=[["a"], ["b"]], **signals)
    assert sorted(chosen) == list(range(2, 9))
    assert len(ask(text, labeled=2, amount=1, labels=[["a"], ["b"]], **signals)) >= 1
