"""Whatever a strategy does wrong, its cell says why and ends; nobody else notices."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch

from bench.loop.budget import Budget
from bench.loop.event import Event
from bench.loop.executor import Summary, execute
from bench.loop.plan import Plan
from bench.loop.ranking import rank
from bench.loop.view import View
from bench.rows import store

Select = Callable[[View, Budget, torch.Generator], Any]


def raises(view: View, budget: Budget, rng: torch.Generator) -> Any:
    raise ValueError("no idea")


def exits(view: View, budget: Budget, rng: torch.Generator) -> Any:
    raise SystemExit(0)


def nan(view: View, budget: Budget, rng: torch.Generator) -> Any:
    return rank(view.unlabeled, torch.full((len(view.unlabeled),), torch.nan), rng)


FAULTS: dict[str, tuple[Select, str]] = {
    "raises": (raises, "raised ValueError: no idea"),
    "exits": (exits, "raised SystemExit: 0"),
    "nan": (nan, "priority of item .* is NaN"),
    "recursion": (lambda v, b, r: FAULTS["recursion"][0](v, b, r), "raised RecursionError"),
    "duplicates": (lambda v, b, r: [int(v.unlabeled[0])] * 30, "returned item .* twice"),
    "labelled": (lambda v, b, r: v.labeled.ids, "which is not an unlabelled item"),
    "unknown": (lambda v, b, r: torch.arange(10**6, 10**6 + 30), "item 1000000, which is not"),
    "huge": (lambda v, b, r: [10**30], "raised .*Overflow"),
    "few": (lambda v, b, r: v.unlabeled[:5], "ranked only 5 items, worth 5 of a budget of 20"),
    "none": (lambda v, b, r: None, "returned a NoneType"),
    "text": (lambda v, b, r: "lots", "returned a str"),
    "floats": (lambda v, b, r: v.unlabeled.float(), "type torch.float32"),
    "float list": (lambda v, b, r: v.unlabeled.double().tolist(), "returned a list"),
    "matrix": (lambda v, b, r: v.unlabeled[None], r"shape \(1, 100\)"),
    "sparse": (lambda v, b, r: v.unlabeled.to_sparse(), r"a tensor of shape \(100,\)"),
    "unasked": (lambda v, b, r: v.signal("token_entropy"), "'token_entropy', which is not in"),
    "options": (lambda v, b, r: v.signal("latent", depth=3), "unexpected keyword argument 'depth'"),
    "elsewhere": (lambda v, b, r: v.inputs(torch.tensor([10**6])), "Item 1000000 is not in the"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_cell_says_why(tiny: Any, fault: str) -> None:
    select, reason = FAULTS[fault]
    cell = tiny.planted(select, ("latent",))
    (row,) = tiny.run(cell)
    assert (row.status, row.items, row.selected) == ("failed", 20, ())
    assert row.score is not None
    assert row.acquisition_seconds is None
    assert re.search(reason, row.error)
    assert store.read(cell.path) == [row]


def test_other_cells_go_on(tiny: Any) -> None:
    cells = [tiny.cell("random"), tiny.planted(raises), tiny.cell("longest")]
    told: list[Event] = []
    summary = execute(Plan(cells, [], 1), told.append)
    reason = "The strategy raised ValueError: no idea"
    assert summary == Summary(2, [("planted seed 0", reason)])
    ends = [(event.cell, event.kind) for event in told if event.kind in ("done", "failed")]
    assert ends == [
        ("random seed 0", "done"),
        ("planted seed 0", "failed"),
        ("longest seed 0", "done"),
    ]


def test_a_strategy_that_scribbles_on_what_it_is_handed_harms_nobody(tiny: Any) -> None:
    def scribble(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        ids = view.unlabeled
        view.unlabeled.fill_(-1)
        view.signal("lengths").fill_(-1)
        view.cost(ids).fill_(-1)
        view.signal("latent").zero_()
        view.labeled.ids.fill_(-1)
        for chosen in view.history:
            chosen.fill_(-1)
        return ids

    def plain(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        return view.unlabeled

    one = tiny.run(tiny.planted(scribble, ("latent", "lengths"), out=tiny.out / "a"))
    other = tiny.run(tiny.planted(plain, ("latent",), out=tiny.out / "b"))
    assert [row.selected for row in one] == [row.selected for row in other]
    assert [row.metrics for row in one] == [row.metrics for row in other]


def test_a_strategy_may_train_on_a_signal(tiny: Any) -> None:
    def select(view: View, budget: Budget, rng: torch.Generator) -> torch.Tensor:
        latent = view.signal("latent")
        weight = torch.zeros(latent.shape[1], requires_grad=True)
        (latent @ weight).sum().backward()
        assert weight.grad is not None
        return view.unlabeled

    assert tiny.run(tiny.planted(select, ("latent",), rounds=1))[0].error is None


def test_events_count_rounds_and_epochs_from_1(tiny: Any) -> None:
    told: list[Event] = []
    tiny.run(tiny.cell("random"), told.append)
    assert [event.round for event in told if event.kind == "round"] == [1, 2, 3]
    assert {event.rounds for event in told} == {4}
    epochs = [(event.round, event.epoch) for event in told if event.kind == "epoch"]
    assert epochs == [(number, epoch) for number in (1, 2, 3, 4) for epoch in (1, 2)]


def test_an_interruption_that_a_callback_swallowed_comes_again() -> None:
    """A worker that is told to end while a weak reference is cleared; in a process of its own."""
    code = (
        "import signal, sys, time, weakref\n"
        "from bench.loop.executor import _again\n"
        "signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        "sys.unraisablehook = _again\n"
        "class Thing: pass\n"
        "thing = Thing()\n"
        "kept = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGTERM))\n"
        "del thing\n"
        "try:\n"
        "    time.sleep(20)\n"
        "except KeyboardInterrupt:\n"
        "    print('heard')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("heard\n", "")
