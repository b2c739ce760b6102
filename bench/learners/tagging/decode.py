"""Batched beam search over tag sequences: the N most likely parses and their log-probabilities.

Width 1 is greedy decoding. Where a decoder factorises per token, a beam of width N finds exactly
the N most likely sequences, because a prefix's rank does not depend on what follows it.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.learners.tagging.decoder import Decoder, State
from bench.learners.tagging.encoder import Encoding


def beam(decoder: Decoder, encoding: Encoding, tags: int, width: int) -> tuple[Tensor, Tensor]:
    """The `width` most likely tag sequences of a batch whose lengths must not increase.

    Returns log P [B, W], best first (−inf where fewer sequences exist), and tags [T, B, W], the
    start mark in the padding.
    """
    trail = list[tuple[Tensor, Tensor]]()
    scores = beam_scores(decoder, encoding, tags, width, trail)
    path = torch.full((len(trail), *scores.shape), tags, device=scores.device)
    place = torch.arange(width, device=scores.device).repeat(len(scores), 1)
    for time, steps in reversed(list(enumerate(trail))):
        parent, tag = (F.pad(each, (0, width - each.shape[1])) for each in steps)
        n = len(tag)
        path[time, :n] = tag.gather(1, place[:n])
        place[:n] = parent.gather(1, place[:n])
    return scores, path


def beam_scores(
    decoder: Decoder,
    encoding: Encoding,
    tags: int,
    width: int,
    trail: list[tuple[Tensor, Tensor]] | None = None,
) -> Tensor:
    """As `beam`, without the sequences: log P [B, W].

    Sentences that have ended leave the computation: only the first, still running ones go on.
    `trail` is given each step's places of parents and tags [n, W].
    """
    memory, first = decoder.start(encoding)
    state = tuple(part.unsqueeze(1) for part in first)
    scores = encoding.z.new_full((len(encoding.z), width), -torch.inf)
    alive = torch.zeros_like(scores[:, :1])
    parent, previous = (
        torch.zeros_like(alive, dtype=torch.int64),
        torch.full_like(alive, tags).long(),
    )
    for time, n in enumerate(running(encoding)):
        memory, state = memory.head(n), _follow(state, parent[:n])
        logits, state = decoder.step(memory, time, previous[:n], state)
        total = torch.log_softmax(logits, -1).add_(alive[:n].unsqueeze(-1)).flatten(1)
        alive, flat = total.topk(min(width, total.shape[1]), -1)  # at first there are fewer
        scores[:n, : alive.shape[1]] = alive
        parent = torch.div(flat, tags, rounding_mode="floor")
        previous = flat.sub_(parent, alpha=tags)
        if trail is not None:
            trail.append((parent, previous))
    return scores


def running(encoding: Encoding) -> list[int]:
    """How many sentences have a word at each step; their lengths must not increase."""
    times = torch.arange(len(encoding.states), device=encoding.z.device)
    counts: list[int] = (times.unsqueeze(1) < encoding.lengths).sum(1).tolist()
    return counts


def _follow(state: State, parent: Tensor) -> State:
    """Each beam goes on from its parent's state; parts [B, W, S], parent [B, W].

    Whole rows: several times as fast as a gather.
    """
    first = torch.arange(len(parent), device=parent.device).unsqueeze(1)
    return tuple(
        part.flatten(0, 1)
        .index_select(0, (first * part.shape[1] + parent).flatten())
        .view(*parent.shape, -1)
        for part in state
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
    memory, first = decoder.start(encoding, noise)
    state = tuple(part.unsqueeze(1) for part in first)
    previous = torch.full((len(encoding.z), 1), tags, device=encoding.z.device)
    for time, n in enumerate(running(encoding)):
        memory, state = memory.head(n), tuple(part[:n] for part in state)
        logits, state = decoder.step(memory, time, previous[:n], state)
        previous = logits.argmax(-1)
        yield logits.squeeze(1)
