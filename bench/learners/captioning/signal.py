"""What a strategy may ask a trained captioner about images.

Each takes a model and the encoding of a batch and returns one row per image. There is no
`token_log_probs`: images × words × vocabulary is more than any memory holds.
"""

from collections.abc import Callable

from torch import Tensor

from bench.learners.captioning.decode import beam, greedy_entropy
from bench.learners.captioning.encoder import Encoding
from bench.learners.captioning.model import Model
from bench.learners.signal import discriminator, latent


def nbest_log_probs(model: Model, encoding: Encoding, width: int = 5) -> Tensor:
    """log P of the `width` most likely captions of a beam, best first [B, width]; −inf: absent."""
    return beam(model.decoder, encoding, model.symbols, width).log_probs


def best_log_prob(
    model: Model, encoding: Encoding, width: int = 5, normalize: bool = False
) -> Tensor:
    """log P(y*|x) [B], y* the best of a beam; `normalize` divides by its words and end mark."""
    found = beam(model.decoder, encoding, model.symbols, width)
    best = found.log_probs[:, 0]
    return best / (found.lengths[:, 0] + 1) if normalize else best


def token_entropy(model: Model, encoding: Encoding, total: bool = False) -> Tensor:
    """The mean over words and end mark of the next word's entropy on the greedy path [B], nats.

    `total` gives the sum instead.
    """
    entropy, steps = greedy_entropy(model.decoder, encoding, model.symbols)
    return entropy if total else entropy / steps


SIGNALS: dict[str, Callable[..., Tensor]] = {
    "latent": latent,
    "token_entropy": token_entropy,
    "nbest_log_probs": nbest_log_probs,
    "best_log_prob": best_log_prob,
    "discriminator": discriminator,
}
