"""What `bench select` chooses: as a strategy does that is asked by hand."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from bench.data.pool import Pool
from bench.data.tagging.kind import Tagging
from bench.error import UsageError
from bench.learners import registry
from bench.learners.learner import Labeled, Learner
from bench.loop import strategy
from bench.loop.budget import Budget, SelectionError
from bench.loop.choose import Request, choose
from bench.loop.seed import Streams
from bench.loop.view import View
from bench.spec import Spec

TINY = Path(__file__).parents[2] / "tiny"
LEARNER = Spec.parse("bilstm-tagger[batch_size=8,decoder=8,embedding=8,epochs=3,hidden=8]")
CPU = torch.device("cpu")
KIND = pa.list_(pa.string())


def rows(split: str) -> list[tuple[list[str], list[str]]]:
    sides = ((TINY / split / side).read_text().splitlines() for side in ("tokens", "tags"))
    return [(words.split(), tags.split()) for words, tags in zip(*sides, strict=True)]


LABELED = rows("train")[:30]
UNLABELED = [words for words, _ in rows("test")]
TAGS = ("O", *sorted({tag for _, tags in LABELED for tag in tags} - {"O"}))


def request(name: str, budget: int, **changes: Any) -> Request:
    values = {"unit": "words", "seed": 3, "device": CPU, "learner": LEARNER} | changes
    return Request(strategy=strategy.load(name), budget=budget, **values)


def chosen(name: str, budget: int, **changes: Any) -> list[int]:
    asked = request(name, budget, **changes)
    return choose(asked, LABELED, UNLABELED, TAGS, lambda _: None)


def by_hand(name: str, budget: int, unit: str, seed: int) -> list[int]:
    """A learner fitted on what is labelled, a strategy asked, what fits taken one by one."""
    found, streams, count = strategy.load(name), Streams(seed), len(LABELED)
    inputs = pa.array([*(words for words, _ in LABELED), *UNLABELED], KIND)
    lengths = [len(words) for words in inputs.to_pylist()]
    costs = torch.tensor(lengths if unit == "words" else [1] * len(lengths))
    labels = pa.array([tags for _, tags in LABELED], KIND)
    held = Labeled(torch.arange(count), inputs.slice(0, count), labels)
    learner = Learner(registry.make(LEARNER, Tagging(TAGS), inputs), CPU)
    learner.fit(held, streams, lambda _: None)
    if found.objective != "supervised":
        rest = inputs.slice(count)
        learner = learner.refine(found.objective, held, rest, streams, lambda _: None)
    pool, rest = Pool(torch.arange(len(inputs)), inputs, costs), torch.arange(count, len(inputs))
    view = View(pool, rest, held, [held.ids], learner, found.needs)
    answer = found.select(view, Budget(budget), streams("strategy"), **dict(found.spec.params))
    taken: list[int] = []
    for place in torch.as_tensor(answer).tolist():
        if costs[[*taken, place]].sum() > budget:
            break
        taken.append(place)
    return [place - count for place in taken]


@pytest.mark.parametrize("unit", ["words", "items"])
@pytest.mark.parametrize("name", ["random", "longest", "mnlp", "lc[width=2]", "wbadge", "alise"])
def test_the_choice_is_the_one_made_by_hand(name: str, unit: Any) -> None:
    budget = 120 if unit == "words" else 13
    found = chosen(name, budget, unit=unit)
    assert found == by_hand(name, budget, unit, seed=3)
    spent = sum(len(UNLABELED[place]) if unit == "words" else 1 for place in found)
    assert 0.8 * budget < spent <= budget
    assert len(set(found)) == len(found)


def test_another_seed_is_another_choice_and_the_same_seed_the_same() -> None:
    assert chosen("random", 100) == chosen("random", 100) != chosen("random", 100, seed=4)
    assert chosen("mnlp", 100) == chosen("mnlp", 100) != chosen("mnlp", 100, seed=4)


def test_longest_takes_the_longest_in_order() -> None:
    found = [len(UNLABELED[place]) for place in chosen("longest", 60)]
    assert found == sorted(map(len, UNLABELED), reverse=True)[: len(found)]


@pytest.mark.parametrize("unit", ["words", "items"])
def test_a_budget_beyond_the_pool_takes_all_of_it(unit: Any) -> None:
    assert sorted(chosen("mnlp", 10**6, unit=unit)) == list(range(len(UNLABELED)))


def test_a_budget_for_nothing_is_refused() -> None:
    most = max(map(len, UNLABELED))
    reason = f"A budget of 2 words pays for nothing: the first that 'longest' wants costs {most}"
    with pytest.raises(UsageError, match=reason):
        chosen("longest", 2)


def test_a_missing_signal_is_named() -> None:
    asked = request("longest", 9, learner=Spec("show-attend-tell"))
    reason = "'longest' does not apply to 'show-attend-tell': missing signal lengths"
    with pytest.raises(UsageError, match=reason):
        choose(asked, LABELED, UNLABELED, TAGS, lambda _: None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise ValueError('no idea')", "raised ValueError: no idea"),
        ("return view.labeled.ids", "not an unlabelled item"),
        ("return view.unlabeled[:1]", "ranked only 1 items"),
        ("return [int(view.unlabeled[0])] * 2", "twice"),
    ],
)
def test_a_strategy_is_held_to_the_rules(tmp_path: Path, body: str, reason: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        f'"""Nobody (2026)."""\nneeds = ()\n\n\ndef select(view, budget, rng):\n    {body}\n'
    )
    with pytest.raises(SelectionError, match=reason):
        chosen(str(path), 300)


def test_each_epoch_is_told() -> None:
    told: list[int] = []
    choose(request("random", 50), LABELED, UNLABELED, TAGS, told.append)
    assert told == [1, 2, 3]
    told.clear()
    choose(request("alise", 50), LABELED, UNLABELED, TAGS, told.append)
    assert len(told) > 3
