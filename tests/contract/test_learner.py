"""What every learner keeps to, whatever its model and its kind of task."""

from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from bench.data.captioning.reader import words
from bench.learners import registry
from bench.learners.captioning.batch import LIMIT
from bench.learners.learner import Labeled, Learner
from bench.learners.objective import ADDS
from bench.learners.phase import Name, heard
from bench.loop.ledger import Ledger
from bench.loop.seed import Streams
from bench.spec import Spec

NAMES = registry.names()
GAMES = [name for name in NAMES if "discriminator" in registry.signals(name, "adversarial")]
"""Those that can play ALISE's game."""
TRAINED = [(name, "supervised") for name in NAMES] + [(name, "adversarial") for name in GAMES]
GRADIENT = "gradient_embedding"
"""The one signal that is no tensor."""
SMALL = {
    **{"batch_size": 16, "decoder": 8, "embedding": 8, "epochs": 2, "hidden": 8, "width": 2},
    "learning_rate": 0.05,
}
STRANGE = {
    "tagging": pa.array(
        [["unheard", "of"], ["boston"], ["to", "boston", "on", "monday", "morning"]]
    ),
    "texts": pa.array([["unheard", "of"], ["oslo"], ["who", "sang", "help", "before", "jolene"]]),
}


class Bench:
    """A learner, what it is fitted on, and three inputs that it has never seen."""

    def __init__(self, smalls: dict[str, Any], name: str) -> None:
        kind, reads = registry.kind(name), registry.LEARNERS[name].reads
        self.form = {"images": "images", "sentences": "texts"}[reads]
        self.few = kind == "classification"  # so few labels that three items may share one
        self.form = self.form if self.few else kind
        self.task = smalls[self.form].cell("random").task
        deal = self.task.deal(Streams(0)("split"))
        self.ledger = Ledger(deal)
        self.ledger.reveal(self.ledger.pool.ids[:30])
        self.judge = deal.judge
        held = deal.judge._inputs
        self.strange = STRANGE.get(self.form) or held.take(pa.array([3, 0, 11]))
        self.labeled: Labeled = self.ledger.labeled()
        self.unlabeled = deal.pool.inputs(self.ledger.unlabeled)
        known = registry.config(Spec(name)).record()
        spec = Spec.of(name, {key: value for key, value in SMALL.items() if key in known})
        family = registry.make(spec, self.task.kind, deal.pool.inputs(deal.pool.ids))
        self.blank = Learner(family, torch.device("cpu"))

    def fitted(self, objective: str = "supervised") -> Learner:
        learner = self.blank.copy()
        learner.fit(self.labeled, Streams(0), lambda epoch: None)
        if objective == "supervised":
            return learner
        return learner.refine(
            objective, self.labeled, self.unlabeled, Streams(0), lambda epoch: None
        )

    def known(self, found: list[Any]) -> None:
        """Hold predictions for the strange inputs to what the kind of task asks for."""
        if self.task.kind.name == "tagging":
            assert [len(row) for row in found] == [2, 1, 5]
            assert {tag for row in found for tag in row} <= set(self.task.kind.tags)
        elif self.task.kind.name == "classification":
            assert set(found) <= set(self.task.kind.classes)
        else:
            revealed = {
                word
                for row in self.labeled.labels.to_pylist()
                for text in row
                for word in words(text)
            }
            assert {word for text in found for word in text.split(" ") if word} <= revealed
            assert max(len(text.split()) for text in found) <= LIMIT


@pytest.fixture
def bench(smalls: dict[str, Any], name: str) -> Bench:
    return Bench(smalls, name)


def one(inputs: Any, row: int) -> Any:
    return inputs.take(pa.array([row]))


def first(labeled: Labeled, count: int) -> Labeled:
    inputs = labeled.inputs.take(pa.array(range(count)))
    return Labeled(labeled.ids[:count], inputs, labeled.labels[:count])


