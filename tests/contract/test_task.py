"""What every task and protocol keeps to; one that needs no files is always run."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from bench.data import card as cards
from bench.data import fetch
from bench.data import task as tasks
from bench.data.captioning import meteor
from bench.data.captioning.reader import words
from bench.data.image import Images
from bench.learners import registry
from bench.loop import strategy
from bench.loop.seed import Streams
from bench.rows.schema import FULL
from bench.spec import Spec

ALL = [(name, protocol) for name in cards.names() for protocol in cards.load(name).protocols]
SPANS = {"f1", "f1_lenient", "precision", "recall", "accuracy"}
CAPTIONS = {*(f"bleu{n}" for n in (1, 2, 3, 4)), "meteor", "rouge_l", "cider", "empty"}
SCORES = {"tagging": SPANS, "captioning": CAPTIONS, "classification": {"accuracy", "f1_macro"}}
ABSENT = {
    "cifar10/cifar-10-binary.tar.gz": "170 MB, had from its author when it is wanted",
}
"""What cards pin and a data root may lack all the same, and why; then its task is skipped."""


@pytest.fixture(scope="module")
def loaded() -> dict[Any, tasks.Task]:
    return {}


@pytest.fixture
def task(
    name: str, protocol: str, loaded: dict[Any, tasks.Task], request: pytest.FixtureRequest
) -> tasks.Task:
    """The task; skipped where it needs files and no real data are given.

    A data root has to hold every file that a card pins, but those of ABSENT. One without a stated
    digest is had from its owner when it is wanted, so that a root may lack it too: then the
    protocol is skipped.
    """
    if (name, protocol) not in loaded:
        card = cards.load(name)
        root = request.getfixturevalue("data_root") if card.files else None
        if lacking := absent(card.of(card.recipe(protocol).variant), root):
            pytest.skip(f"{name}, {protocol}: the data root lacks {', '.join(lacking)}")
        loaded[name, protocol] = tasks.load(name, protocol, root)
    return loaded[name, protocol]


def absent(card: cards.Card, root: Path | None) -> list[str]:
    """The files that are not there and need not be."""
    found = fetch.verify(card, root)
    return [path for path, status in found if status == "missing" and path not in needed(card)]


def needed(card: cards.Card) -> set[str]:
    return {file.path for file in card.files if file.pinned} - set(ABSENT)


@pytest.mark.parametrize(("name", "protocol"), ALL)
def test_its_learner_and_settings_are_known(name: str, protocol: str) -> None:
    card = cards.load(name)
    recipe = card.recipe(protocol)
    learner = Spec.parse(recipe.learner or registry.default(card.kind))
    config = registry.config(Spec.of(learner.name, {**recipe.settings, **dict(learner.params)}))
    assert registry.kind(learner.name) == card.kind
    assert recipe.settings.items() <= config.record().items()


def test_tasks_are_found_and_one_runs_anywhere() -> None:
    assert {"atis", "flights", "flickr8k", "mscoco", "shapes"} <= set(cards.names())
    assert {"digits", "mnist", "cifar10", "cifar10-jpeg", "trec", "sst2", "mr"} <= set(
        cards.names()
    )
    files = {path.parent.name for path in cards.folder().glob("*/card.toml")}
    assert set(cards.names()) == files
    embedded = {cards.load(name).kind for name in cards.names() if not cards.load(name).files}
    assert embedded == {"tagging", "captioning", "classification"}


def test_what_the_cards_pin_is_in_the_data_root(data_root: Path) -> None:
    """So that no skipped protocol hides a missing file but those that nobody pinned."""
    whole: set[str] = set()
    for name, protocol in ALL:
        card = cards.load(name)
        card = card.of(card.recipe(protocol).variant)
        for path, status in fetch.verify(card, data_root):
            assert status == "ok" or path not in needed(card), f"{path}: {status}"
            assert status in ("ok", "missing"), f"{path}: {status}"
        whole |= {name} if not absent(card, data_root) else set()
    assert whole >= {"atis", "flickr8k", "flights", "shapes"}
    assert whole >= {"digits", "mnist", "cifar10-jpeg", "trec", "sst2", "mr"}


def test_what_may_be_absent_is_pinned_by_a_card() -> None:
    """So that the list holds no file that nobody asks for."""
    stated = {
        file.path for name in cards.names() for file in cards.load(name).all_files if file.pinned
    }
    assert set(ABSENT) <= stated


@pytest.mark.parametrize("name", cards.names())
def test_the_card_says_where_it_comes_from(name: str) -> None:
    card = cards.load(name)
    assert all((card.title, card.citation, card.licence))
    assert card.synthetic == (card.reader in cards.GENERATORS)


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
    spent = int(deal.pool.cost(pool).sum())
    if recipe.unit == "words" and isinstance(recipe.pool, int):
        assert task.protocol.targets[-1] <= spent <= task.whole  # drawn pools differ in words
    else:
        assert spent == task.whole
    if recipe.distinct:
        asked = task.kind.identity(deal.pool.inputs(pool)).to_pylist()
        held = task.kind.identity(deal.judge._inputs).to_pylist()
        assert len(set(asked)) == len(asked)
        assert not set(asked) & set(held)


@pytest.mark.parametrize(("name", "protocol"), ALL)
def test_a_deal_is_a_function_of_the_seed(task: tasks.Task, name: str, protocol: str) -> None:
    one, again, other = (task.deal(Streams(seed)("split")).pool.ids for seed in (0, 0, 1))
    assert torch.equal(one, again)
    drawn = isinstance(task.card.recipe(protocol).pool, int)
    assert torch.equal(one, other) != drawn


@pytest.mark.parametrize(("name", "protocol"), ALL)
def test_labels_are_what_the_kind_of_task_asks_for(
    task: tasks.Task, name: str, protocol: str
) -> None:
    deal = task.deal(Streams(0)("split"))
    labels = deal.oracle.reveal(deal.pool.ids)
    inputs = deal.pool.inputs(deal.pool.ids)
    assert len(labels) == len(inputs) == len(deal.pool.ids)
    found = set(labels.flatten().to_pylist())
    assert len(found) > 1
    counts = task.kind.count(inputs, labels)
    if task.kind.name == "tagging":
        assert labels.value_lengths().equals(inputs.value_lengths())
        assert found <= set(task.kind.tags)
        assert counts["words"] == int(task.kind.words(inputs).sum())
    elif task.kind.name == "classification":
        assert set(labels.value_lengths().to_pylist()) == {1}
        assert found <= set(task.kind.classes)
        assert isinstance(inputs, Images) == bool(task.card.image_size)
        if isinstance(inputs, Images):
            channels, *sides = inputs.shape
            assert channels in (1, 3)
            assert sides == [task.card.image_size] * 2
            assert counts == {"words": 0, "entities": 0}
        else:
            assert min(inputs.value_lengths().to_pylist()) >= 1
            assert counts == {"words": int(task.kind.words(inputs).sum()), "entities": 0}
    else:
        assert inputs.shape == (3, task.card.image_size, task.card.image_size)
        assert all(words(caption) for caption in found)
        assert min(labels.value_lengths().to_pylist()) >= 1
        assert counts == {
            "words": sum(len(words(caption)) for caption in labels.flatten().to_pylist()),
            "entities": 0,
        }


@pytest.mark.parametrize(("name", "protocol"), ALL)
def test_gold_labels_score_1(
    task: tasks.Task, name: str, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meteor, "missing", lambda: "METEOR, slow to start, has tests of its own.")
    judge = task.deal(Streams(0)("split")).judge
    gold = judge._gold
    if task.kind.name == "captioning":  # any of an image's captions is right
        answers: Any = pa.array([captions[-1] for captions in gold.to_pylist()])
        assert task.kind.remark
    else:
        answers = gold.flatten() if task.kind.name == "classification" else gold
    scores = judge.score(lambda inputs: answers)
    assert scores[task.kind.metric] == pytest.approx(1)
    assert set(scores) == SCORES[task.kind.name]
    assert [name for name, score in scores.items() if score is None] in ([], ["meteor"])
