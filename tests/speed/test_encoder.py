"""The encoder against torch's bidirectional LSTM over packed sequences, and what padding costs.

As ratios in one run, in the process's own CPU seconds, on one thread.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bench.learners.batching import buckets, descending
from bench.learners.tagging.batch import Batch, Indexed
from bench.learners.tagging.encoder import Encoder

CPU = torch.device("cpu")


@pytest.fixture
def data(learner, pool) -> Indexed:
    return learner.family.read(pool)


def packed(encoder: Encoder) -> Callable[[Batch], tuple[Tensor, Tensor]]:
    """An encoder's states and z by torch's own bidirectional LSTM, with the same weights."""
    ours = encoder.lstm.forward_lstm
    lstm = nn.LSTM(ours.input_size, ours.hidden_size, bidirectional=True)
    back = encoder.lstm.backward_lstm.state_dict()
    lstm.load_state_dict(
        {**ours.state_dict(), **{f"{name}_reverse": value for name, value in back.items()}}
    )

    def encode(batch: Batch) -> tuple[Tensor, Tensor]:
        x = encoder.embedding(batch.words)
        output, (last, _) = lstm(pack_padded_sequence(x, batch.lengths, enforce_sorted=False))
        return pad_packed_sequence(output)[0], torch.cat([last[0], last[1]], -1)

    return encode


def training(data: Indexed, size: int) -> list[Tensor]:
    return buckets(data.lengths, size, torch.Generator().manual_seed(0))


def scoring(data: Indexed, size: int) -> list[Tensor]:
    return list(descending(data.lengths, size))


@pytest.mark.parametrize(
    ("deal", "size", "floor"), [(training, 16, 1.3), (scoring, 256, 1.1)], ids=["train", "score"]
)
def test_reversal_by_rows_is_faster_than_packing(
    learner, data, ratio, benchmark, deal, size, floor
) -> None:
    """Forward and backward in training's batches, forward alone in scoring's."""
    encoder, theirs = learner.model.encoder, packed(learner.model.encoder)
    batches = [data.batch(rows, CPU) for rows in deal(data, size)[:50]]
    for batch in batches:
        found, (states, z) = encoder(batch), theirs(batch)
        inside = torch.arange(len(states)).unsqueeze(1) < batch.lengths
        torch.testing.assert_close(found.states[inside], states[inside])
        torch.testing.assert_close(found.z, z)

    def run(encode: Callable[[Batch], tuple[Tensor, ...]]) -> None:
        with torch.set_grad_enabled(deal is training):
            for batch in batches:
                states, z, *_ = encode(batch)
                if deal is training:
                    (states.sum() + z.sum()).backward()

    faster = benchmark.pedantic(lambda: 1 / ratio(lambda: run(encoder), lambda: run(theirs)))
    benchmark.extra_info["packed / ours"] = faster
    assert faster >= floor


def test_sorted_batches_are_faster_than_those_in_the_given_order(
    learner, data, pool, ratio, benchmark
) -> None:
    given = torch.arange(len(data)).split(256)

    @torch.no_grad()
    def in_the_given_order() -> Tensor:
        encode = learner.model.encoder
        return torch.cat([encode(data.batch(rows, CPU)).z for rows in given])

    torch.testing.assert_close(learner.signal("latent", pool), in_the_given_order())
    faster = benchmark.pedantic(
        lambda: 1 / ratio(lambda: learner.signal("latent", pool), in_the_given_order)
    )
    benchmark.extra_info["given order / sorted"] = faster
    assert faster >= 1.5


@pytest.mark.parametrize(
    ("deal", "size", "most"), [(training, 16, 0.05), (scoring, 256, 0.2)], ids=["train", "score"]
)
def test_batches_hold_little_padding(data, benchmark, deal, size, most) -> None:
    def share() -> float:
        places = sum(len(rows) * int(data.lengths[rows].max()) for rows in deal(data, size))
        return 1 - int(data.lengths.sum()) / places

    found = benchmark.pedantic(share)
    benchmark.extra_info["share of padding"] = found
    assert found <= most
