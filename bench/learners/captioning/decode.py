"""Batched beam search over captions: the N most likely ones and their log-probabilities.

A caption ends with the end mark, after LIMIT words at the latest; its probability includes the end
mark. Ended captions keep their place in the beam, since going on can only make others less likely.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from bench.learners.captioning.batch import END, LIMIT
from bench.learners.captioning.decoder import Decoder
from bench.learners.captioning.encoder import Encoding


class Beams(NamedTuple):
    """log P [B, W], best first, −inf where fewer captions exist; words [T, B, W], END after the
    last; lengths [B, W] in words, the end mark not counted.
    """

    log_probs: Tensor
    words: Tensor
    lengths: Tensor


def beam(decoder: Decoder, encoding: Encoding, symbols: int, width: int) -> Beams:
    """The `width` most likely captions of each image of a batch.

    Images whose captions have all ended leave the computation when they are a quarter of it.
    """
    memory, state = decoder.start(encoding)
    hidden, cell = (part.unsqueeze(1).expand(-1, width, -1) for part in state)
    count, device = len(encoding.z), encoding.z.device
    scores = encoding.z.new_full((count, width), -torch.inf)
    scores[:, 0] = 0
    path = torch.full((LIMIT + 1, count, width), END, device=device)
    ended = torch.zeros((count, width), dtype=torch.bool, device=device)
    word = torch.full((count, width), symbols, device=device)
    rows, best, said = torch.arange(count, device=device), scores.clone(), path.clone()
    for time in range(LIMIT + 1):
        logits, (hidden, cell) = decoder.step(memory, word, (hidden, cell))
        scores, flat = _extend(scores, logits, ended, last=time == LIMIT).topk(width, -1)
        parent, word = flat // symbols, flat % symbols
        path[:time] = path[:time].gather(2, parent.expand(time, -1, -1))
        path[time] = word
        hidden, cell = _follow(hidden, parent), _follow(cell, parent)
        ended = (word == END) | scores.isinf()  # an ended one can only say END again
        going = (~ended.all(1)).nonzero().squeeze(1)
        if not len(going):
            break
        if 4 * len(going) <= 3 * len(rows):
            best[rows], said[:, rows] = scores, path
            memory, path = memory.take(going), path[:, going]
            rows, scores, word, ended, hidden, cell = (
                part[going] for part in (rows, scores, word, ended, hidden, cell)
            )
    best[rows], said[:, rows] = scores, path
    return Beams(best, said, (said != END).sum(0))


def _extend(scores: Tensor, logits: Tensor, ended: Tensor, last: bool) -> Tensor:
    """log P of every continuation of every beam [B, W · K]; an ended one can only stay as it is."""
    log_probs = torch.log_softmax(logits, -1)
    if last:
        log_probs[..., END + 1 :] = -torch.inf
    log_probs.masked_fill_(ended.unsqueeze(-1), -torch.inf)
    log_probs[..., END].masked_fill_(ended, 0)
    return log_probs.add_(scores.unsqueeze(-1)).flatten(1)


def _follow(part: Tensor, parent: Tensor) -> Tensor:
    """Each beam goes on from its parent's state; part [B, W, S], parent [B, W]."""
    return part.gather(1, parent.unsqueeze(-1).expand(-1, -1, part.shape[-1]))


def greedy_entropy(decoder: Decoder, encoding: Encoding, symbols: int) -> tuple[Tensor, Tensor]:
    """Along the greedy caption: the sum of its steps' entropies, and their number; both [B]."""
    memory, state = decoder.start(encoding)
    hidden, cell = (part.unsqueeze(1) for part in state)
    word = torch.full((len(encoding.z), 1), symbols, device=encoding.z.device)
    total = torch.zeros_like(encoding.z[:, 0])
    steps, going = total.clone(), torch.ones_like(total)
    for _ in range(LIMIT + 1):
        logits, (hidden, cell) = decoder.step(memory, word, (hidden, cell))
        entropy = torch.special.entr(torch.softmax(logits.squeeze(1), -1)).sum(-1)
        total, steps = total + going * entropy, steps + going
        word = logits.argmax(-1)
        going = going * (word.squeeze(1) != END)
        if not bool(going.any()):
            break
    return total, steps