def equal(one: Learner, other: Learner) -> bool:
    a, b = one.state(), other.state()
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def test_there_are_learners_for_every_kind_and_objective() -> None:
    assert len(NAMES) >= 5
    assert {registry.kind(name) for name in NAMES} == {"tagging", "captioning", "classification"}
    assert {registry.LEARNERS[name].reads for name in registry.names("classification")} == {
        "images",
        "sentences",
    }
    assert set(ADDS) == {"supervised", "adversarial"}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_described_in_a_line(name: str) -> None:
    assert registry.describe(name)
    assert "\n" not in registry.describe(name)


@pytest.mark.parametrize("name", NAMES)
def test_it_offers_what_its_family_computes(bench: Bench, name: str) -> None:
    offered = registry.signals(name, "adversarial")
    assert offered - {"lengths"} == set(bench.blank.family.signals)
    gained = {"discriminator"} if name in GAMES else set()
    assert offered == registry.signals(name) | gained


@pytest.mark.parametrize(("name", "objective"), TRAINED)
def test_it_predicts_one_label_an_input(bench: Bench, name: str, objective: str) -> None:
    learner = bench.fitted(objective)
    found = learner.predict(bench.strange)
    assert len(found) == 3
    bench.known(found.to_pylist())
    scores = bench.judge.score(learner.predict)  # JudgeError if it were anything else
    assert scores[bench.task.kind.metric] is not None


@pytest.mark.parametrize(("name", "objective"), TRAINED)
def test_every_signal_has_a_row_an_item(bench: Bench, name: str, objective: str) -> None:
    learner, strange = bench.fitted(objective), bench.strange
    shapes = {
        "latent": (3, learner.model.latent_size),
        "token_entropy": (3,),
        "nbest_log_probs": (3, 5),
        "best_log_prob": (3,),
        "dropout_predictions": (3, 100),
        "mutual_information": (3,),
        "expected_gradient_length": (3,),
        "class_log_probs": (3, len(getattr(bench.task.kind, "classes", ()))),
        "predictive_probs": (3, len(getattr(bench.task.kind, "classes", ()))),
        "boundary_distance": (3,),
        "discriminator": (3,),
        "lengths": (3,),
    }
    whole = {"lengths", "dropout_predictions"}
    assert {*shapes, GRADIENT} == registry.signals(None, "adversarial"), "a new one is to be held"
    for signal in registry.signals(name, objective) - {GRADIENT}:
        value = learner.signal(signal, strange)
        assert value.shape == shapes[signal], signal
        assert value.is_floating_point() == (signal not in whole)
        assert not value.isnan().any()
        assert not value.requires_grad
        assert len(learner.signal(signal, strange.take(pa.array([], pa.int64())))) == 0


