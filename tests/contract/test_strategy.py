"""What every strategy file keeps to, on every kind of task that it applies to.

One that is added is found and held to it. Where a learner does not offer what a strategy needs, the
plan has to say so.
"""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.data.task import Task
from bench.learners import registry
from bench.loop import strategy
from bench.loop.acquisition import acquire
from bench.loop.budget import Budget
from bench.loop.fit import FitStore
from bench.loop.ledger import Ledger
from bench.loop.plan import plan
from bench.loop.strategy import Strategy
from bench.loop.view import View
from bench.spec import Spec

NAMES = strategy.names()
KINDS = {
    "tagging": ("drawn", "fixed"),
    "captioning": ("drawn",),
    "images": ("drawn",),
    "texts": ("drawn", "fixed"),
}
"""The kinds of task (of classification: what is read), and the protocols of each small task."""
LEARNERS = {
    "tagging": registry.names("tagging"),
    "captioning": registry.names("captioning"),
    "images": registry.names("classification", "images"),
    "texts": registry.names("classification", "sentences"),
}
SMALL = {"batch_size": 16, "decoder": 8, "embedding": 8, "epochs": 1, "hidden": 8, "width": 2}
YEAR = r"\([^()]*\b(19|20)\d\d\b[^()]*\)"


def missing(name: str, kind: str) -> list[str]:
    """The signals that a strategy needs and no learner for a kind of task offers."""
    found = strategy.load(name)
    return min((found.missing(learner) for learner in LEARNERS[kind]), key=len)


ALL = [(name, kind) for name in NAMES for kind in KINDS]
CASES = [(name, kind) for name, kind in ALL if not missing(name, kind)]

VARIANTS = (
    "coreset[robust=true,time_limit=10]",
    "bald[measure=mutual_information,passes=5]",
    "dbal[measure=variation_ratio]",
    "nse[normalize=true]",
)
"""Parameters that make another strategy of one."""


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


def calls(small: Any, name: str, **changes: Any) -> list[Asked]:
    cell, asked = small.cell(name, **changes), list[Asked]()
    cell.__dict__["chooser"] = recorded(strategy.load(name), asked)
    assert small.run(cell)[-1].error is None
    return asked


@pytest.fixture
def small(smalls: dict[str, Any], kind: str) -> Any:
    """The small task of a kind."""
    return smalls[kind]


def values(inputs: Any) -> list[Any]:
    """Sentences or images as plain values."""
    if hasattr(inputs, "to_pylist"):
        return list(inputs.to_pylist())
    return [image.tobytes() for image in inputs.read(np.arange(len(inputs)))]


def arrays(view: View) -> Iterator[list[Any]]:
    """All that a view hands out, as plain values."""
    yield view.unlabeled.tolist()
    yield view.labeled.ids.tolist()
    yield values(view.labeled.inputs)
    yield view.labeled.labels.to_pylist()
    yield [ids.tolist() for ids in view.history]
    yield values(view.inputs(view.unlabeled))
    yield view.cost(view.unlabeled).tolist()


def permuted(task: Task, kept: set[int]) -> dict[int, list[str]]:
    """Other labels for all but some items: the tags of all words, else whole labels, permuted."""
    rows = task.corpus.labels.to_pylist()
    hidden = [number for number in range(len(rows)) if number not in kept]
    if task.kind.name != "tagging":
        return {
            one: rows[other] for one, other in zip(hidden, hidden[1:] + hidden[:1], strict=True)
        }
    tags = [tag for number in hidden for tag in rows[number]]
    random.Random(0).shuffle(tags)
    shuffled = iter(tags)
    return {number: [next(shuffled) for _ in rows[number]] for number in hidden}


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
    assert set(found.needs) <= registry.signals(None, found.objective)
    assert any(not missing(name, kind) for kind in KINDS), "it applies to no kind of task"


def test_of_the_papers_strategies_longest_alone_does_not_apply_everywhere() -> None:
    paper = {"random", "lc", "nse", "margin", "mnlp", "token_entropy", "alise", "alise_nse"}
    assert {(name, kind) for name in paper for kind in KINDS} <= set(CASES)
    assert missing("longest", "captioning") == missing("longest", "images") == ["lengths"]
    assert ("longest", "tagging") in CASES


