"""Looking up, bucketing and padding against the plain collate, a word at a time in Python.

As ratios in one run, in the process's own CPU seconds, on one thread.
"""

import sys
from collections.abc import Callable
from types import FrameType

import pyarrow as pa
import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from bench.learners.batching import buckets
from bench.learners.learner import Labeled, Learner
from bench.learners.tagging.batch import Batch
from bench.learners.vocabulary import IGNORED

CPU = torch.device("cpu")
SIZE = 16
Trace = Callable[[FrameType, str, object], object]


def rows_of(lengths: Tensor) -> list[Tensor]:
    return buckets(lengths, SIZE, torch.Generator().manual_seed(0))


def ours(learner: Learner, labeled: Labeled) -> list[Batch]:
    """An epoch's batches from what is labelled, as training reads it."""
    data = learner._data(labeled)
    return [data.batch(rows, CPU) for rows in rows_of(data.lengths)]


class Plain:
    """The same as everybody would write it first: a dictionary, a list of tensors, a sort."""

    def __init__(self, learner: Learner, labeled: Labeled) -> None:
        words, tags = learner.family.words.symbols, learner.outputs.symbols
        self.words = {word: number for number, word in enumerate(words.to_pylist(), 1)}
        self.tags = {tag: number for number, tag in enumerate(tags.to_pylist())}
        pairs = zip(labeled.inputs.to_pylist(), labeled.labels.to_pylist(), strict=True)
        self.sentences = list(pairs)

    def buckets(self) -> list[list[int]]:
        """Those of `bench.learners.batching`, by sorting lists."""
        rng = torch.Generator().manual_seed(0)
        order = torch.randperm(len(self.sentences), generator=rng).tolist()
        batches = []
        for start in range(0, len(order), 50 * SIZE):
            near = sorted(
                order[start : start + 50 * SIZE], key=lambda row: len(self.sentences[row][0])
            )
            batches += [near[i : i + SIZE] for i in range(0, len(near), SIZE)]
        return [batches[i] for i in torch.randperm(len(batches), generator=rng).tolist()]

    def collate(self, rows: list[int]) -> Batch:
        """Some sentences and their tags, padded."""
        chosen = [self.sentences[row] for row in rows]
        words = [torch.tensor([self.words.get(word, 0) for word in pair[0]]) for pair in chosen]
        tags = [torch.tensor([self.tags[tag] for tag in pair[1]]) for pair in chosen]
        lengths = torch.tensor([len(sentence) for sentence in words])
        return Batch(pad_sequence(words), lengths, pad_sequence(tags, padding_value=IGNORED))

    def epoch(self) -> list[Batch]:
        return [self.collate(rows) for rows in self.buckets()]


def test_an_epoch_of_batches_is_faster_than_by_the_plain_collate(
    learner, labeled, ratio, benchmark
) -> None:
    """Both begin with strings, ours with Arrow's, theirs with lists."""
    plain = Plain(learner, labeled)
    for one, other in zip(ours(learner, labeled), plain.epoch(), strict=True):
        assert one.words.equal(other.words)
        assert one.lengths.equal(other.lengths)
        assert one.tags.equal(other.tags)
    faster = benchmark.pedantic(lambda: 1 / ratio(lambda: ours(learner, labeled), plain.epoch))
    benchmark.extra_info["plain collate / ours"] = faster
    assert faster >= 2


def test_bucketing_is_no_slower_than_sorting_lists(learner, labeled, ratio, benchmark) -> None:
    plain, lengths = Plain(learner, labeled), learner._data(labeled).lengths
    assert [rows.tolist() for rows in rows_of(lengths)] == plain.buckets()
    faster = benchmark.pedantic(lambda: 1 / ratio(lambda: rows_of(lengths), plain.buckets))
    benchmark.extra_info["lists / ours"] = faster
    assert faster >= 0.8


def instructions(run: Callable[[], object]) -> int:
    """How many instructions Python executes."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> Trace:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        run()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", ["latent", "nbest_log_probs", "gradient_embedding"])
def test_no_python_runs_for_a_single_word_or_sentence(learner, drawn, benchmark, name) -> None:
    """As many instructions for a batch of 240 sentences as for one of 40, of the same lengths."""
    some = drawn(40)

    def made(times: int) -> int:
        return instructions(lambda: learner.signal(name, pa.concat_arrays([some] * times)))

    made(1)
    found = benchmark.pedantic(lambda: [made(1), made(6)])
    benchmark.extra_info["instructions for 40 and for 240"] = found
    assert found[0] == found[1]
