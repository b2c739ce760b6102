"""Adam (Kingma & Ba 2015) by torch's fused kernel, without the bookkeeping around it.

A small recurrent model takes steps of a few milliseconds, of which `torch.optim.Adam` spends a
twentieth on hooks, groups and checks. The numbers are the same to the bit.
"""

from collections.abc import Iterable

import torch
from torch import Tensor


class Adam:
    """Steps of a fixed size along the gradients of some parameters."""

    def __init__(self, parameters: Iterable[Tensor], rate: float) -> None:
        self.parameters, self.rate = list(parameters), rate
        self.moments = [
            (torch.zeros_like(each), torch.zeros_like(each), torch.zeros((), device=each.device))
            for each in self.parameters
        ]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Go down the gradients; what has none stays where it is."""
        known = [
            (parameter, parameter.grad, *moments)
            for parameter, moments in zip(self.parameters, self.moments, strict=True)
            if parameter.grad is not None
        ]
        parameters, gradients, means, squares, counts = (
            list(each) for each in zip(*known, strict=True)
        )
        torch._foreach_add_(counts, 1)
        torch._fused_adam_(
            *(parameters, gradients, means, squares, [], counts),
            lr=self.rate,
            beta1=0.9,
            beta2=0.999,
            weight_decay=0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
