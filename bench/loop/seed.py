"""Random streams: one generator per role, spawned from (seed, role) and from nothing else."""

import hashlib

import torch

ROLES = (
    "split",  # pool and test
    "initial",  # the set labelled before round 0
    "validation",  # which labelled items stop training
    "initialisation",  # the model's first weights
    "discriminator",  # the discriminator's first weights
    "order",  # batches, and the unlabelled items that an adversarial epoch sees
    "dropout",  # dropout masks and dropped singletons
    "strategy",  # the strategy's own draws and broken ties
)
_HOST = torch.device("cpu")


class Streams:
    """The streams of one seed; all but `strategy` are the same for every strategy (RULES, 1).

    A stream never depends on the round or on what was asked before, so that whatever draws from
    it is a function of its arguments: a fit of (seed, labelled ids), a selection of (seed, view).
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, role: str, device: torch.device = _HOST) -> torch.Generator:
        """A fresh generator at the start of the role's stream; ValueError for an unknown role."""
        if role not in ROLES:
            raise ValueError(f"There is no stream for '{role}'.")
        digest = hashlib.sha256(f"{self.seed}/{role}".encode()).digest()
        return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)
