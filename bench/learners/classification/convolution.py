"""A first convolution whose gradient by the image is cheap."""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_weight


class Convolution(nn.Conv2d):
    """A convolution of step 1 for images of few channels.

    The library takes several times as long for their gradient by the image, which adversarial
    examples need and training does not: here it is a product and a sum of shifted parts.
    """

    def forward(self, x: Tensor) -> Tensor:
        """As any convolution: [B, C, S, S] → [B, O, S', S']."""
        apply: Any = _Convolve.apply
        found: Tensor = apply(x, self.weight, self.bias, self.padding)
        return found


class _Convolve(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor, padding: Any) -> Tensor:
        return F.conv2d(x, weight, bias, padding=padding)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, weight, _, ctx.padding = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx: Any, *errors: Tensor) -> tuple[Tensor | None, ...]:
        (error,), (x, weight), weigh = errors, ctx.saved_tensors, cast(Any, conv2d_weight)
        by_image = by_weight = by_bias = None
        if ctx.needs_input_grad[0]:
            by_image = _by_image(error, weight, x.shape, ctx.padding)
        if ctx.needs_input_grad[1]:
            by_weight = weigh(x, weight.shape, error, padding=ctx.padding)
            by_bias = error.sum((0, 2, 3))
        return by_image, by_weight, by_bias, None


def _by_image(error: Tensor, weight: Tensor, shape: torch.Size, padding: Any) -> Tensor:
    """The gradient [B, C, S, S] from the error [B, O, S', S'] and weights [O, C, k, k]."""
    (tall, wide), (high, broad) = padding, weight.shape[2:]
    rows, columns = error.shape[2:]
    kernels = weight.flatten(1).T.contiguous()
    parts = torch.bmm(kernels.expand(len(error), *kernels.shape), error.flatten(2))
    parts = parts.view(len(error), *weight.shape[1:], rows, columns)
    sums = error.new_zeros(*shape[:2], shape[2] + 2 * tall, shape[3] + 2 * wide)
    for i in range(high):
        for j in range(broad):
            sums[:, :, i : i + rows, j : j + columns].add_(parts[:, :, i, j])
    return sums[:, :, tall : tall + shape[2], wide : wide + shape[3]]
