"""Our Adam is torch's to the bit."""

import torch
from torch import Tensor

from bench.learners.adam import Adam


def steps(optimiser: torch.optim.Optimizer | Adam, parameters: list[Tensor], count: int) -> None:
    """Some steps along drawn gradients; the last parameter has one every other time only."""
    stream = torch.Generator().manual_seed(1)
    for number in range(count):
        optimiser.zero_grad()
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape, generator=stream)
        if number % 2:
            parameters[-1].grad = None
        optimiser.step()


def parameters() -> list[Tensor]:
    stream = torch.Generator().manual_seed(0)
    return [
        torch.randn(size, generator=stream).requires_grad_() for size in ((7, 33), (5,), (3, 2))
    ]


def test_the_numbers_are_those_of_torch() -> None:
    ours, theirs = parameters(), parameters()
    steps(Adam(ours, 0.002), ours, 9)
    steps(torch.optim.Adam(theirs, lr=0.002, fused=True), theirs, 9)
    for one, other in zip(ours, theirs, strict=True):
        assert one.equal(other)
    assert not ours[0].equal(parameters()[0])


def test_gradients_are_forgotten() -> None:
    some = parameters()
    some[0].grad = torch.ones_like(some[0])
    Adam(some, 0.1).zero_grad()
    assert all(each.grad is None for each in some)
