"""ALISE's game: its two losses by hand, who moves when, and what an epoch passes over."""

import copy
from dataclasses import replace
from math import log

import pytest
import torch

from bench.learners import objective
from bench.learners.discriminator import Discriminator
from bench.learners.learner import Learner
from bench.learners.objective import discriminator_loss, encoder_loss
from bench.learners.tagging.batch import Indexed
from bench.loop.seed import Streams

QUIET = "dropout=0,unknown=0,validation=0.1,batch_size=16,epochs=1,learning_rate=0.001"


def ignore(epoch: int) -> None:
    pass


def game(learner: Learner, labeled, seed: int = 0) -> objective.Training:
    return learner._training(labeled, Streams(seed), ignore)


# D of two labelled items is σ(0) = 1/2 and σ(ln 3) = 3/4; of two unlabelled 1/2 and σ(−ln 3) = 1/4.
LOGITS = torch.tensor([0, log(3), 0, -log(3)])


def test_encoder_loss_by_hand():
    # −(ln 1/2 + ln 3/4)/2 − (ln 1/2 + ln 1/4)/2
    # = (0.693147 + 0.287682)/2 + (0.693147 + 1.386294)/2 = 0.490415 + 1.039721 = 1.530135
    assert encoder_loss(LOGITS, 2).item() == pytest.approx(1.530135, abs=1e-5)


def test_discriminator_loss_by_hand():
    # −(ln 1/2 + ln 3/4)/2 − (ln(1 − 1/2) + ln(1 − 1/4))/2
    # = (0.693147 + 0.287682)/2 + (0.693147 + 0.287682)/2 = 0.980829
    assert discriminator_loss(LOGITS, 2).item() == pytest.approx(0.980829, abs=1e-5)


def test_both_losses_are_means_over_each_side_of_any_size():
    # One labelled at 1/2, three unlabelled at 1/4: ln 2 + 2 ln 2, and ln 2 − ln 3/4
    logits = torch.tensor([0, -log(3), -log(3), -log(3)])
    assert encoder_loss(logits, 1).item() == pytest.approx(3 * log(2), abs=1e-6)
    assert discriminator_loss(logits, 1).item() == pytest.approx(log(2) - log(0.75), abs=1e-6)


def test_losses_are_finite_where_the_sigmoid_saturates():
    logits = torch.tensor([-200.0, 200.0])
    assert encoder_loss(logits, 1).item() == pytest.approx(200)
    assert discriminator_loss(logits, 1).item() == pytest.approx(400)


def test_the_discriminator_has_one_inner_layer_of_64():
    made = Discriminator(128)
    assert [tuple(p.shape) for p in made.parameters()] == [(64, 128), (64,), (1, 64), (1,)]
    z = torch.randn(3, 128, generator=torch.Generator().manual_seed(0))
    inner = torch.clamp(z @ made.inner.weight.T + made.inner.bias, min=0)
    expected = inner @ made.outer.weight[0] + made.outer.bias
    torch.testing.assert_close(made(z), expected, atol=1e-6, rtol=1e-5)


