"""Named signals: what a strategy may ask a trained model about items.

Each takes a model and the encoding of a batch (lengths not increasing) and returns one row per
sentence. `latent` is the cheapest: one collate + transfer + encode, the unit called a pass.
"""

from collections.abc import Callable

from torch import Tensor

from bench.learners.decode import beam, greedy_log_probs
from bench.learners.encoder import Encoding
from bench.learners.model import Model


def latent(model: Model, encoding: Encoding) -> Tensor:
    """z = M(x) [B, Z]."""
    return encoding.z


def token_log_probs(model: Model, encoding: Encoding) -> Tensor:
    """Log-probability of each tag at each position on the greedy path [B, T, K].

    Positions after a sentence's end are certain (0, −inf, …), so that they add no entropy.
    """
    return greedy_log_probs(model.decoder, encoding, model.tags).transpose(0, 1)


def nbest_log_probs(model: Model, encoding: Encoding, width: int = 5) -> Tensor:
    """log P of the `width` most likely tag sequences, best first [B, width]; −inf where absent."""
    return beam(model.decoder, encoding, model.tags, width)[0]


def best_log_prob(model: Model, encoding: Encoding, width: int = 5) -> Tensor:
    """log P(y*|x) [B], y* the best of a beam."""
    return nbest_log_probs(model, encoding, width)[:, 0]


def discriminator(model: Model, encoding: Encoding) -> Tensor:
    """ALISE's D(M(x)) as a logit [B]: low for what the labelled set covers least."""
    if model.discriminator is None:
        raise ValueError("The model has no discriminator: its objective was not adversarial.")
    logits: Tensor = model.discriminator(encoding.z)
    return logits


SIGNALS: dict[str, Callable[..., Tensor]] = {
    "latent": latent,
    "token_log_probs": token_log_probs,
    "nbest_log_probs": nbest_log_probs,
    "best_log_prob": best_log_prob,
    "discriminator": discriminator,
}
