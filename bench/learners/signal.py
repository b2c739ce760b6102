"""Signals that every kind of model gives: what M and D say, without a decoder.

A signal is a function of a model and the encoding of a batch, with one row per item. `latent` is
the cheapest: one collate + transfer + encode, the unit called a pass.
"""

from typing import Any

from torch import Tensor


def latent(model: Any, encoding: Any) -> Tensor:
    """z = M(x) [B, Z]."""
    z: Tensor = encoding.z
    return z


def discriminator(model: Any, encoding: Any) -> Tensor:
    """ALISE's D(M(x)) as a logit [B]: low for what the labelled set covers least."""
    if model.discriminator is None:
        raise ValueError("The model has no discriminator: its objective was not adversarial.")
    logits: Tensor = model.discriminator(encoding.z)
    return logits
