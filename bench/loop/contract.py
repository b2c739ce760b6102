"""The contract: what every strategy keeps to, clause by clause.

A clause raises BreachError, or SelectionError where the strategy fails altogether.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from bench.data.task import Task
from bench.error import BenchError
from bench.loop.acquisition import acquire
from bench.loop.budget import Budget, SelectionError, as_ids, check
from bench.loop.ground import Call, Ground, embedded
from bench.loop.ledger import Ledger
from bench.loop.source import Source
from bench.loop.strategy import Strategy
from bench.loop.view import View

LINES, WIDTH = 60, 100
"""Lines of a strategy file, and characters of the first line of its docstring, at most."""
YEAR = r"\([^()]*\b(19|20)\d\d\b[^()]*\)"


class BreachError(BenchError):
    """A clause that a strategy does not keep to, in one sentence."""

    exit_code = 2


Clause = Callable[[Strategy, Ground], None]


def cites(about: str) -> None:
    """The docstring says in one line what the strategy does, and cites its source with a year."""
    if not re.search(YEAR, about):
        raise BreachError("The docstring cites no source with its year, as in (Deng et al. 2018).")
    first = about.splitlines()[0]
    if len(first) > WIDTH:
        raise BreachError(f"The docstring's first line has {len(first)} characters, over {WIDTH}.")


def is_short(text: str) -> None:
    """The file can be read at a glance."""
    count = len(text.splitlines())
    if count > LINES:
        raise BreachError(f"The file has {count} lines, over {LINES}.")


def applies(found: Strategy, grounds: Iterable[Ground]) -> None:
    """There is a kind of task whose learners offer what the strategy needs."""
    missing = {ground.kind: ground.missing(found) for ground in grounds}
    if all(missing.values()):
        told = (f"{kind} misses {', '.join(names)}" for kind, names in missing.items())
        raise BreachError(f"It applies to no kind of task: {'; '.join(told)}.")


def ranks(found: Strategy, ground: Ground) -> None:
    """It ranks enough unlabelled items, each once, round after round."""
    for call in ground.calls(found, rounds=None):
        _check_ranking(call)


def works_with_every_learner(found: Strategy, ground: Ground) -> None:
    """It does so with every learner that offers what it needs."""
    for learner in ground.learners:
        if not found.missing(learner):
            try:
                _check_ranking(*ground.calls(found, learner))
            except (BreachError, SelectionError) as reason:
                raise BreachError(f"With learner {learner}: {reason}") from reason


def can_rank_the_last_item(found: Strategy, ground: Ground) -> None:
    """It can be asked when a single item is left."""
    (call,) = ground.calls(found)
    ledger = Ledger(ground.load(found).deal(torch.Generator().manual_seed(0)))
    ledger.reveal(ledger.pool.ids[1:])
    (last,) = ledger.pool.ids[:1].tolist()
    budget = Budget(int(ledger.pool.cost(ledger.pool.ids[:1])))
    answer = acquire(found, call.view._learner, ledger, budget, torch.Generator())
    if answer.ids.tolist() != [last]:
        raise BreachError(f"Where item {last} alone is left, it ranks {answer.ids.tolist()}.")


def gives_equal_answers(found: Strategy, ground: Ground) -> None:
    """Equal questions and seeds get equal answers: in another run, and of the same model."""
    one, two = ground.calls(found)[0], ground.calls(found)[0]
    _check_equal(one.answer, two.answer)
    seeded = (
        found.select(one.view, one.budget, torch.Generator().manual_seed(7), **_params(found))
        for _ in range(2)
    )
    _check_equal(*seeded)


def is_blind(found: Strategy, ground: Ground) -> None:
    """What it selects does not change when all labels that are not revealed are permuted."""
    plain = ground.run(found, rounds=2)
    known = {*plain[0].initial, *plain[0].selected}
    again = ground.run(found, rounds=2, labels=permuted(ground.load(found), known))
    for one, two in zip(plain, again, strict=True):
        if one.selected != two.selected:
            raise BreachError(
                f"In round {one.round} it selects otherwise once all unrevealed labels are "
                "permuted: it has seen some."
            )


def leaves_the_view(found: Strategy, ground: Ground) -> None:
    """It changes nothing of what it is handed, nor the model's weights."""
    seen: list[list[Any]] = []

    def select(view: View, budget: Budget, rng: torch.Generator, **params: Any) -> Any:
        seen.append(list(_everything(view)))
        answer = found.select(view, budget, rng, **params)
        seen.append(list(_everything(view)))
        return answer

    ground.calls(replace(found, select=select))
    if seen[0] != seen[1]:
        raise BreachError("It changes what its view hands out, or the model.")


