"""Each clause refuses who breaks it. Who keeps to all of them: `tests/contract`."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.data.task import Deal
from bench.loop import contract, source, strategy
from bench.loop.acquisition import ask
from bench.loop.budget import Budget, SelectionError
from bench.loop.contract import BreachError
from bench.loop.ground import Ground
from bench.loop.ledger import Ledger
from bench.loop.ranking import rank
from bench.loop.strategy import Strategy
from bench.loop.view import View
from bench.spec import Spec

TESTS = Path(__file__).parents[2]
FILE = '''"""Any (you 2026)."""

needs = ()


def select(view, budget, rng):
    return view.unlabeled
'''


@pytest.fixture
def ground(smalls: Any) -> Ground:
    return Ground("tagging", "tiny", ("bilstm-tagger", "bilstm-lstm"), "drawn", TESTS)


def made(select: Callable[..., Any], *needs: str) -> Strategy:
    """A strategy of the test."""
    return Strategy(Spec("planted"), "Planted (you 2026).", needs, "supervised", select, "planted")


def honest(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
    return rank(view.unlabeled, torch.zeros(len(view.unlabeled)), rng)


def test_who_keeps_to_all_clauses_meets_none(ground: Ground) -> None:
    contract.ranks(made(honest), ground)
    for clause in contract.CLAUSES.values():
        clause(made(honest), ground)


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ("Mine.", "cites no source with its year"),
        ("Mine, of 2026.", "cites no source with its year"),
        ("Mine (nobody 1776).", "cites no source with its year"),
        ("x" * 101 + "\n(Nobody 2026)", "first line has 101 characters, over 100"),
    ],
)
def test_a_source_is_cited(about: str, reason: str) -> None:
    with pytest.raises(BreachError, match=reason):
        contract.cites(about)
    contract.cites("x" * 100 + "\n(Nobody et al. 1999; others)")


def test_a_file_is_short() -> None:
    contract.is_short("x\n" * 60)
    with pytest.raises(BreachError, match="The file has 61 lines, over 60"):
        contract.is_short("x\n" * 61)


def test_it_must_apply_somewhere(ground: Ground) -> None:
    contract.applies(made(honest, "lengths"), [ground])
    reason = "It applies to no kind of task: tagging misses boundary_distance"
    with pytest.raises(BreachError, match=reason):
        contract.applies(made(honest, "boundary_distance"), [ground])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda view: view.unlabeled[:1], "ranked only 1 items"),
        (lambda view: [*view.unlabeled.tolist(), int(view.unlabeled[0])], "twice"),
        (lambda view: view.labeled.ids, "not an unlabelled item"),
        (lambda view: view.unlabeled.float(), "must return item ids"),
        (lambda view: 1 / 0, "raised ZeroDivisionError"),
        (lambda view: view.unlabeled if len(view.history) < 2 else [], "ranked only 0 items"),
    ],
)
def test_it_must_rank(ground: Ground, answer: Callable[[View], Any], reason: str) -> None:
    with pytest.raises(SelectionError, match=reason):
        contract.ranks(made(lambda view, budget, rng: answer(view)), ground)


def test_it_must_work_with_every_learner(ground: Ground) -> None:
    asked: list[int] = []

    def select(view: View, budget: Budget, rng: torch.Generator) -> Any:
        asked.append(1)
        return view.unlabeled if len(asked) == 1 else []

    with pytest.raises(BreachError, match=r"With learner bilstm-lstm: .*ranked only 0 items"):
        contract.works_with_every_learner(made(select), ground)


def test_it_must_rank_the_last_item(ground: Ground) -> None:
    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        return view.unlabeled if len(view.unlabeled) > 1 else view.unlabeled / 0

    contract.ranks(made(select), ground)
    with pytest.raises(SelectionError):
        contract.can_rank_the_last_item(made(select), ground)


@pytest.mark.parametrize("what", ["a clock", "a memory", "a generator of its own", "who asks"])
def test_answers_must_be_equal(ground: Ground, what: str) -> None:
    asked: list[int] = []
    views: list[View] = []

    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        asked.append(1)
        ids = view.unlabeled
        if what == "a clock":
            return ids.roll(time.perf_counter_ns() % 101)
        if what == "who asks":  # the same view, the same answer
            views.extend([view] * all(each is not view for each in views))
            return ids.roll(len(views))
        if what == "a memory":  # the fourth question is one too many
            return ids.roll(len(asked) // 4)
        return ids[torch.randperm(len(ids))]

    with pytest.raises(BreachError, match="Asked the same twice, it answers otherwise from place"):
        contract.gives_equal_answers(made(select), ground)


def test_it_must_be_blind(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    oracles: list[Any] = []
    begin = Ledger.__init__

    def spied(ledger: Ledger, deal: Deal) -> None:
        begin(ledger, deal)
        oracles.append(deal.oracle)

    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        labels = oracles[-1]._labels.take(view.unlabeled.numpy()).to_pylist()
        return rank(view.unlabeled, torch.tensor([len(set(each)) + 0.0 for each in labels]), rng)

    monkeypatch.setattr(Ledger, "__init__", spied)
    with pytest.raises(BreachError, match="In round 0 it selects otherwise once all unrevealed"):
        contract.is_blind(made(select), ground)


def test_it_must_leave_the_view(ground: Ground) -> None:
    def weights(view: View) -> None:
        for parameter in view._learner.model.parameters():
            parameter.data += 1

    def ids(view: View) -> None:
        view.labeled.ids[:] = 0

    for change in (weights, ids):

        def select(
            view: View, budget: Budget, rng: torch.Generator, change: Any = change
        ) -> torch.Tensor:
            change(view)
            return view.unlabeled

        with pytest.raises(BreachError, match="changes what its view hands out, or the model"):
            contract.leaves_the_view(made(select), ground)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Iterator[tuple[str, str | None]]]:
    """The examination of a file, in this process."""

    def examined(text: str) -> Iterator[tuple[str, str | None]]:
        path = tmp_path / "mine.py"
        path.write_text(text)
        return contract.examine(source.read(path), strategy.load(str(path)))

    return examined


def test_every_clause_is_told(file: Any, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "embedded", lambda: Grounds([ground]))
    told = dict(file(FILE))
    assert set(told.values()) == {None}
    assert len(told) == 4 + len(contract.CLAUSES)


def test_all_that_is_broken_is_told(
    file: Any, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "embedded", lambda: Grounds([ground]))
    broken = FILE.replace("(you 2026)", "").replace("unlabeled", "unlabeled * 0")
    told = {clause: reason for clause, reason in file(broken + "#\n" * 60) if reason}
    assert [*told] == [
        "cites its source",
        "is a file of 60 lines or fewer",
        "ranks enough unlabelled items, each once",
    ]
    assert told["ranks enough unlabelled items, each once"].startswith("tagging: The strategy ")


class Grounds(list[Ground]):
    """Grounds as those that are embedded."""

    def __enter__(self) -> list[Ground]:
        return self

    def __exit__(self, *_: object) -> None: ...


def test_permuted_labels_are_those_of_all_other_items(ground: Ground) -> None:
    task = ground.load(made(honest))
    rows = task.corpus.labels.to_pylist()
    found = contract.permuted(task, {0, 5})
    assert set(found) == set(range(len(rows))) - {0, 5}
    assert [len(found[number]) for number in found] == [len(rows[number]) for number in found]
    assert any(found[number] != rows[number] for number in found)
    before = sorted(tag for number in found for tag in rows[number])
    assert sorted(tag for tags in found.values() for tag in tags) == before


def test_a_ground_asks_with_the_parameters(ground: Ground) -> None:
    heard = []

    def select(view: View, budget: Budget, rng: torch.Generator, k: int = 1) -> torch.Tensor:
        heard.append(k)
        return view.unlabeled

    planted = replace(made(select), spec=Spec.of("planted", {"k": 3}))
    (call,) = ground.calls(planted)
    contract.gives_equal_answers(planted, ground)
    assert set(heard) == {3}
    assert ask(planted, call.view, call.budget, torch.Generator()).tolist() == list(call.answer)
