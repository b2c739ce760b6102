"""What a strategy may ask a trained tagger about sentences.

Each takes a model and the encoding of a batch (lengths not increasing) and returns one row per
sentence.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.learners.gradient import Gradients, squared_norms
from bench.learners.signal import discriminator, latent
from bench.learners.tagging.decode import beam, beam_scores, greedy, greedy_log_probs
from bench.learners.tagging.encoder import Encoding
from bench.learners.tagging.model import Model
from bench.learners.tagging.sample import dropout_predictions, mutual_information


def nbest_log_probs(model: Model, encoding: Encoding, width: int = 5) -> Tensor:
    """log P of the `width` most likely tag sequences, best first [B, width]; −inf where absent."""
    return beam_scores(model.decoder, encoding, model.tags, width)


def best_log_prob(
    model: Model, encoding: Encoding, width: int = 5, normalize: bool = False
) -> Tensor:
    """log P(y*|x) [B], y* the best of a beam; `normalize` divides by the number of words."""
    best = nbest_log_probs(model, encoding, width)[:, 0]
    return best / encoding.lengths if normalize else best


def token_entropy(model: Model, encoding: Encoding, total: bool = False) -> Tensor:
    """The mean over words of the entropy of a word's tag on the greedy path [B], in nats.

    `total` gives the sum instead.
    """
    likely = greedy_log_probs(model.decoder, encoding, model.tags)  # padding is certain
    entropy: Tensor = torch.special.entr(likely.exp()).sum((0, 2))
    return entropy if total else entropy / encoding.lengths


def gradient_embedding(model: Model, encoding: Encoding) -> Gradients:
    """Of −log P(ŷ|x) by the last layer's weights, ŷ the greedy tags (Ash et al. 2020; Kim 2020).

    Σ_t (p_t − onehot(ŷ_t)) ⊗ h_t, with h_t what the layer reads (W-BADGE, Eq. 4).
    """
    path = greedy(model.decoder, encoding, model.tags)
    return Gradients.of(*_factors(model, encoding, path), encoding.lengths)


def expected_gradient_length(model: Model, encoding: Encoding, width: int = 5) -> Tensor:
    """Σ_y P(y|x) ‖∇ −log P(y|x)‖ over the `width` best y, by the last layer's weights [B].

    Settles & Craven 2008, Eq. 9, of the last layer alone.
    """
    scores, paths = beam(model.decoder, encoding, model.tags, width)
    exists = scores > -torch.inf
    norms = squared_norms(*_factors(model, encoding.repeat(width), paths.flatten(1))).sqrt()
    length: Tensor = (scores.exp() * norms.view_as(scores)).where(exists, 0).sum(1)
    return length


def _factors(model: Model, encoding: Encoding, path: Tensor) -> tuple[Tensor, Tensor]:
    """p_t − onehot(y_t) [T, B, K], 0 in the padding, and h_t [T, B, H], along a path [T, B]."""
    inside = torch.arange(len(path), device=path.device).unsqueeze(1) < encoding.lengths
    path = path.where(inside, 0)
    read = model.reading(encoding, path)
    error = torch.softmax(model.decoder.output(read), -1) - F.one_hot(path, model.tags)
    return error * inside.unsqueeze(-1), read


SIGNALS: dict[str, Callable[..., Any]] = {
    "latent": latent,
    "token_entropy": token_entropy,
    "nbest_log_probs": nbest_log_probs,
    "best_log_prob": best_log_prob,
    "dropout_predictions": dropout_predictions,
    "mutual_information": mutual_information,
    "gradient_embedding": gradient_embedding,
    "expected_gradient_length": expected_gradient_length,
    "discriminator": discriminator,
}
