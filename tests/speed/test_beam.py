"""Greedy decoding and beams in batches, against one sentence at a time and against copied paths.

As ratios in one run, in the process's own CPU seconds, on one thread.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from bench.learners.batching import descending
from bench.learners.tagging.decode import beam, beam_scores, greedy
from bench.learners.tagging.decoder import Decoder
from bench.learners.tagging.encoder import Encoding

CPU = torch.device("cpu")
WIDTH = 5


@pytest.fixture(scope="module")
def encodings(learner, pool) -> list[Encoding]:
    """Some of the pool in the batches that they are scored in."""
    data = learner.family.read(pool[:1_000])
    with torch.no_grad():
        return [
            learner.model.encoder(data.batch(rows, CPU)) for rows in descending(data.lengths, 256)
        ]


@torch.no_grad()
def copied(decoder: Decoder, encoding: Encoding, tags: int, width: int) -> tuple[Tensor, Tensor]:
    """As beams are written first: all `width` from the start, their paths copied at each step."""
    steps, count = encoding.states.shape[0], encoding.z.shape[0]
    memory, first = decoder.start(encoding)
    state = tuple(part.unsqueeze(1).expand(-1, width, -1) for part in first)
    scores = encoding.z.new_full((count, width), -torch.inf)
    scores[:, 0] = 0
    path = torch.full((steps, count, width), tags)
    running = (torch.arange(steps).unsqueeze(1) < encoding.lengths).sum(1)
    previous = path[0].clone()
    for time, n in enumerate(running.tolist()):
        memory, state = memory.head(n), tuple(part[:n] for part in state)
        logits, state = decoder.step(memory, time, previous[:n], state)
        total = scores[:n].unsqueeze(-1) + torch.log_softmax(logits, -1)
        scores[:n], flat = total.flatten(1).topk(width, -1)
        parent, previous = flat // tags, flat % tags
        path[:time, :n] = path[:time, :n].gather(2, parent.expand(time, -1, -1))
        path[time, :n] = previous
        state = tuple(
            part.gather(1, parent.unsqueeze(-1).expand(-1, -1, part.shape[-1])) for part in state
        )
    return scores, path


@pytest.mark.parametrize("decode", [beam, beam_scores], ids=["paths", "scores"])
def test_beams_are_faster_than_with_copied_paths(
    learner, encodings, ratio, benchmark, decode: Callable[..., object]
) -> None:
    model = learner.model
    for encoding in encodings:
        scores, paths = beam(model.decoder, encoding, model.tags, WIDTH)
        their_scores, their_paths = copied(model.decoder, encoding, model.tags, WIDTH)
        torch.testing.assert_close(scores, their_scores)
        assert scores.equal(beam_scores(model.decoder, encoding, model.tags, WIDTH))
        assert (paths == their_paths).float().mean() > 0.99  # parses may tie

    def run(decode: Callable[..., object]) -> None:
        for encoding in encodings:
            decode(model.decoder, encoding, model.tags, WIDTH)

    with torch.no_grad():
        faster = benchmark.pedantic(lambda: 1 / ratio(lambda: run(decode), lambda: run(copied)))
    benchmark.extra_info["copied paths / ours"] = faster
    assert faster >= 1.03  # quiet, 1.1 and 1.13: both spend their time on the decoder's steps


def one(encoding: Encoding, row: int) -> Encoding:
    """A sentence by itself, without padding."""
    length = encoding.lengths[row : row + 1]
    states, words = (
        each[: int(length), row : row + 1] for each in (encoding.states, encoding.words)
    )
    return Encoding(states, encoding.z[row : row + 1], length, words)


def greedy_path(decoder: Decoder, encoding: Encoding, tags: int, width: int) -> Tensor:
    """Greedy tags [B, T]."""
    return greedy(decoder, encoding, tags).T


@pytest.mark.parametrize("decode", [greedy_path, beam_scores], ids=["greedy", "beam"])
def test_a_batch_is_decoded_faster_than_one_sentence_at_a_time(
    learner, encodings, ratio, benchmark, decode: Callable[..., Tensor]
) -> None:
    model, encoding = learner.model, encodings[len(encodings) // 2]
    alone = [one(encoding, row) for row in range(len(encoding.lengths))]

    def run(encoding: Encoding) -> Tensor:
        return decode(model.decoder, encoding, model.tags, WIDTH)

    def one_by_one() -> list[Tensor]:
        return [run(sentence) for sentence in alone]

    with torch.no_grad():
        for together, single in zip(run(encoding), one_by_one(), strict=True):
            torch.testing.assert_close(together[: single.shape[1]], single[0])
        faster = benchmark.pedantic(lambda: 1 / ratio(lambda: run(encoding), one_by_one, 3))
    benchmark.extra_info["one by one / batched"] = faster
    assert faster >= 3
