"""What every task and protocol keeps to; one that needs no files is always run."""

from itertools import pairwise
from typing import Any

import pytest
import torch

from bench.data import card as cards
from bench.data import task as tasks
from bench.loop import strategy
from bench.loop.seed import Streams
from bench.rows.schema import FULL

ALL = [(name, protocol) for name in cards.names() for protocol in cards.load(name).protocols]


@pytest.fixture(scope="module")
def loaded() -> dict[Any, tasks.Task]:
    return {}


@pytest.fixture
def task(
    name: str, protocol: str, loaded: dict[Any, tasks.Task], request: pytest.FixtureRequest
) -> tasks.Task:
    """The task; skipped where it needs files and no real data are given."""
    if (name, protocol) not in loaded:
        root = request.getfixturevalue("data_root") if cards.load(name).files else None
        loaded[name, protocol] = tasks.load(name, protocol, root)
    return loaded[name, protocol]


def texts(sentences: Any) -> list[str]:
    return [" ".join(words) for words in sentences.to_pylist()]


def test_tasks_are_found_and_one_runs_anywhere() -> None:
    assert {"atis", "flights"} <= set(cards.names())
    files = {path.parent.name for path in cards.folder().glob("*/card.toml")}
    assert set(cards.names()) == files
    assert any(not cards.load(name).files for name in cards.names())


@pytest.mark.parametrize("name", cards.names())
def test_the_card_says_where_it_comes_from(name: str) -> None:
    card = cards.load(name)
    assert all((card.title, card.citation, card.licence))
    assert card.synthetic == (card.reader == "grammar")


@pytest.mark.parametrize(("name", "protocol"), ALL)
def test_the_protocol_can_be_run(task: tasks.Task, name: str, protocol: str) -> None:
    targets = task.protocol.targets
    assert all(low < high for low, high in pairwise((0, *targets)))
    assert targets[-1] <= task.whole
    assert task.protocol.seeds >= 1
    for text in task.protocol.strategies:
        assert text == FULL or strategy.load(text)


@pytest.mark.parametrize(("name", "protocol"), ALL)
def test_pool_and_test_are_apart(task: tasks.Task, name: str, protocol: str) -> None:
    recipe = task.card.recipe(protocol)
    pool, test = tasks.split(recipe, task.corpus, Streams(0)("split"))
    deal = task.deal(Streams(0)("split"))
    assert torch.equal(deal.pool.ids, pool)
    assert not set(pool.tolist()) & set(test.tolist())
    assert pool.diff().min() > 0
    assert int(deal.pool.cost(pool).sum()) == task.whole
    if recipe.distinct:
        asked = texts(deal.pool.inputs(pool))
        held = texts(deal.judge._inputs)
        assert len(set(asked)) == len(asked)
        assert not set(asked) & set(held)


@pytest.mark.parametrize(("name", "protocol"), ALL)
def test_a_deal_is_a_function_of_the_seed(task: tasks.Task, name: str, protocol: str) -> None:
    one, again, other = (task.deal(Streams(seed)("split")).pool.ids for seed in (0, 0, 1))
    assert torch.equal(one, again)
    drawn = isinstance(task.card.recipe(protocol).pool, int)
    assert torch.equal(one, other) != drawn


@pytest.mark.parametrize(("name", "protocol"), ALL)
def test_tags_are_of_the_card(task: tasks.Task, name: str, protocol: str) -> None:
    deal = task.deal(Streams(0)("split"))
    labels = deal.oracle.reveal(deal.pool.ids)
    inputs = deal.pool.inputs(deal.pool.ids)
    assert labels.value_lengths().equals(inputs.value_lengths())
    found = set(labels.flatten().to_pylist())
    assert found <= set(task.tags)
    assert len(found) > 1


@pytest.mark.parametrize(("name", "protocol"), ALL)
def test_gold_labels_score_1(task: tasks.Task, name: str, protocol: str) -> None:
    judge = task.deal(Streams(0)("split")).judge
    scores = judge.score(lambda inputs: judge._gold)
    assert scores[task.metric] == 1
    assert set(scores) == {"f1", "f1_lenient", "precision", "recall", "accuracy"}
