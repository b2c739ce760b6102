"""What a tagger says under dropout: samples from its posterior (Gal & Ghahramani 2016).

The batch is collated, moved and looked up once; copies of it, each under a mask of its own, then go
through the model side by side. Everything after the embeddings depends on the masks.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from bench.learners.tagging.batch import Batch
from bench.learners.tagging.decode import greedy
from bench.learners.tagging.encoder import Encoding
from bench.learners.tagging.model import Model

COPIES = 1024
"""Sentences under a mask that go through the model together."""
_BASE = 0x9E3779B97F4A7C15 - (1 << 64)


def dropout_predictions(
    model: Model, encoding: Encoding, passes: int = 100, rng: torch.Generator | None = None
) -> Tensor:
    """A number for each sentence's greedy tags under each dropout mask [B, passes].

    Of one sentence, equal numbers stand for equal tag sequences.
    """
    found = []
    for masked, noise, count in _masked(model, encoding, passes, rng):
        path = greedy(model.decoder, masked, model.tags, noise)
        found.append(_numbers(path, masked.lengths).view(-1, count))
    return torch.cat(found, 1)


def mutual_information(
    model: Model, encoding: Encoding, passes: int = 100, rng: torch.Generator | None = None
) -> Tensor:
    """Between tags and weights, summed over the words [B], in nats (Houlsby et al. 2011).

    H(E p) − E H(p) for each word, along the greedy path of the model without dropout. Where the
    tags of a sentence are independent given the weights, the sum bounds the sequence's from above.
    """
    path = greedy(model.decoder, encoding, model.tags)
    mean, entropy = encoding.z.new_zeros(*path.shape, model.tags), encoding.z.new_zeros(path.shape)
    for masked, noise, count in _masked(model, encoding, passes, rng):
        read = model.reading(masked, path.repeat_interleave(count, 1), noise)
        p = torch.softmax(model.decoder.output(read), -1).view(*path.shape, count, -1)
        mean += p.sum(2) / passes
        entropy += torch.special.entr(p).sum((2, 3)) / passes
    inside = torch.arange(len(path), device=path.device).unsqueeze(1) < encoding.lengths
    information: Tensor = ((torch.special.entr(mean).sum(-1) - entropy) * inside).sum(0)
    return information


def _masked(
    model: Model, encoding: Encoding, passes: int, rng: torch.Generator | None
) -> Iterator[tuple[Encoding, torch.Generator, int]]:
    """The batch encoded under some masks at a time, copies of a sentence side by side.

    With each: the generator that draws the decoder's dropout, and the number of masks.
    """
    seed = int(torch.randint(1 << 62, (1,), generator=rng)) if rng else 0
    noise = torch.Generator(encoding.z.device).manual_seed(seed)
    together = max(1, COPIES // len(encoding.lengths))
    for start in range(0, passes, together):
        count = min(together, passes - start)
        words = encoding.words.repeat_interleave(count, 1)
        copies = Batch(words, encoding.lengths.repeat_interleave(count))
        yield model.encoder(copies, noise), noise, count


def _numbers(path: Tensor, lengths: Tensor) -> Tensor:
    """A tag sequence as the value of a polynomial modulo 2^64 [B]; path [T, B]."""
    numbers = torch.zeros_like(lengths)
    for time, tags in enumerate(path):
        numbers = torch.where(time < lengths, numbers * _BASE + tags + 1, numbers)
    return numbers
