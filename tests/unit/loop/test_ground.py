"""The embedded grounds: small, one of each kind, with every learner."""

from pathlib import Path
from typing import Any

import pytest

from bench.learners import registry
from bench.loop import strategy
from bench.loop.budget import SelectionError
from bench.loop.ground import Ground, embedded, relabelled
from bench.rows.schema import Row

TESTS = Path(__file__).parents[2]


def test_there_is_one_of_each_kind_with_every_learner() -> None:
    with embedded() as grounds:
        learners = [name for ground in grounds for name in ground.learners]
        assert sorted(learners) == sorted(registry.LEARNERS)
        for ground in grounds:
            card = ground.load(strategy.load("random")).card
            assert {registry.kind(name) for name in ground.learners} == {card.kind}
            assert not card.files


def test_the_texts_can_be_learned() -> None:
    with embedded() as grounds:
        ground = grounds[-1]
        rows = ground.run(strategy.load("longest"), learner="tfidf-svm", rounds=3)
    assert ground.kind == "texts"
    assert [row.round for row in rows] == [0, 1, 2]
    assert len(rows[0].labels) > 1
    assert rows[-1].score is not None
    assert rows[-1].score > 0.4  # of three classes


@pytest.fixture
def ground(smalls: Any) -> Ground:
    return Ground("tagging", "tiny", ("bilstm-tagger",), "drawn", TESTS)


def test_what_is_missing_is_what_the_best_learner_lacks(ground: Ground) -> None:
    assert ground.missing(strategy.load("lc")) == []
    assert ground.missing(strategy.load("dfal")) == ["boundary_distance"]


def test_a_run_is_that_of_the_harness(ground: Ground) -> None:
    rows = ground.run(strategy.load("lc"))
    assert all(isinstance(row, Row) for row in rows)
    assert [row.items for row in rows] == [20, 40, 60, 80]
    assert rows[0].learner == "bilstm-tagger"


def test_a_failure_is_raised(ground: Ground) -> None:
    found = strategy.load("lc[width=99]")
    object.__setattr__(found, "select", lambda view, budget, rng, width: [-1] * width)
    with pytest.raises(SelectionError, match="returned item -1 twice"):
        ground.run(found)


def test_labels_can_be_replaced(ground: Ground) -> None:
    task = ground.load(strategy.load("random"))
    other = relabelled(task, {3: ["O"]})
    assert other.corpus.labels[3].as_py() == ["O"]
    assert other.corpus.labels[2] == task.corpus.labels[2]
    assert other.data_digest == task.data_digest
