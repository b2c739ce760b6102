"""No label of the pool, and no trace of the test split's, can be reached from a pool."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import torch

from bench.data import task

Maker = Callable[..., Path]
Walk = Callable[[object], Iterator[object]]


def columns(things: Iterator[object]) -> list[pa.Array]:
    return [thing for thing in things if isinstance(thing, pa.Array | pa.ChunkedArray)]


def words(things: Iterator[object]) -> set[str]:
    return {word for column in columns(things) for row in column.to_pylist() for word in row}


def test_no_attribute_of_the_pool_leads_to_a_label_or_to_the_test_split(
    make: Maker, reachable: Walk
) -> None:
    tiny = task.load("tiny", None, make())
    deal = tiny.deal(torch.Generator().manual_seed(0))
    assert not words(reachable(deal.pool)) & set(tiny.kind.tags)
    assert "boston" in words(reachable(deal.pool))
    assert words(reachable(deal.oracle)) & set(tiny.kind.tags), "the walk would have found them"
    assert not any(isinstance(thing, task.Task) for thing in reachable(deal.pool))
    assert all(len(column) == len(deal.pool.ids) for column in columns(reachable(deal.pool)))