def test_each_player_moves_alone(kind, drawn, labeled, sentences, moves):
    learner = drawn(kind, more=QUIET)
    moved = moves(learner)
    game(learner, labeled()).adversarial(Indexed.of(sentences(), learner.family.words))
    assert moved == [[True, True, False], [False, False, True]] * (len(moved) // 2)
    assert moved


@pytest.mark.parametrize("weight", [0.5, 1.0])
def test_one_step_by_hand(weight, drawn, labeled, sentences, monkeypatch):
    """Algorithm 1 written out: Eq. 8 for M and C, then Eq. 9 for D on the same z.

    Plain descent stands in for Adam, whose first step would hide the size of a gradient.
    """
    learner = drawn("bilstm-aligned", more=f"{QUIET},supervised_weight={weight}")
    given, unlabeled = labeled(), sentences()[:7]
    training = game(learner, given)
    monkeypatch.setattr(
        training,
        "_adam",
        lambda *parts: torch.optim.SGD([p for part in parts for p in part.parameters()], lr=0.1),
    )
    model = copy.deepcopy(learner.model)
    model.discriminator = training._discriminator()
    rows = training.train
    ours = training.data.batch(rows, learner.device)
    others = Indexed.of(unlabeled, learner.family.words)
    assert len(rows) == len(others)  # so that the one batch of the epoch holds all of both
    known = model.encoder(ours)
    strange = model.encoder(others.batch(torch.arange(7), learner.device))
    theirs = model.discriminator(strange.z)
    fooling = (
        -torch.sigmoid(model.discriminator(known.z)).log().mean()
        - torch.sigmoid(theirs).log().mean()
        + weight * model.teach(known, ours.tags, None)
    )
    telling = (
        -torch.sigmoid(model.discriminator(known.z.detach())).log().mean()
        - (1 - torch.sigmoid(model.discriminator(strange.z.detach()))).log().mean()
    )
    movers = [*model.encoder.parameters(), *model.decoder.parameters()]
    gradients = torch.autograd.grad(fooling, movers, retain_graph=True)
    answers = [*model.discriminator.parameters()]
    replies = torch.autograd.grad(telling, answers)
    training.adversarial(others)
    after = learner.model
    moved = [*after.encoder.parameters(), *after.decoder.parameters()]
    for before, gradient, now in zip(
        [*movers, *answers],
        [*gradients, *replies],
        [*moved, *after.discriminator.parameters()],
        strict=True,
    ):
        torch.testing.assert_close(now, before - 0.1 * gradient, atol=1e-6, rtol=1e-5)


def test_an_epoch_passes_over_the_labelled_rows_with_as_many_unlabelled(drawn, labeled, sentences):
    learner = drawn("bilstm-tagger")
    training = game(learner, labeled())
    for pool, most in ((sentences(), 1), (sentences("a", "b c"), 4)):
        pairs = list(training._pairs(Indexed.of(pool, learner.family.words)))
        ours, theirs = (torch.cat(side) for side in zip(*pairs, strict=True))
        assert sorted(ours.tolist()) == sorted(training.train.tolist())
        assert len(theirs) == len(ours)
        assert torch.bincount(theirs).max() == most


def test_refining_leaves_the_successor_as_it_was(kind, blank, labeled, sentences):
    learner = blank(kind)
    learner.fit(labeled(), Streams(0), ignore)
    before = {key: value.copy() for key, value in learner.state().items()}
    own = learner.refine("adversarial", labeled(), sentences(), Streams(0), ignore)
    assert learner.model.discriminator is None
    assert all((before[key] == value).all() for key, value in learner.state().items())
    assert before.keys() == learner.state().keys()
    assert any((before[key] != own.state()[key]).any() for key in before)


def test_the_game_starts_from_the_supervised_model(blank, labeled, sentences):
    learner = blank("bilstm-aligned")
    learner.fit(labeled(), Streams(0), ignore)
    settings = replace(learner.family.config, learning_rate=0.0)
    learner.family = replace(learner.family, config=settings)
    own = learner.refine("adversarial", labeled(), sentences(), Streams(0), ignore)
    assert all((own.state()[key] == value).all() for key, value in learner.state().items())
    assert own.model.discriminator is not None


@pytest.mark.parametrize("name", ["supervised", "adverse"])
def test_there_is_nothing_else_to_go_on_with(name, drawn, labeled, sentences):
    with pytest.raises(ValueError, match=f"no objective '{name}'"):
        drawn("bilstm-tagger").refine(name, labeled(), sentences(), Streams(0), ignore)


def test_a_supervised_model_has_no_discriminator_to_ask(blank, labeled, sentences):
    learner = blank("bilstm-tagger")
    learner.fit(labeled(), Streams(0), ignore)
    with pytest.raises(ValueError, match="no discriminator"):
        learner.signal("discriminator", sentences())


def test_labelled_and_unlabelled_sentences_are_encoded_as_if_alone(kind, drawn, labeled, batch):
    learner = drawn(kind, more=QUIET)
    given = labeled("a b", "c")
    ours = batch(learner, given.inputs, given.labels)
    for other in ("e d b a", "f"):  # longer, and shorter
        theirs = batch(learner, labeled(other).inputs)
        z, loss = learner.model.both(ours, theirs, game(learner, given).dropout)
        alone = [learner.model.encoder(part).z for part in (ours, theirs)]
        torch.testing.assert_close(z, torch.cat(alone), atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(loss, learner.model.loss(ours), atol=1e-5, rtol=1e-5)