@pytest.mark.parametrize("name", NAMES)
def test_log_probabilities_agree_with_one_another(bench: Bench, name: str) -> None:
    learner, strange = bench.fitted(), bench.strange
    best = learner.signal("nbest_log_probs", strange, width=3)
    assert best.shape == (3, 3)
    assert (best.diff(dim=1) <= 0).all()
    assert best.exp().sum(1).max() <= 1 + 1e-5
    whole = learner.signal("best_log_prob", strange, width=3)
    assert torch.allclose(whole, best[:, 0])
    steps = whole / learner.signal("best_log_prob", strange, width=3, normalize=True)
    assert torch.allclose(steps, steps.round(), atol=1e-4)
    assert steps.min() >= 1 - 1e-4
    assert (learner.signal("token_entropy", strange) > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_several_signals_of_one_pass_are_those_of_a_pass_each(bench: Bench, name: str) -> None:
    learner, wanted, phases = bench.fitted(), {"latent", "best_log_prob", "lengths"}, Counter()
    names = sorted(wanted & registry.signals(name))

    def count(phase: Name) -> AbstractContextManager[None]:
        phases[phase] += 1
        return nullcontext()

    alone = [learner.signal(each, bench.strange) for each in names]
    with heard(count):
        together = learner.signals(names, bench.strange)
    assert all(map(torch.equal, together, alone))
    assert phases["encode"] == 1


@pytest.mark.parametrize("name", [name for name in NAMES if GRADIENT in registry.signals(name)])
def test_gradients_are_of_every_item(bench: Bench, name: str) -> None:
    found = bench.fitted().signal(GRADIENT, bench.strange)
    assert len(found) == 3
    assert (found.norms() > 0).all()
    own = torch.stack([found.products(row)[row] for row in range(3)])
    assert torch.allclose(found.norms(), own, atol=1e-6)
    assert not found.left.requires_grad


@pytest.mark.parametrize("name", NAMES)
def test_nothing_depends_on_the_company(bench: Bench, name: str) -> None:
    learner, strange = bench.fitted(), bench.strange
    for signal in ("latent", "best_log_prob", "token_entropy"):
        together = learner.signal(signal, strange)
        alone = torch.cat([learner.signal(signal, one(strange, row)) for row in range(3)])
        assert torch.allclose(together, alone, atol=1e-5)
    apart = [learner.predict(one(strange, row)).to_pylist()[0] for row in range(3)]
    assert learner.predict(strange).to_pylist() == apart
    told = learner.signal("latent", strange).tolist() if bench.few else apart
    assert len(set(map(str, told))) > 1, "where all is alike there is no company"


@pytest.mark.parametrize(("name", "objective"), TRAINED)
def test_its_state_restores_it(bench: Bench, name: str, objective: str) -> None:
    learner, strange = bench.fitted(objective), bench.strange
    restored = bench.blank.restore(learner.state())
    assert equal(restored, learner)
    assert restored.outputs.symbols.equals(learner.outputs.symbols)
    assert len(restored.outputs) == len(learner.outputs)
    assert restored.predict(strange).equals(learner.predict(strange))
    for signal in registry.signals(name, objective) - {GRADIENT}:
        assert torch.equal(restored.signal(signal, strange), learner.signal(signal, strange))


@pytest.mark.parametrize(("name", "objective"), TRAINED)
def test_it_is_a_function_of_seed_and_labels(bench: Bench, name: str, objective: str) -> None:
    learner = bench.fitted(objective)
    assert equal(learner, bench.fitted(objective))
    bench.labeled = first(bench.labeled, 20)
    assert not equal(learner, bench.fitted(objective))


@pytest.mark.parametrize("name", NAMES)
def test_fit_starts_from_scratch(bench: Bench, name: str) -> None:
    learner = bench.fitted()
    state = {key: value.copy() for key, value in learner.state().items()}
    learner.fit(bench.labeled, Streams(0), lambda epoch: None)
    assert all(np.array_equal(learner.state()[key], state[key]) for key in state)


@pytest.mark.parametrize("name", GAMES)
def test_refine_leaves_it_alone(bench: Bench, name: str) -> None:
    learner = bench.fitted()
    state = {key: value.copy() for key, value in learner.state().items()}
    own = learner.refine(
        "adversarial", bench.labeled, bench.unlabeled, Streams(0), lambda epoch: None
    )
    assert all(np.array_equal(learner.state()[key], state[key]) for key in state)
    assert not equal(own, learner)


@pytest.mark.parametrize("name", NAMES)
def test_what_it_can_say_is_a_function_of_the_labels_alone(bench: Bench, name: str) -> None:
    learner = bench.fitted()
    labels = bench.labeled.labels
    assert learner.outputs.symbols.equals(bench.blank.family.outputs(labels).symbols)
    assert len(bench.blank.outputs) < len(learner.outputs)  # nothing before it is fitted


@pytest.mark.parametrize(("name", "objective"), TRAINED)
def test_it_can_be_fitted_on_one_item(bench: Bench, name: str, objective: str) -> None:
    bench.labeled = first(bench.labeled, 1)
    assert len(bench.fitted(objective).predict(bench.strange)) == 3
