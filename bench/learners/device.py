"""The way of a tensor from the host to a device."""

import torch
from torch import Tensor

from bench.learners.phase import phase


def moved(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on a device; the host does not wait for it to arrive."""
    with phase("transfer"):
        return tensor.to(device, non_blocking=True)
