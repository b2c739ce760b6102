"""What a strategy may ask a classifier about images or texts.

Each takes a model and the encoding of a batch and returns one row per item. Those of `PLAIN` ask
for no more than class probabilities and z: any classifier gives them.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.learners.classification.deepfool import boundary_distance
from bench.learners.classification.encoder import Encoding
from bench.learners.classification.length import expected_gradient_length
from bench.learners.classification.model import Model
from bench.learners.gradient import Gradients
from bench.learners.signal import discriminator, latent


def class_log_probs(model: Any, encoding: Any) -> Tensor:
    """log P(y|x) of every class [B, K]."""
    found: Tensor = model.log_probs(encoding)
    return found


def nbest_log_probs(model: Any, encoding: Any, width: int = 5) -> Tensor:
    """log P of the `width` most likely classes, best first [B, width]; −inf where absent."""
    best = model.log_probs(encoding).sort(descending=True).values[:, :width]
    return F.pad(best, (0, width - best.shape[1]), value=-torch.inf)


def best_log_prob(model: Any, encoding: Any, width: int = 5, normalize: bool = False) -> Tensor:
    """log P(y*|x) [B]. `width` and `normalize` change nothing: the best class is one label."""
    best: Tensor = model.log_probs(encoding).amax(1)
    return best


def token_entropy(model: Any, encoding: Any, total: bool = False) -> Tensor:
    """The entropy of the class [B], in nats; of one label mean and sum (`total`) are the same."""
    entropy: Tensor = torch.special.entr(model.log_probs(encoding).exp()).sum(1)
    return entropy


def predictive_probs(
    model: Model, encoding: Encoding, passes: int = 20, rng: torch.Generator | None = None
) -> Tensor:
    """The mean of P(y|x) over dropout masks [B, K] (Gal et al. 2017)."""
    total = torch.zeros((), device=encoding.z.device)
    for logits in _masked(model, encoding, passes, rng):
        total = total + torch.softmax(logits, -1)
    return total / passes


def dropout_predictions(
    model: Model, encoding: Encoding, passes: int = 100, rng: torch.Generator | None = None
) -> Tensor:
    """The number of the best class under each dropout mask [B, passes]."""
    return torch.stack([each.argmax(1) for each in _masked(model, encoding, passes, rng)], 1)


def mutual_information(
    model: Model, encoding: Encoding, passes: int = 100, rng: torch.Generator | None = None
) -> Tensor:
    """Between class and weights, H(E p) − E H(p) [B], in nats (Houlsby et al. 2011)."""
    p = torch.stack([torch.softmax(each, -1) for each in _masked(model, encoding, passes, rng)])
    entropy = torch.special.entr(p).sum(-1).mean(0)
    information: Tensor = torch.special.entr(p.mean(0)).sum(-1) - entropy
    return information


def gradient_embedding(model: Model, encoding: Encoding) -> Gradients:
    """Of −log P(ŷ|x) by the last layer's weights, ŷ the best class: (p − onehot(ŷ)) ⊗ z.

    Ash et al. 2020, Eq. 1.
    """
    p = model.log_probs(encoding).exp()
    error = p - F.one_hot(p.argmax(1), p.shape[1])
    ones = torch.ones(len(p), dtype=torch.int64, device=p.device)
    return Gradients.of(error.unsqueeze(0), encoding.z.unsqueeze(0), ones)


def _masked(
    model: Model, encoding: Encoding, passes: int, rng: torch.Generator | None
) -> Iterator[Tensor]:
    """The logits [B, K] under each of some dropout masks."""
    seed = int(torch.randint(1 << 62, (1,), generator=rng)) if rng else 0
    noise = torch.Generator(encoding.z.device).manual_seed(seed)
    for _ in range(passes):
        yield model.again(encoding, noise)


PLAIN: dict[str, Callable[..., Any]] = {
    "latent": latent,
    "class_log_probs": class_log_probs,
    "nbest_log_probs": nbest_log_probs,
    "best_log_prob": best_log_prob,
    "token_entropy": token_entropy,
}

SIGNALS: dict[str, Callable[..., Any]] = {
    **PLAIN,
    "predictive_probs": predictive_probs,
    "dropout_predictions": dropout_predictions,
    "mutual_information": mutual_information,
    "gradient_embedding": gradient_embedding,
    "expected_gradient_length": expected_gradient_length,
    "boundary_distance": boundary_distance,
    "discriminator": discriminator,
}
