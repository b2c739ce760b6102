"""Strategies that look for labels they have not paid for, by what they are handed."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from bench.data.captioning.kind import Captioning
from bench.data.oracle import OracleError
from bench.data.task import Task
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


CAPTIONS: dict[str, Attempt] = {
    "words of a caption": lambda view: view.signal("lengths"),
    "the pool's captions": lambda view: view._pool.labels,
    "captions of images": lambda view: view.inputs(view.unlabeled).captions,
    "names of images": lambda view: view.inputs(view.unlabeled).names,
    "an image as a list": lambda view: view.inputs(view.unlabeled).to_pylist(),
    "words by the kind of task": lambda view: Captioning(32).words(view.inputs(view.unlabeled)),
    "words of the learner": lambda view: view._learner.family.words,
    "captions by id": lambda view: view.labeled.labels[int(view.unlabeled[-1])],
}


@pytest.mark.parametrize("attempt", CAPTIONS)
def test_it_finds_no_caption(snaps: Any, attempt: str) -> None:
    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        CAPTIONS[attempt](view)
        return view.unlabeled

    (row,) = snaps.run(snaps.planted(select, ("latent",)))
    assert row.status == "failed"
    assert "raised" in row.error or "asks for" in row.error


def test_the_length_of_a_caption_is_not_to_be_had_before_its_reveal(
    snaps: Any, relabelled: Callable[[Task, dict[int, list[str]]], Task]
) -> None:
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        seen.append((view.cost(view.unlabeled), view.signal("lengths")))
        return view.unlabeled

    # `lengths` is not offered, so that a plan has no such cell; here it is forced to run.
    plain, other = (snaps.planted(select, ("lengths",), out=snaps.out / side) for side in "ab")
    assert plain.missing == ["lengths"]
    rows = snaps.run(plain)
    paid = {*rows[0].initial, *rows[0].selected, *rows[1].selected}
    captions = plain.task.corpus.labels.to_pylist()
    longer = {n: [f"{c} {c} {n}" for c in row] for n, row in enumerate(captions) if n not in paid}
    other.__dict__["task"] = relabelled(plain.task, longer)
    again = snaps.run(other)
    assert [(row.selected, row.words) for row in again] == [(r.selected, r.words) for r in rows]
    for cost, lengths in seen:
        assert (cost == 1).all()
        assert len(lengths.unique()) == 1


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