@pytest.mark.parametrize(("name", "kind"), ALL)
def test_the_plan_runs_it_or_says_what_is_missing(small: Any, name: str, kind: str) -> None:
    made = plan(small.request(strategies=(name, "full")))
    cells = {cell.strategy for cell in made.cells}
    if (name, kind) in CASES:
        assert (cells, made.inapplicable) == ({name, "full"}, {})
    else:
        assert (cells, made.inapplicable) == ({"full"}, {name: missing(name, kind)})


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_short_file_that_imports_no_label(name: str) -> None:
    source = Path(strategy.folder() / f"{name}.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 60
    assert not re.search(r"\b(oracle|judge|ledger|Task|open|eval|exec)\b", source)


@pytest.mark.parametrize(
    ("name", "kind", "protocol"),
    [(name, kind, protocol) for name, kind in CASES for protocol in KINDS[kind]],
)
def test_it_ranks_enough_unlabelled_items_once(
    small: Any, name: str, kind: str, protocol: str
) -> None:
    for call in calls(small, name, protocol=protocol, rounds=3):
        ids = call.answer.tolist()
        assert call.answer.dtype == torch.int64
        assert call.answer.device.type == "cpu"
        assert len(set(ids)) == len(ids)
        assert set(ids) <= set(call.view.unlabeled.tolist())
        assert int(call.view.cost(call.answer).sum()) >= call.budget.amount


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_does_so_too(small: Any, variant: str, kind: str) -> None:
    if Spec.parse(variant).name in {name for name, other in CASES if other == kind}:
        (call,) = calls(small, variant, rounds=1)
        ids = call.answer.tolist()
        assert len(set(ids)) == len(ids) >= call.budget.amount
        assert set(ids) <= set(call.view.unlabeled.tolist())


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_it_gives_equal_answers_to_equal_questions(small: Any, name: str, kind: str) -> None:
    asked = calls(small, name, rounds=1)
    again = calls(small, name, rounds=1, out=small.out / "again")
    assert asked[0].answer.tolist() == again[0].answer.tolist()
    found, view, budget = strategy.load(name), asked[0].view, asked[0].budget
    seeded = [
        torch.as_tensor(found.select(view, budget, torch.Generator().manual_seed(7))).tolist()
        for _ in range(2)
    ]
    assert seeded[0] == seeded[1]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_it_is_blind_to_unrevealed_labels(
    small: Any, name: str, kind: str, relabelled: Callable[..., Task]
) -> None:
    plain, blind = (small.cell(name, rounds=2, out=small.out / side) for side in ("a", "b"))
    rows = small.run(plain)
    others = permuted(plain.task, {*rows[0].initial, *rows[0].selected})
    blind.__dict__["task"] = relabelled(plain.task, others)
    again = small.run(blind)
    assert [row.selected for row in again] == [row.selected for row in rows]
    assert len(rows[1].selected) > 0
    assert again[1].metrics != rows[1].metrics  # the test split was permuted, too


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_it_leaves_the_view_as_it_was(small: Any, name: str, kind: str) -> None:
    call = calls(small, name, rounds=1)[0]
    before = list(arrays(call.view))
    weights = {key: value.copy() for key, value in call.view._learner.state().items()}
    strategy.load(name).select(call.view, call.budget, torch.Generator().manual_seed(1))
    assert list(arrays(call.view)) == before
    after = call.view._learner.state()
    assert all((after[key] == weights[key]).all() for key in weights)


@pytest.mark.parametrize(
    ("name", "kind", "learner"),
    [
        (name, kind, learner)
        for name, kind in CASES
        for learner in LEARNERS[kind]
        if not strategy.load(name).missing(learner)
    ],
)
def test_it_works_with_every_learner(small: Any, name: str, kind: str, learner: str) -> None:
    known = registry.config(Spec(learner)).record()
    spec = Spec.of(learner, {key: value for key, value in SMALL.items() if key in known})
    (call,) = calls(small, name, learner=str(spec), rounds=1)
    assert len(call.answer) >= call.budget.amount > 0


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_it_can_rank_the_last_item(small: Any, name: str, kind: str) -> None:
    cell = small.cell(name)
    ledger = Ledger(cell.task.deal(torch.Generator().manual_seed(0)))
    ledger.reveal(ledger.pool.ids[1:])
    call = calls(small, name, rounds=1)[0]
    budget, rng = Budget(1), torch.Generator()
    found = acquire(strategy.load(name), call.view._learner, ledger, budget, rng)
    assert found.ids.tolist() == ledger.pool.ids[:1].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_fits_are_not_shared_between_objectives(small: Any, kind: str) -> None:
    store = FitStore(small.out / "fits")
    plain = small.run(small.cell("random", rounds=1), fits=store)[0]
    own = small.run(small.cell("alise", rounds=1), fits=store)[0]
    assert own.metrics == plain.metrics
    assert own.own_fit_seconds is not None
    assert len(list(store.folder.glob("*.npz"))) == 2


def test_every_strategy_is_held_to_every_clause(request: pytest.FixtureRequest) -> None:
    """Nothing of the contract may be skipped for some file: what is collected is complete."""
    met: dict[str, set[Any]] = {}
    for item in request.session.items:
        if item.path == request.path and isinstance(item, pytest.Function):
            params = item.callspec.params if hasattr(item, "callspec") else {}
            if "name" in params:
                case = (params["name"], params["kind"]) if "kind" in params else params["name"]
                met.setdefault(item.originalname, set()).add(case)
                assert not list(item.iter_markers("skip"))
    assert met
    for clause, cases in met.items():
        wanted = CASES if isinstance(min(cases), tuple) else NAMES
        if clause == test_the_plan_runs_it_or_says_what_is_missing.__name__:
            wanted = ALL
        assert cases == set(wanted), clause
