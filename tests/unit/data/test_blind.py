"""No label of the pool, and no trace of the test split's, can be reached from a pool."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import torch

from bench.data import task

Maker = Callable[..., Path]


def reachable(root: object) -> Iterator[object]:
    """Everything that attributes, slots, containers and columns lead to from `root`."""
    seen, waiting = set(), [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, type | str | int | float | bool | None):
            continue
        seen.add(id(thing))
        yield thing
        waiting.extend(getattr(thing, "__dict__", {}).values())
        waiting.extend(thing.values() if isinstance(thing, dict) else ())
        waiting.extend(thing if isinstance(thing, list | tuple | set) else ())
        bound = (getattr(thing, name, None) for name in ("__self__", "__closure__"))
        waiting.extend(part for part in bound if part is not None)


def words(root: object) -> set[str]:
    arrow = (thing for thing in reachable(root) if isinstance(thing, pa.Array | pa.ChunkedArray))
    return {word for column in arrow for row in column.to_pylist() for word in row}


def test_no_attribute_of_the_pool_leads_to_a_label(make: Maker) -> None:
    tiny = task.load("tiny", None, make())
    deal = tiny.deal(torch.Generator().manual_seed(0))
    assert not words(deal.pool) & set(tiny.tags)
    assert "boston" in words(deal.pool)
    assert words(deal.oracle) & set(tiny.tags), "the walk would have found them"
    assert not any(isinstance(thing, task.Task) for thing in reachable(deal.pool))
