"""What a strategy may ask a trained tagger about sentences.

Each takes a model and the encoding of a batch (lengths not increasing) and returns one row per
sentence.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from bench.learners.signal import discriminator, latent
from bench.learners.tagging.decode import beam, greedy_log_probs
from bench.learners.tagging.encoder import Encoding
from bench.learners.tagging.model import Model


def token_log_probs(model: Model, encoding: Encoding) -> Tensor:
    """Log-probability of each tag at each position on the greedy path [B, T, K].

    Positions after a sentence's end are certain (0, −inf, …), so that they add no entropy.
    """
    return greedy_log_probs(model.decoder, encoding, model.tags).transpose(0, 1)


def nbest_log_probs(model: Model, encoding: Encoding, width: int = 5) -> Tensor:
    """log P of the `width` most likely tag sequences, best first [B, width]; −inf where absent."""
    return beam(model.decoder, encoding, model.tags, width)[0]


def best_log_prob(
    model: Model, encoding: Encoding, width: int = 5, normalize: bool = False
) -> Tensor:
    """log P(y*|x) [B], y* the best of a beam; `normalize` divides by the number of words."""
    best = nbest_log_probs(model, encoding, width)[:, 0]
    return best / encoding.lengths if normalize else best


def token_entropy(model: Model, encoding: Encoding) -> Tensor:
    """The mean over words of the entropy of a word's tag on the greedy path [B], in nats."""
    entropy = torch.special.entr(token_log_probs(model, encoding).exp()).sum((1, 2))
    mean: Tensor = entropy / encoding.lengths
    return mean


SIGNALS: dict[str, Callable[..., Tensor]] = {
    "latent": latent,
    "token_log_probs": token_log_probs,
    "token_entropy": token_entropy,
    "nbest_log_probs": nbest_log_probs,
    "best_log_prob": best_log_prob,
    "discriminator": discriminator,
}