CLAUSES: Mapping[str, Clause] = {
    "works with every learner that offers what it needs": works_with_every_learner,
    "can rank the last item": can_rank_the_last_item,
    "gives equal answers to equal questions": gives_equal_answers,
    "is blind to unrevealed labels": is_blind,
    "leaves the view as it was": leaves_the_view,
}
"""What is asked of a strategy that `ranks`, on every ground that it applies to."""


def examine(source: Source, found: Strategy) -> Iterator[tuple[str, str | None]]:
    """Each clause in words, once it is known, and why it is not kept, or None.

    On one thread, with the embedded tasks; where a strategy ranks nothing, the rest is not asked.
    """
    torch.set_num_threads(1)
    yield "cites its source", _reason(partial(cites, source.about))
    yield f"is a file of {LINES} lines or fewer", _reason(partial(is_short, source.text))
    with embedded() as grounds:
        yield "applies to a kind of task", _reason(partial(applies, found, grounds))
        grounds = [ground for ground in grounds if not ground.missing(found)]
        failed = _failures(ranks, found, grounds)
        grounds = [ground for ground in grounds if ground.kind not in failed]
        yield "ranks enough unlabelled items, each once", _told(failed)
        for name, clause in CLAUSES.items() if grounds else ():
            yield name, _told(_failures(clause, found, grounds))


def permuted(task: Task, kept: set[int]) -> dict[int, list[str]]:
    """Other labels for all but some items: the tags of all words, else whole labels, permuted."""
    rows = task.corpus.labels.to_pylist()
    hidden = [number for number in range(len(rows)) if number not in kept]
    if task.kind.name != "tagging":
        pairs = zip(hidden, hidden[1:] + hidden[:1], strict=True)
        return {one: rows[other] for one, other in pairs}
    tags = [tag for number in hidden for tag in rows[number]]
    order = torch.randperm(len(tags), generator=torch.Generator().manual_seed(0))
    shuffled = iter([tags[place] for place in order.tolist()])
    return {number: [next(shuffled) for _ in rows[number]] for number in hidden}


def _failures(clause: Clause, found: Strategy, grounds: Sequence[Ground]) -> dict[str, str]:
    """Why a clause is not kept, by the kind of the ground."""
    reasons = {each.kind: _reason(partial(clause, found, each)) for each in grounds}
    return {kind: reason for kind, reason in reasons.items() if reason}


def _told(failed: Mapping[str, str]) -> str | None:
    return "; ".join(f"{kind}: {reason}" for kind, reason in failed.items()) or None


def _reason(clause: Callable[[], None]) -> str | None:
    try:
        clause()
    except (BreachError, SelectionError) as reason:
        return str(reason)
    return None


def _params(found: Strategy) -> dict[str, Any]:
    return dict(found.spec.params)


def _check_ranking(call: Call) -> None:
    """That it is one, and pays for the budget or is of all items."""
    ids = as_ids(call.answer)
    check(ids, call.view.unlabeled)
    worth = int(call.view.cost(ids).sum())
    if worth < call.budget.amount and len(ids) < len(call.view.unlabeled):
        raise BreachError(f"It ranks {len(ids)} items, worth {worth} of {call.budget.amount}.")


def _check_equal(one: object, two: object) -> None:
    first, second = as_ids(one).tolist(), as_ids(two).tolist()
    pairs = enumerate(zip(first, second, strict=False))
    place = next((place for place, (a, b) in pairs if a != b), min(len(first), len(second)))
    if first != second:
        raise BreachError(
            f"Asked the same twice, it answers otherwise from place {place} on: draw from `rng` "
            "alone, keep nothing between questions, and read no clock."
        )


def _everything(view: View) -> Iterator[Any]:
    """All that a view hands out, and the model's weights, as plain values."""
    yield view.unlabeled.tolist()
    yield view.labeled.ids.tolist()
    yield _values(view.labeled.inputs)
    yield view.labeled.labels.to_pylist()
    yield [ids.tolist() for ids in view.history]
    yield _values(view.inputs(view.unlabeled))
    yield view.cost(view.unlabeled).tolist()
    yield {name: array.tobytes() for name, array in view._learner.state().items()}


def _values(inputs: Any) -> list[Any]:
    """Sentences or images as plain values."""
    if hasattr(inputs, "to_pylist"):
        return list(inputs.to_pylist())
    return [image.tobytes() for image in inputs.read(np.arange(len(inputs)))]
