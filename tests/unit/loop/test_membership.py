"""The classifier of labelled against unlabelled points: what it is trained on, and for how long."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bench.learners.layer import build
from bench.loop import membership as memberships
from bench.loop.membership import membership


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps the optimiser takes, one entry each."""
    taken: list[int] = []

    class Counted(torch.optim.Adam):
        def step(self, closure: Any = None) -> Any:
            taken.append(1)
            return super().step(closure)

    monkeypatch.setattr(torch.optim, "Adam", Counted)
    return taken


def test_it_has_three_hidden_layers_of_256() -> None:
    layers = list(memberships._perceptron(7))
    sizes = [tuple(layer.weight.shape) for layer in layers[::2]]
    assert sizes == [(256, 7), (256, 256), (256, 256), (1, 256)]
    assert all(isinstance(layer, nn.ReLU) for layer in layers[1::2])


def test_weights_keep_the_variance_through_each_relu() -> None:
    model = memberships._he(build(memberships._perceptron(84), torch.device("cpu"), stream()))
    x = torch.randn(2_000, 84, generator=stream())
    for layer in list(model)[:-1]:
        x = layer(x)
        if isinstance(layer, nn.ReLU):
            assert x.square().mean().item() == pytest.approx(1, rel=0.3)
    assert model[-1].weight.abs().max() <= 1 / 16


def test_training_ends_when_98_percent_are_told_apart(steps: list[int]) -> None:
    x = torch.randn(330, 4, generator=stream())
    x[:, 0] += torch.where(torch.arange(330) < 30, 4, -4)
    logits = membership(x[:30], x[30:], stream())
    assert (logits > 0).float().mean() > 0.98
    assert 2 <= len(steps) < 40


def test_training_ends_when_nothing_can_be_told_apart(
    steps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memberships, "STEPS", 31)
    monkeypatch.setattr(memberships, "BATCH", 50)
    membership(torch.ones(10, 2), torch.ones(200, 2), stream())
    assert len(steps) == 31


def test_both_sides_weigh_the_same() -> None:
    """Of one place, the best constant has a logit of 0, not the logarithm of ten to one."""
    logits = membership(torch.ones(5, 2), torch.ones(80, 2), stream())
    assert logits.abs().max() < 0.2


@pytest.mark.parametrize(("labeled", "unlabeled", "used"), [(4, 100, 40), (4, 25, 25)])
def test_ten_unlabelled_points_are_drawn_for_a_labelled_one(
    labeled: int, unlabeled: int, used: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Tensor, Tensor]] = []
    monkeypatch.setattr(memberships, "_train", lambda m, x, y, rng: seen.append((x, y)))
    points = torch.arange(float(labeled + unlabeled)).reshape(-1, 1)
    for seed in (0, 1):
        logits = membership(points[:labeled], points[labeled:], stream(seed))
        assert logits.shape == (unlabeled,)
    (x, y), (other, _) = seen
    assert y.tolist() == [0] * labeled + [1] * used
    standard = (points - points.mean()) / points.std(correction=0)
    torch.testing.assert_close(x[:labeled], standard[:labeled])
    assert len(set(x[labeled:].flatten().tolist())) == used
    assert x[labeled:].min() > standard[labeled - 1]
    assert not x.equal(other)


def test_the_scale_of_the_points_does_not_matter() -> None:
    x = torch.randn(80, 3, generator=stream()) + 2
    other = x * torch.tensor([1.0, 2**-10, 64.0])  # powers of two: not a bit is rounded
    one, same = (membership(points[:20], points[20:], stream()) for points in (x, other))
    assert one.equal(same)


def test_it_draws_from_its_stream_alone() -> None:
    x = torch.randn(60, 3, generator=stream())
    before = torch.get_rng_state()
    one, same, other = (membership(x[:20], x[20:], stream(seed)) for seed in (0, 0, 1))
    assert one.equal(same)
    assert not one.equal(other)
    assert torch.get_rng_state().equal(before)
