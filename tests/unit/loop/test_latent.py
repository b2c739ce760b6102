"""Strategies that look at where items lie: core-set, discriminative active learning, density."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from bench.loop import membership, strategy
from bench.loop.budget import Budget

Ask = Callable[..., list[int]]


LINE = torch.tensor([[0.0, 0.0], [10.0, 0.0], [1.0, 0.0], [2.0, 0.0], [6.0, 0.0], [15.0, 0.0]])


def test_coreset_is_farthest_first_from_the_labelled_items(ask: Ask, notes: Any) -> None:
    assert ask("coreset", labeled=2, amount=4, latent=LINE) == [5, 4, 3, 2]
    # Only the far end is labelled: the near one is the farthest.
    assert ask("coreset", labeled=1, amount=2, latent=LINE.flip(0)) == [5, 1]
    assert ask("coreset", labeled=2, amount=5, costs=[1, 1, 9, 3, 2, 2], latent=LINE) == [5, 4, 3]
    assert notes == {}


def test_a_robust_coreset_leaves_the_outlier_and_says_how_sure_it_is(ask: Ask, notes: Any) -> None:
    at = [0, 20, 21, 22, 40, 41, 42, 900]
    latent = torch.tensor([[float(x), 1.0] for x in at])
    assert ask("coreset", labeled=1, amount=2, latent=latent)[0] == 7
    chosen = ask("coreset[robust=true]", labeled=1, amount=2, latent=latent)
    assert sorted(chosen) == [2, 5]  # the middles
    assert notes == {"gap": 0.0, "time_limit": 60.0, "timed_out": 0.0}
    ask("coreset[robust=true,time_limit=7]", labeled=1, amount=2, latent=latent)
    assert notes["time_limit"] == 7
    # A cover costs no more than the budget; farthest-first then spends the rest.
    words = [1, 2, 2, 2, 2, 2, 2, 9]
    chosen = ask("coreset[robust=true]", labeled=1, amount=5, costs=words, latent=latent)
    assert (sorted(chosen[:2]), chosen[2]) == ([2, 5], 7)


def clouds(*places: tuple[float, float, int]) -> Tensor:
    """So many points around each place, close to it."""
    rng = torch.Generator().manual_seed(0)
    parts = [torch.tensor([x, y]) + torch.randn(n, 2, generator=rng) * 0.3 for x, y, n in places]
    return torch.cat(parts)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """A classifier that is trained for a moment only."""
    monkeypatch.setattr(membership, "STEPS", 40)


@pytest.mark.usefixtures("brief")
def test_dal_goes_where_nothing_is_labelled(ask: Ask) -> None:
    latent = clouds((0, 0, 20), (0, 0, 100), (3, 3, 15))
    for seed in range(5):
        at_once = ask("dal[mini_queries=1]", labeled=20, amount=10, seed=seed, latent=latent)
        assert min(at_once[:10]) >= 120
        assert sorted(at_once) == list(range(20, 135))
        assert ask("dal", labeled=20, amount=1, seed=seed, latent=latent)[0] >= 120


@pytest.mark.usefixtures("brief")
def test_mini_queries_see_what_was_picked_before(ask: Ask) -> None:
    """Two regions lack labels, one of them farther off: at once, it takes the whole budget."""
    latent = clouds((0, 0, 20), (0, 0, 60), (4, 0, 40), (12, 0, 40))
    for seed in range(3):
        regions = {}
        for queries in (1, 5):
            text = f"dal[mini_queries={queries}]"
            chosen = ask(text, labeled=20, amount=20, seed=seed, latent=latent)
            regions[queries] = {row // 40 for row in chosen[:20]}
        assert regions[1] == {3}
        assert regions[5] >= {2, 3}


@pytest.mark.usefixtures("brief")
def test_dal_is_a_function_of_the_stream(ask: Ask) -> None:
    latent = clouds((0, 0, 20), (0, 0, 60), (3, 0, 20))
    text = "dal[mini_queries=3]"
    seeds = (0, 0, 1, 2, 3)
    one, same, *others = (
        ask(text, labeled=20, amount=10, seed=seed, latent=latent) for seed in seeds
    )
    assert one == same
    assert any(other != one for other in others)


def test_a_budget_in_words_is_split_over_mini_queries(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 20 words in four parts, each ends with the item that reaches 5, 10, 15 and 20.

    What is left then comes in the order of the last classifier.
    """
    seen = []

    def positions(labeled: Tensor, unlabeled: Tensor, rng: torch.Generator) -> Tensor:
        seen.append((labeled[:, 0].tolist(), sorted(unlabeled[:, 0].tolist())))
        return unlabeled[:, 0] if len(seen) < 3 else -unlabeled[:, 0]

    select = strategy.load("dal").select
    monkeypatch.setitem(select.__globals__, "membership", positions)
    latent = torch.arange(10.0).reshape(-1, 1)
    words = [1, 1, 9, 9, 1, 1, 2, 9, 4, 3]
    chosen = ask("dal[mini_queries=4]", labeled=2, amount=20, costs=words, latent=latent)
    assert chosen == [9, 8, 7, 2, 3, 4, 5, 6]  # 3 + 4, + 9 is enough for 15 at once, + 9
    assert seen == [
        ([0, 1], [2, 3, 4, 5, 6, 7, 8, 9]),
        ([0, 1, 9, 8], [2, 3, 4, 5, 6, 7]),
        ([0, 1, 9, 8, 7], [2, 3, 4, 5, 6]),
    ]
    seen.clear()
    assert ask("dal", labeled=2, amount=3, latent=latent) == [9, 8, 2, 3, 4, 5, 6, 7]
    assert len(seen) == 3  # no more mini-queries than items
    assert sorted(ask("dal", labeled=2, amount=100, latent=latent)) == list(range(2, 10))


def test_density_weighs_entropy_by_the_mean_cosine(
    ask: Ask, view: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = torch.Generator().manual_seed(0)
    latent, entropy = torch.randn(12, 3, generator=rng) + 0.5, torch.rand(12, generator=rng)
    truth = []
    for row in range(2, 12):  # the labelled ones count for nothing
        cosines = [
            float(latent[row] @ latent[j] / (latent[row].norm() * latent[j].norm()))
            for j in range(2, 12)
        ]
        truth.append(float(entropy[row]) * sum(cosines) / 10)
    chosen = ask("density", labeled=2, amount=10, latent=latent, token_entropy=entropy)
    assert chosen == sorted(range(2, 12), key=lambda row: -truth[row - 2])
    assert chosen != sorted(range(2, 12), key=lambda row: -entropy[row])
    select = strategy.load("density").select
    monkeypatch.setitem(select.__globals__, "rank", lambda ids, priority, rng: priority)
    seen = view({"latent": latent, "token_entropy": entropy}, 2, ("latent", "token_entropy"))
    priority = select(seen, Budget(1), rng)
    torch.testing.assert_close(priority, torch.tensor(truth))
