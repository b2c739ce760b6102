"""What every learner keeps to, whatever its model."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from bench.learners.learner import Labeled, Learner, describe, names, signals
from bench.learners.objective import ADDS
from bench.learners.signal import SIGNALS
from bench.loop.ledger import Ledger
from bench.loop.seed import Streams
from bench.spec import Spec

NAMES = names()
SMALL = "[batch_size=16,decoder=8,embedding=8,epochs=2,hidden=8]"
STRANGE = pa.array([["unheard", "of"], ["boston"], ["to", "boston", "on", "monday", "morning"]])


class Bench:
    """A learner, and what it is fitted on."""

    def __init__(self, tiny: Any, kind: str) -> None:
        task = tiny.cell("random").task
        self.tags = task.tags
        ledger = Ledger(task.deal(Streams(0)("split")))
        ledger.reveal(ledger.pool.ids[:30])
        self.labeled: Labeled = ledger.labeled()
        self.unlabeled = ledger.pool.inputs(ledger.unlabeled)
        words = ledger.pool.inputs(ledger.pool.ids)
        self.blank = Learner(Spec.parse(kind + SMALL), words, self.tags, torch.device("cpu"))

    def fitted(self, objective: str = "supervised") -> Learner:
        learner = self.blank.copy()
        learner.fit(self.labeled, Streams(0), lambda epoch: None)
        if objective == "supervised":
            return learner
        return learner.refine(
            objective, self.labeled, self.unlabeled, Streams(0), lambda epoch: None
        )


def equal(one: Learner, other: Learner) -> bool:
    a, b = one.state(), other.state()
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def test_there_are_learners_objectives_and_signals() -> None:
    assert len(NAMES) >= 4
    assert set(ADDS) == {"supervised", "adversarial"}
    assert signals("adversarial") == set(SIGNALS) == signals() | {"discriminator"}


@pytest.mark.parametrize("kind", NAMES)
def test_it_is_described_in_a_line(kind: str) -> None:
    assert describe(kind)
    assert "\n" not in describe(kind)


@pytest.mark.parametrize("objective", ADDS)
@pytest.mark.parametrize("kind", NAMES)
def test_it_predicts_one_known_tag_a_word(tiny: Any, kind: str, objective: str) -> None:
    bench = Bench(tiny, kind)
    found = bench.fitted(objective).predict(STRANGE)
    assert found.type == bench.labeled.labels.type
    assert [len(row) for row in found.to_pylist()] == [2, 1, 5]
    assert {tag for row in found.to_pylist() for tag in row} <= set(bench.tags)


@pytest.mark.parametrize("objective", ADDS)
@pytest.mark.parametrize("kind", NAMES)
def test_every_signal_has_a_row_an_item(tiny: Any, kind: str, objective: str) -> None:
    bench = Bench(tiny, kind)
    learner, tags, count = bench.fitted(objective), len(bench.tags), len(STRANGE)
    shapes = {
        "latent": (count, 16),
        "token_log_probs": (count, 5, tags),
        "nbest_log_probs": (count, 5),
        "best_log_prob": (count,),
        "discriminator": (count,),
    }
    assert set(shapes) == set(SIGNALS), "a new signal is to be held to a shape"
    for name in signals(objective):
        value = learner.signal(name, STRANGE)
        assert value.shape == shapes[name], name
        assert value.is_floating_point()
        assert not value.isnan().any()
        assert not value.requires_grad
    best = learner.signal("nbest_log_probs", STRANGE, width=3)
    assert best.shape == (count, 3)
    assert (best.diff(dim=1) <= 0).all()
    assert best.exp().sum(1).max() <= 1 + 1e-5
    assert torch.allclose(learner.signal("best_log_prob", STRANGE, width=3), best[:, 0])
    sums = learner.signal("token_log_probs", STRANGE).exp().sum(-1)
    assert torch.allclose(sums, torch.ones_like(sums), atol=1e-5)


@pytest.mark.parametrize("kind", NAMES)
def test_a_signal_does_not_depend_on_the_company(tiny: Any, kind: str) -> None:
    learner = Bench(tiny, kind).fitted()
    for name in ("latent", "best_log_prob"):
        together = learner.signal(name, STRANGE)
        alone = torch.cat([learner.signal(name, STRANGE[i : i + 1]) for i in range(len(STRANGE))])
        assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("objective", ADDS)
@pytest.mark.parametrize("kind", NAMES)
def test_its_state_restores_it(tiny: Any, kind: str, objective: str) -> None:
    bench = Bench(tiny, kind)
    learner = bench.fitted(objective)
    restored = bench.blank.restore(learner.state())
    assert equal(restored, learner)
    assert restored.predict(STRANGE).equals(learner.predict(STRANGE))
    for name in signals(objective):
        assert torch.equal(restored.signal(name, STRANGE), learner.signal(name, STRANGE))


@pytest.mark.parametrize("objective", ADDS)
@pytest.mark.parametrize("kind", NAMES)
def test_it_is_a_function_of_seed_and_labels(tiny: Any, kind: str, objective: str) -> None:
    bench = Bench(tiny, kind)
    assert equal(bench.fitted(objective), bench.fitted(objective))


@pytest.mark.parametrize("kind", NAMES)
def test_fit_starts_from_scratch_and_refine_leaves_it_alone(tiny: Any, kind: str) -> None:
    bench = Bench(tiny, kind)
    learner = bench.fitted()
    state = {key: value.copy() for key, value in learner.state().items()}
    own = learner.refine(
        "adversarial", bench.labeled, bench.unlabeled, Streams(0), lambda epoch: None
    )
    assert all(np.array_equal(learner.state()[key], state[key]) for key in state)
    assert not equal(own, learner)
    learner.fit(bench.labeled, Streams(0), lambda epoch: None)
    assert all(np.array_equal(learner.state()[key], state[key]) for key in state)


@pytest.mark.parametrize("kind", NAMES)
def test_it_can_be_fitted_on_one_item(tiny: Any, kind: str) -> None:
    bench = Bench(tiny, kind)
    ledger = Ledger(tiny.cell("random").task.deal(Streams(0)("split")))
    ledger.reveal(ledger.pool.ids[:1])
    bench.labeled = ledger.labeled()
    assert len(bench.fitted("adversarial").predict(STRANGE)) == 3
