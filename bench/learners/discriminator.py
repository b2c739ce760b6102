"""D, ALISE's discriminator: does an item look labelled?"""

import torch
from torch import Tensor, nn


class Discriminator(nn.Module):
    """D: z → 64 → 1 (Deng et al. 2018); a logit, high for what looks labelled."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(width, 64), nn.Linear(64, 1)

    def forward(self, z: Tensor) -> Tensor:
        """z [B, Z] → logits [B]."""
        logits: Tensor = self.outer(torch.relu(self.inner(z))).squeeze(-1)
        return logits
