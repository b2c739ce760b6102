"""Vocabularies, padding and batches."""

import pyarrow as pa
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.learners.batching import buckets, descending
from bench.learners.tagging.batch import Indexed
from bench.learners.vocabulary import IGNORED, UNKNOWN, Vocabulary

POOL = pa.array([["to", "boston"], ["from", "boston", "to", "denver"]])
LENGTHS = st.lists(st.integers(1, 46), max_size=120).map(lambda n: torch.tensor(n).long())
CPU = torch.device("cpu")


def test_words_start_at_one_in_order_of_appearance_and_strangers_are_zero():
    words = Vocabulary.of(POOL)
    assert len(words) == 5  # to, boston, from, denver and the unknown word
    assert words.encode(pa.array([["denver", "oslo", "to"]])).tolist() == [4, UNKNOWN, 1]


def test_tags_start_at_zero():
    tags = Vocabulary(pa.array(["O", "B-a"]), first=0)
    assert len(tags) == 2
    assert tags.encode(pa.array([["B-a", "O"]])).tolist() == [1, 0]


def test_a_slice_of_an_array_is_read_as_its_own_items():
    data = Indexed.of(POOL[1:], Vocabulary.of(POOL))
    assert data.lengths.tolist() == [4]
    assert data.words.tolist() == [3, 2, 1, 4]


def test_a_batch_pads_words_with_unknown_and_tags_with_ignored():
    tags = Vocabulary(pa.array(["O", "B-a"]), first=0)
    labels = pa.array([["O", "B-a"], ["B-a", "O", "O", "B-a"]])
    batch = Indexed.of(POOL, Vocabulary.of(POOL), (labels, tags)).batch(torch.tensor([1, 0]), CPU)
    assert batch.words.T.tolist() == [[3, 2, 1, 4], [1, 2, UNKNOWN, UNKNOWN]]
    assert batch.lengths.tolist() == [4, 2]
    assert batch.tags is not None
    assert batch.tags.T.tolist() == [[1, 0, 0, 1], [0, 1, IGNORED, IGNORED]]


@given(LENGTHS, st.integers(1, 20), st.integers(0, 99), st.integers(1, 4))
def test_buckets_hold_every_row_once_in_batches_of_at_most_the_size(lengths, size, seed, reach):
    batches = buckets(lengths, size, torch.Generator().manual_seed(seed), reach)
    rows = torch.cat([torch.empty(0, dtype=torch.int64), *batches])
    assert rows.sort().values.tolist() == list(range(len(lengths)))
    counts = sorted((len(batch) for batch in batches if len(lengths)), reverse=True)
    full, rest = divmod(len(lengths), size)
    assert counts == [size] * full + [rest] * (rest > 0)


def test_buckets_are_a_function_of_the_generator_and_gather_like_lengths():
    lengths = torch.randint(1, 46, (800,), generator=torch.Generator().manual_seed(0))

    def draw(seed):
        return buckets(lengths, 16, torch.Generator().manual_seed(seed))

    assert all(torch.equal(a, b) for a, b in zip(draw(1), draw(1), strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(draw(1), draw(2), strict=True))
    padded = sum(len(rows) * int(lengths[rows].max()) for rows in draw(1))
    assert padded < 1.05 * int(lengths.sum())
    longest = torch.tensor([int(lengths[rows].max()) for rows in draw(1)])
    assert not torch.equal(longest, longest.sort().values)  # shuffled, not sorted


@given(LENGTHS, st.integers(1, 20))
def test_scoring_reads_every_row_once_longest_first(lengths, size):
    batches = list(descending(lengths, size))
    rows = torch.cat([torch.empty(0, dtype=torch.int64), *batches])
    assert rows.sort().values.tolist() == list(range(len(lengths)))
    assert (lengths[rows].diff() <= 0).all()
    assert all(len(batch) <= size for batch in batches)
