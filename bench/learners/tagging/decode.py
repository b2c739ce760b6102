"""Batched beam search over tag sequences: the N most likely parses and their log-probabilities.

Width 1 is greedy decoding. Where a decoder factorises per token, a beam of width N finds exactly
the N most likely sequences, because a prefix's rank does not depend on what follows it.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from bench.learners.tagging.decoder import Decoder, State
from bench.learners.tagging.encoder import Encoding


def beam(decoder: Decoder, encoding: Encoding, tags: int, width: int) -> tuple[Tensor, Tensor]:
    """The `width` most likely tag sequences of a batch whose lengths must not increase.

    Returns log P [B, W], best first (−inf where fewer sequences exist), and tags [T, B, W].
    Sentences that have ended leave the computation: only the first, still running ones go on.
    """
    steps, count = encoding.states.shape[0], encoding.z.shape[0]
    memory, first = decoder.start(encoding)
    state = tuple(part.unsqueeze(1).expand(-1, width, -1) for part in first)
    scores = encoding.z.new_full((count, width), -torch.inf)
    scores[:, 0] = 0
    path = torch.full((steps, count, width), tags, device=scores.device)
    running = (torch.arange(steps, device=scores.device).unsqueeze(1) < encoding.lengths).sum(1)
    previous = path[0].clone()
    for time, n in enumerate(running.tolist()):
        memory, state = memory.head(n), tuple(part[:n] for part in state)
        logits, state = decoder.step(memory, time, previous[:n], state)
        total = scores[:n].unsqueeze(-1) + torch.log_softmax(logits, -1)
        scores[:n], flat = total.flatten(1).topk(width, -1)
        parent, previous = flat // tags, flat % tags
        path[:time, :n] = path[:time, :n].gather(2, parent.expand(time, -1, -1))
        path[time, :n] = previous
        state = _follow(state, parent)
    return scores, path


def _follow(state: State, parent: Tensor) -> State:
    """Each beam goes on from its parent's state; parts [B, W, S], parent [B, W]."""
    return tuple(
        part.gather(1, parent.unsqueeze(-1).expand(-1, -1, part.shape[-1])) for part in state
    )


def greedy(
    decoder: Decoder, encoding: Encoding, tags: int, noise: torch.Generator | None = None
) -> Tensor:
    """The greedy path [T, B], 0 in the padding. Dropout where `noise` is given."""
    path = torch.zeros_like(encoding.words)
    for time, logits in enumerate(_walk(decoder, encoding, tags, noise)):
        path[time, : len(logits)] = logits.argmax(-1)
    return path


def greedy_log_probs(decoder: Decoder, encoding: Encoding, tags: int) -> Tensor:
    """Log-probabilities of every tag along the greedy path [T, B, K]; padding is (0, −inf, …)."""
    result = encoding.z.new_full((*encoding.words.shape, tags), -torch.inf)
    result[..., 0] = 0
    for time, logits in enumerate(_walk(decoder, encoding, tags)):
        result[time, : len(logits)] = torch.log_softmax(logits, -1)
    return result


def _walk(
    decoder: Decoder, encoding: Encoding, tags: int, noise: torch.Generator | None = None
) -> Iterator[Tensor]:
    """Step by step, the logits [n, K] of the n sentences that still run, each going on greedily."""
    steps, count = encoding.words.shape
    memory, first = decoder.start(encoding, noise)
    state = tuple(part.unsqueeze(1) for part in first)
    times = torch.arange(steps, device=encoding.z.device)
    running = (times.unsqueeze(1) < encoding.lengths).sum(1)
    previous = torch.full((count, 1), tags, device=encoding.z.device)
    for time, n in enumerate(running.tolist()):
        memory, state = memory.head(n), tuple(part[:n] for part in state)
        logits, state = decoder.step(memory, time, previous[:n], state)
        previous = logits.argmax(-1)
        yield logits.squeeze(1)
