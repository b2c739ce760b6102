"""More sentences than a corpus has: its own again, each with one word changed."""

import numpy as np
import pyarrow as pa
import torch


def resample(sentences: pa.ListArray, count: int, rng: torch.Generator) -> pa.ListArray:
    """`count` sentences (list<utf8>) with the lengths and the words of those given.

    All are taken once, in random order, before any is taken again, so that lengths are distributed
    as they were. In each, one word at a random place is replaced by one drawn from all there are.
    """
    rounds = -(-count // len(sentences))
    rows = [torch.randperm(len(sentences), generator=rng) for _ in range(rounds)]
    chosen = torch.cat(rows)[:count].numpy()
    words = sentences.flatten().dictionary_encode()
    codes, starts = words.indices.to_numpy(), sentences.offsets.to_numpy()[:-1]
    starts = starts - starts[0]  # of a slice, words before it are not among those flattened
    lengths = sentences.value_lengths().to_numpy()[chosen].astype(np.int64)
    ends = np.cumsum(lengths)
    within = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    drawn = codes[np.repeat(starts[chosen], lengths) + within]
    place = (torch.rand(count, dtype=torch.float64, generator=rng).numpy() * lengths).astype(int)
    others = torch.randint(len(codes), (count,), generator=rng).numpy()
    drawn[(ends - lengths + place)[lengths > 0]] = codes[others][lengths > 0]
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, words.dictionary.take(pa.array(drawn)))
