"""What every strategy file keeps to; one that is added is found and held to it."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from bench.data.task import Task
from bench.learners.learner import names as learners
from bench.learners.learner import signals
from bench.loop import strategy
from bench.loop.acquisition import acquire
from bench.loop.budget import Budget
from bench.loop.fit import FitStore
from bench.loop.ledger import Ledger
from bench.loop.strategy import Strategy
from bench.loop.view import View

NAMES = strategy.names()
SMALL = "[batch_size=16,decoder=8,embedding=8,epochs=1,hidden=8]"
YEAR = r"\([^()]*\b(19|20)\d\d\b[^()]*\)"


class Asked:
    """A view that a strategy was handed, with the budget and the answer."""

    view: View
    budget: Budget
    answer: torch.Tensor


def recorded(found: Strategy, asked: list[Asked]) -> Strategy:
    """The strategy, its calls noted."""

    def select(view: View, budget: Budget, rng: torch.Generator, **params: Any) -> Any:
        call = Asked()
        call.view, call.budget = view, budget
        call.answer = torch.as_tensor(found.select(view, budget, rng, **params))
        asked.append(call)
        return call.answer

    return Strategy(found.spec, found.about, found.needs, found.objective, select, found.digest)


def calls(tiny: Any, name: str, **changes: Any) -> list[Asked]:
    cell, asked = tiny.cell(name, **changes), list[Asked]()
    cell.__dict__["chooser"] = recorded(strategy.load(name), asked)
    assert tiny.run(cell)[-1].error is None
    return asked


def arrays(view: View) -> Iterator[list[Any]]:
    """All that a view hands out, as plain values."""
    yield view.unlabeled.tolist()
    yield view.labeled.ids.tolist()
    yield view.labeled.inputs.to_pylist()
    yield view.labeled.labels.to_pylist()
    yield [ids.tolist() for ids in view.history]
    yield view.inputs(view.unlabeled).to_pylist()
    yield view.cost(view.unlabeled).tolist()


def permuted(task: Task, kept: set[int]) -> Task:
    """The task with the labels of all words permuted, but for those of some items."""
    rows = task.corpus.tags.to_pylist()
    hidden = [number for number in range(len(rows)) if number not in kept]
    labels = [tag for number in hidden for tag in rows[number]]
    random.Random(0).shuffle(labels)
    shuffled = iter(labels)
    for number in hidden:
        rows[number] = [next(shuffled) for _ in rows[number]]
    column = pa.chunked_array([pa.array(rows, task.corpus.tags.type)])
    return replace(task, corpus=replace(task.corpus, tags=column))


def test_every_file_is_found() -> None:
    files = {path.stem for path in strategy.folder().iterdir() if path.suffix == ".py"}
    assert set(NAMES) == files
    assert len(NAMES) >= 9


@pytest.mark.parametrize("name", NAMES)
def test_it_says_where_it_comes_from(name: str) -> None:
    found = strategy.load(name)
    assert re.search(YEAR, found.about), "the docstring should cite a source with its year"
    assert len(found.about.splitlines()[0]) <= 100


@pytest.mark.parametrize("name", NAMES)
def test_it_needs_only_signals_there_are(name: str) -> None:
    found = strategy.load(name)
    assert set(found.needs) <= signals(found.objective)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_short_file_that_imports_no_label(name: str) -> None:
    source = Path(strategy.folder() / f"{name}.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 60
    assert not re.search(r"\b(oracle|judge|ledger|Task|open|eval|exec)\b", source)


@pytest.mark.parametrize("protocol", ["drawn", "fixed"])
@pytest.mark.parametrize("name", NAMES)
def test_it_ranks_enough_unlabelled_items_once(tiny: Any, name: str, protocol: str) -> None:
    for call in calls(tiny, name, protocol=protocol, rounds=3):
        ids = call.answer.tolist()
        assert call.answer.dtype == torch.int64
        assert call.answer.device.type == "cpu"
        assert len(set(ids)) == len(ids)
        assert set(ids) <= set(call.view.unlabeled.tolist())
        assert int(call.view.cost(call.answer).sum()) >= call.budget.amount


@pytest.mark.parametrize("name", NAMES)
def test_it_gives_equal_answers_to_equal_questions(tiny: Any, name: str) -> None:
    asked = calls(tiny, name, rounds=1)
    again = calls(tiny, name, rounds=1, out=tiny.out / "again")
    assert asked[0].answer.tolist() == again[0].answer.tolist()
    found, view, budget = strategy.load(name), asked[0].view, asked[0].budget
    seeded = [
        torch.as_tensor(found.select(view, budget, torch.Generator().manual_seed(7))).tolist()
        for _ in range(2)
    ]
    assert seeded[0] == seeded[1]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_blind_to_unrevealed_labels(tiny: Any, name: str) -> None:
    plain, blind = (tiny.cell(name, rounds=2, out=tiny.out / side) for side in ("a", "b"))
    rows = tiny.run(plain)
    blind.__dict__["task"] = permuted(plain.task, {*rows[0].initial, *rows[0].selected})
    again = tiny.run(blind)
    assert [row.selected for row in again] == [row.selected for row in rows]
    assert len(rows[1].selected) > 0
    assert again[1].metrics != rows[1].metrics  # the test split was permuted, too


@pytest.mark.parametrize("name", NAMES)
def test_it_leaves_the_view_as_it_was(tiny: Any, name: str) -> None:
    call = calls(tiny, name, rounds=1)[0]
    before = list(arrays(call.view))
    weights = {key: value.copy() for key, value in call.view._learner.state().items()}
    strategy.load(name).select(call.view, call.budget, torch.Generator().manual_seed(1))
    assert list(arrays(call.view)) == before
    after = call.view._learner.state()
    assert all((after[key] == weights[key]).all() for key in weights)


@pytest.mark.parametrize("kind", learners())
@pytest.mark.parametrize("name", NAMES)
def test_it_works_with_every_learner(tiny: Any, name: str, kind: str) -> None:
    (call,) = calls(tiny, name, learner=kind + SMALL, rounds=1)
    assert len(call.answer) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_it_can_rank_the_last_item(tiny: Any, name: str) -> None:
    cell = tiny.cell(name)
    ledger = Ledger(cell.task.deal(torch.Generator().manual_seed(0)))
    ledger.reveal(ledger.pool.ids[1:])
    call = calls(tiny, name, rounds=1)[0]
    budget, rng = Budget(1), torch.Generator()
    found = acquire(strategy.load(name), call.view._learner, ledger, budget, rng)
    assert found.ids.tolist() == ledger.pool.ids[:1].tolist()


def test_fits_are_not_shared_between_objectives(tiny: Any) -> None:
    store = FitStore(tiny.out / "fits")
    plain = tiny.run(tiny.cell("random", rounds=1), fits=store)[0]
    own = tiny.run(tiny.cell("alise", rounds=1), fits=store)[0]
    assert own.metrics == plain.metrics
    assert own.own_fit_seconds is not None
    assert len(list(store.folder.glob("*.npz"))) == 2


def test_every_strategy_is_held_to_every_clause(request: pytest.FixtureRequest) -> None:
    """Nothing of the contract may be skipped for some file: what is collected is complete."""
    met: dict[str, set[str]] = {}
    for item in request.session.items:
        if item.path == request.path and isinstance(item, pytest.Function):
            params = getattr(item, "callspec", None)
            if params is not None:
                met.setdefault(item.originalname, set()).add(params.params["name"])
                assert not list(item.iter_markers("skip"))
    assert met
    assert {clause: set(NAMES) - names for clause, names in met.items() if names < set(NAMES)} == {}
