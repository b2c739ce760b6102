"""Strategies that rank by what a classifier says: entropy, dropout's mean, distance to a change."""

from collections.abc import Callable
from math import log
from typing import Any

import pytest
import torch

from bench.error import UsageError
from bench.loop import strategy
from bench.loop.budget import SelectionError

Ask = Callable[..., list[int]]
PROBS = torch.tensor([[1.0, 0, 0], [0.4, 0.3, 0.3], [0.5, 0.5, 0.0], [0.9, 0.05, 0.05]])


def by(values: list[float]) -> list[int]:
    """Rows by value, highest first."""
    return sorted(range(len(values)), key=lambda row: -values[row])


def entropies(probs: torch.Tensor) -> list[float]:
    return [-sum(p * log(p) for p in row if p) for row in probs.tolist()]


def drawn(seed: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.softmax(4 * torch.randn(30, 5, generator=rng), -1)


@pytest.mark.parametrize("seed", range(4))
def test_entropy_of_the_classes(seed: int, ask: Ask) -> None:
    probs = drawn(seed)
    assert ask("entropy", labeled=0, amount=30, class_log_probs=probs.log()) == by(entropies(probs))
    assert ask("entropy", labeled=0, amount=4, class_log_probs=PROBS.log()) == [1, 2, 3, 0]


def test_entropies_near_zero_are_told_apart(ask: Ask) -> None:
    """Of so sure a model, float32's probabilities are 1 and 0."""
    rest = torch.tensor([-40.0, -60, -50, -200, -300, -700])
    log_probs = torch.stack([torch.zeros(6), rest], 1)
    chosen = ask("entropy", labeled=0, amount=6, class_log_probs=log_probs)
    assert chosen == [0, 2, 1, 3, 4, 5]


@pytest.mark.parametrize("seed", range(4))
def test_dbal_ranks_the_mean_over_masks(seed: int, ask: Ask) -> None:
    probs = drawn(seed)
    asked_for = {"labeled": 0, "amount": 30, "predictive_probs": probs}
    assert ask("dbal", **asked_for) == by(entropies(probs))
    ratio = by([1 - max(row) for row in probs.tolist()])
    assert ask("dbal[measure=variation_ratio]", **asked_for) == ratio != by(entropies(probs))


def test_dbal_says_how_many_masks_and_from_which_stream(ask: Ask, asked: Any) -> None:
    ask("dbal", labeled=0, amount=4, predictive_probs=PROBS)
    ask("dbal[passes=3,measure=variation_ratio]", labeled=0, amount=4, predictive_probs=PROBS)
    (one, default), (_, other) = asked
    assert (one, default["passes"], other["passes"]) == ("predictive_probs", 20, 3)
    assert isinstance(default["rng"], torch.Generator)


@pytest.mark.parametrize("text", ["dbal[passes=0]", "dbal[passes=1001]", "dbal[measure=bald]"])
def test_dbal_has_limits(text: str) -> None:
    with pytest.raises(UsageError, match=r"'(passes|measure)' of 'dbal'"):
        strategy.load(text)


def test_dfal_takes_the_nearest_to_the_boundary_first(ask: Ask) -> None:
    distance = torch.tensor([3.0, 0.5, torch.inf, 0.0, 1e-9])
    assert ask("dfal", labeled=0, amount=5, boundary_distance=distance) == [3, 4, 1, 0, 2]


SIGNALS = {
    "entropy": {"class_log_probs": torch.zeros(40, 1)},
    "dbal": {"predictive_probs": torch.ones(40, 1)},
    "dbal[measure=variation_ratio]": {"predictive_probs": torch.ones(40, 1)},
    "dfal": {"boundary_distance": torch.ones(40)},
}


@pytest.mark.parametrize(("text", "signals"), SIGNALS.items())
def test_ties_are_open_and_what_is_no_number_is_refused(text: str, signals: Any, ask: Ask) -> None:
    one, same, other = (ask(text, 0, 40, seed=seed, **signals) for seed in (0, 0, 1))
    assert one == same != other
    assert sorted(one) == sorted(other) == list(range(40))
    broken = {name: values.clone() for name, values in signals.items()}
    next(iter(broken.values()))[7] = torch.nan
    with pytest.raises(SelectionError, match="priority of item 26 is NaN"):
        ask(text, 0, 40, **broken)
