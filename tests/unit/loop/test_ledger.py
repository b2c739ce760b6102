"""What is labelled so far, by the names of labels, in the ledger and in the rows of a cell."""

from collections import Counter
from typing import Any

import pytest
import torch

from bench.loop.ledger import Ledger
from bench.loop.seed import Streams


@pytest.mark.parametrize("kind", ["tagging", "images", "texts", "captioning"])
def test_rows_count_what_their_ids_reveal(kind: str, smalls: Any) -> None:
    cell = smalls[kind].cell("random", rounds=3)
    rows = smalls[kind].run(cell)
    oracle = cell.task.deal(Streams(0)("split")).oracle
    revealed: list[list[str]] = []
    for row, ids in zip(rows, (rows[0].initial, *(row.selected for row in rows)), strict=False):
        revealed += oracle.reveal(torch.tensor(ids, dtype=torch.int64)).to_pylist()
        if kind == "captioning":
            assert row.labels == {}
            continue
        names = [name for item in revealed for name in item]
        if kind == "tagging":
            names = [name.removeprefix("B-") for name in names if name.startswith("B-")]
        assert row.labels == dict(Counter(names))
        assert sum(row.labels.values()) == (row.entities if kind == "tagging" else row.items)
    assert len(rows) == 3


def test_a_label_that_was_never_revealed_is_not_named(tiny: Any) -> None:
    ledger = Ledger(tiny.cell("random", protocol="fixed").task.deal(Streams(0)("split")))
    seen: list[dict[str, int]] = []
    for part in ledger.pool.ids.split(10):
        ledger.reveal(part)
        seen.append(ledger.tally())
    assert seen[0].keys() <= seen[-1].keys()
    assert all(min(each.values(), default=1) > 0 for each in seen)
    assert sum(seen[-1].values()) == ledger.counts()["entities"]
