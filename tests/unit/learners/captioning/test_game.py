"""ALISE's game on images: who moves when, from where, and what an epoch passes over."""

import copy

import pyarrow as pa
import pytest
import torch

from bench.loop.seed import Streams

CPU = torch.device("cpu")
QUIET = {"dropout": 0, "epochs": 1, "learning_rate": 0.001}


def ignore(epoch: int) -> None:
    pass


def test_each_player_moves_alone(drawn, labeled, images, moves) -> None:
    learner = drawn(images, **QUIET)
    moved = moves(learner)
    training = learner._training(labeled(images), Streams(0), ignore)
    training.adversarial(learner.family.beside(training.data, images))
    steps = -(-len(training.train) // 3)
    assert moved == [[True, True, False], [False, False, True]] * steps


@pytest.mark.parametrize("weight", [0.5, 10.0])
def test_one_step_by_hand(weight, drawn, labeled, images, monkeypatch) -> None:
    """Algorithm 1 written out: Eq. 8 for M and C, penalty included, then Eq. 9 for D on that z."""
    learner = drawn(
        images, supervised_weight=weight, doubly_stochastic=0.5, **QUIET | {"batch_size": 8}
    )
    known = labeled(images)
    training = learner._training(known, Streams(0), ignore)
    monkeypatch.setattr(
        training,
        "_adam",
        lambda *parts: torch.optim.SGD([p for part in parts for p in part.parameters()], lr=0.1),
    )
    drawn_batches = []
    draw = training._read
    monkeypatch.setattr(
        training, "_read", lambda *given: drawn_batches.append(draw(*given)) or drawn_batches[-1]
    )
    model = copy.deepcopy(learner.model)
    model.discriminator = training._discriminator()
    training.adversarial(learner.family.beside(training.data, images))
    ours, theirs = drawn_batches
    noise = torch.Generator()
    z, strange = model.encoder(ours).z, model.encoder(theirs).z
    fooling = (
        -torch.sigmoid(model.discriminator(z)).log().mean()
        - torch.sigmoid(model.discriminator(strange)).log().mean()
        + weight * model.loss(ours, noise)
    )
    telling = (
        -torch.sigmoid(model.discriminator(z.detach())).log().mean()
        - (1 - torch.sigmoid(model.discriminator(strange.detach()))).log().mean()
    )
    movers = [*model.encoder.parameters(), *model.decoder.parameters()]
    answers = [*model.discriminator.parameters()]
    gradients = torch.autograd.grad(fooling, movers, retain_graph=True)
    replies = torch.autograd.grad(telling, answers)
    after = learner.model
    now = [*after.encoder.parameters(), *after.decoder.parameters()]
    for before, gradient, moved in zip(
        [*movers, *answers],
        [*gradients, *replies],
        [*now, *after.discriminator.parameters()],
        strict=True,
    ):
        torch.testing.assert_close(moved, before - 0.1 * gradient, atol=1e-5, rtol=1e-4)


def test_the_game_starts_from_the_supervised_model(blank, labeled, images) -> None:
    learner = blank(images)
    learner.fit(labeled(images), Streams(0), ignore)
    own = blank(images, learning_rate=0.0).restore(learner.state())
    own = own.refine("adversarial", labeled(images), images, Streams(0), ignore)
    assert all((own.state()[key] == value).all() for key, value in learner.state().items())
    assert own.model.discriminator is not None


def test_refining_leaves_the_supervised_learner_as_it_was(blank, labeled, images) -> None:
    learner = blank(images)
    learner.fit(labeled(images), Streams(0), ignore)
    before = {key: value.copy() for key, value in learner.state().items()}
    own = learner.refine("adversarial", labeled(images), images, Streams(0), ignore)
    assert learner.model.discriminator is None
    assert before.keys() == learner.state().keys()
    assert all((before[key] == value).all() for key, value in learner.state().items())
    assert any((before[key] != own.state()[key]).any() for key in before)


@pytest.mark.parametrize(("strange", "most"), [(8, 1), (2, 4)])
def test_an_epoch_passes_over_the_labelled_images_with_as_many_others(
    strange, most, drawn, labeled, images
) -> None:
    learner = drawn(images)
    training = learner._training(labeled(images), Streams(0), ignore)
    others = learner.family.beside(training.data, images.take(pa.array(range(strange))))
    ours, theirs = (torch.cat(side) for side in zip(*training._pairs(others), strict=True))
    assert sorted(ours.tolist()) == sorted(training.train.tolist())
    assert len(theirs) == len(ours) == 7
    assert torch.bincount(theirs).max() == most
    assert others.captions is None


def test_both_players_see_captions_of_labelled_images_alone(drawn, labeled, images) -> None:
    learner = drawn(images)
    training = learner._training(labeled(images), Streams(0), ignore)
    found = learner.family.beside(training.data, images)
    batch = found.draw(torch.tensor([1]), CPU, torch.Generator(), torch.Generator())
    assert batch.captions is None
