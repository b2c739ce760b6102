"""Strategies that look for labels they have not paid for, by what they are handed."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from bench.data.oracle import OracleError
from bench.loop.budget import Budget
from bench.loop.view import View

Attempt = Callable[[View], Any]
ATTEMPTS: dict[str, Attempt] = {
    "the pool's own labels": lambda view: view._pool.labels,
    "the pool's oracle": lambda view: view._pool.oracle,
    "reveal": lambda view: view.reveal(view.unlabeled),
    "a signal of labels": lambda view: view.signal("labels"),
    "the learner's memory": lambda view: view._learner.labeled,
    "labels by id": lambda view: view.labeled.labels[int(view.unlabeled[-1])],
    "more of the pool": lambda view: view.inputs(torch.arange(10**6)),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_it_finds_nothing(tiny: Any, attempt: str) -> None:
    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        ATTEMPTS[attempt](view)
        return view.unlabeled

    (row,) = tiny.run(tiny.planted(select, ("latent",)))
    assert row.status == "failed"
    assert "raised" in row.error or "asks for" in row.error


def test_labels_revealed_in_a_view_are_only_those_that_were_paid_for(tiny: Any) -> None:
    seen: list[tuple[list[int], int]] = []

    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        seen.append((view.labeled.ids.tolist(), len(view.labeled.labels)))
        return view.unlabeled.flip(0)

    rows = tiny.run(tiny.planted(select))
    paid: list[int] = list(rows[0].initial)
    for row, (ids, count) in zip(rows, seen, strict=False):
        assert ids == sorted(paid)
        assert count == row.items
        paid += row.selected


def test_an_oracle_that_somebody_kept_reveals_nothing_twice(tiny: Any) -> None:
    deal = tiny.cell("random").task.deal(torch.Generator().manual_seed(0))
    deal.oracle.reveal(deal.pool.ids[:3])
    with pytest.raises(OracleError, match="asked for twice"):
        deal.oracle.reveal(deal.pool.ids[2:5])
    with pytest.raises(OracleError, match="asked for twice"):
        deal.oracle.reveal(deal.pool.ids[5:6].repeat(2))
