"""Training: streams, validation, early stopping, unknown words, and models that come back."""

import copy
import io
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.learners import registry
from bench.learners.learner import Learner
from bench.learners.objective import Training
from bench.learners.tagging.batch import Indexed
from bench.learners.vocabulary import UNKNOWN
from bench.loop.seed import Streams


def ignore(epoch: int) -> None:
    pass


def training(learner: Learner, labeled, seed: int = 0, notify=ignore) -> Training:
    return learner._training(labeled, Streams(seed), notify)


def alike(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all((value == b[key]).all() for key, value in a.items())


def everything(learner: Learner, given, inputs, seed: int = 0) -> Learner:
    learner.fit(given, Streams(seed), ignore)
    own = learner.refine("adversarial", given, inputs, Streams(seed), ignore)
    own.predict(inputs)
    for name in registry.signals(learner.family.name, "adversarial"):
        own.signal(name, inputs)
    return own


def test_a_fit_is_a_function_of_seed_and_labelled_set(kind, blank, labeled, sentences):
    first, again, other, fewer = (
        everything(blank(kind), given, sentences(), seed).state()
        for given, seed in (
            (labeled(), 0),
            (labeled(), 0),
            (labeled(), 1),
            (labeled("a b", "c d e"), 0),
        )
    )
    assert alike(first, again)
    assert not alike(first, other)
    assert not alike(first, fewer)


def test_a_learner_fitted_before_is_fitted_from_scratch(blank, labeled):
    fresh, used = blank("bilstm-aligned"), blank("bilstm-aligned")
    used.fit(labeled("a b", "c d e"), Streams(3), ignore)
    for learner in (fresh, used):
        learner.fit(labeled(), Streams(0), ignore)
    assert alike(fresh.state(), used.state())


def test_the_global_random_state_is_neither_read_nor_moved(kind, blank, labeled, sentences):
    before = torch.get_rng_state()
    drawn = np.random.get_state()[1].copy()
    first = everything(blank(kind), labeled(), sentences())
    assert torch.equal(torch.get_rng_state(), before)
    assert (np.random.get_state()[1] == drawn).all()
    try:
        torch.manual_seed(12345)
        assert alike(first.state(), everything(blank(kind), labeled(), sentences()).state())
    finally:
        torch.set_rng_state(before)


@pytest.mark.parametrize(("count", "held"), [(1, 1), (2, 1), (9, 1), (26, 3), (100, 10)])
def test_a_tenth_is_held_out(count, held, blank, labeled):
    given = labeled(*["a b"] * count)
    made = training(blank("bilstm-tagger"), given)
    assert len(made.valid) == held
    whole = sorted(set(made.valid.tolist()) | set(made.train.tolist()))
    assert whole == list(range(count))
    assert len(made.train) == max(1, count - held)


@pytest.mark.parametrize("objective", ["supervised", "adversarial"])
def test_without_validation_all_is_trained_on_and_the_last_epoch_kept(
    objective, drawn, labeled, sentences, monkeypatch
):
    learner, seen = drawn("bilstm-tagger", more="validation=0,patience=1,epochs=6"), []
    made = training(
        learner, labeled(), notify=lambda n: seen.append(copy.deepcopy(learner.state()))
    )
    monkeypatch.setattr(made, "_validation_loss", lambda: pytest.fail("nothing is held out"))
    assert (len(made.valid), len(made.train)) == (0, len(labeled().ids))
    if objective == "supervised":
        made.supervised()
    else:
        made.adversarial(Indexed.of(sentences(), learner.family.words))
    assert len(seen) == 6
    assert alike(learner.state(), seen[-1])
    assert not alike(seen[-1], seen[-2])


def test_what_is_held_out_depends_on_the_seed_and_not_on_the_labels(blank, labeled):
    learner, given = blank("bilstm-tagger"), labeled(*["a b"] * 100)
    first, again, other = (training(learner, given, seed).valid.tolist() for seed in (0, 0, 1))
    relabelled = labeled(*["c d"] * 100)
    assert first == again == training(learner, relabelled).valid.tolist()
    assert first != other


def test_the_validation_loss_is_the_mean_per_held_out_token(drawn, labeled, batch):
    learner, given = drawn("bilstm-aligned", more="validation=0.5"), labeled()
    made = training(learner, given)
    total, tokens = 0.0, 0
    for row in made.valid.tolist():
        one = batch(learner, given.inputs[row : row + 1], given.labels[row : row + 1])
        total += learner.model.loss(one).item() * int(one.lengths)
        tokens += int(one.lengths)
    assert made._validation_loss() == pytest.approx(total / tokens, abs=1e-5)


@pytest.mark.parametrize(
    ("losses", "epochs", "best"),
    [
        ([5, 4, 3, 3.5, 3.2], 5, 3),  # patience 2 ends it
        ([5, 4, 4.5, 3, 3.5, 3.0], 6, 4),  # an equal loss is no better
        ([5, 6, 4, 3, 2, 1, 0.5], 7, 7),  # epochs end it
        ([1, 2, 3], 3, 1),
        ([float("nan")] * 2, 2, 2),  # never better: the last weights
    ],
)
@pytest.mark.parametrize("objective", ["supervised", "adversarial"])
def test_the_best_epoch_is_kept(
    objective, losses, epochs, best, drawn, labeled, sentences, monkeypatch
):
    learner = drawn("bilstm-tagger", more="patience=2,epochs=7")
    script, seen = iter(losses), []
    made = training(
        learner, labeled(), notify=lambda n: seen.append(copy.deepcopy(learner.state()))
    )
    monkeypatch.setattr(made, "_validation_loss", lambda: next(script))
    if objective == "supervised":
        made.supervised()
    else:
        made.adversarial(Indexed.of(sentences(), learner.family.words))
    assert len(seen) == epochs
    assert alike(learner.state(), seen[best - 1])
    assert not alike(seen[0], seen[1])


def test_epochs_are_counted_from_one(blank, labeled):
    told = []
    blank("bilstm-tagger").fit(labeled(), Streams(0), told.append)
    assert told == [1, 2, 3]


def test_singletons_of_the_labelled_set_read_as_unknown_in_training_alone(blank, labeled):
    learner, given = blank("bilstm-tagger", more="unknown=1"), labeled("a b", "b c a", "d")
    learner.fit(given, Streams(0), ignore)
    made = training(learner, given)  # `e` and `f` are in the pool and not in the labelled set
    hidden = made.data.hidden
    single = [learner.family.words.symbols[i - 1].as_py() for i in hidden.nonzero().flatten()]
    assert sorted(single) == ["c", "d"]
    read = made._read(made.data, torch.arange(3)).words
    plain = made.data.batch(torch.arange(3), learner.device).words
    assert torch.equal(read, plain.masked_fill(hidden[plain], UNKNOWN))
    assert not torch.equal(read, plain)
    held = made.data.batch(made.valid, learner.device)
    assert made._validation_loss() == pytest.approx(learner.model.loss(held).item(), abs=1e-6)


def test_unlabelled_sentences_read_the_same_words_as_unknown(blank, labeled, sentences):
    learner = blank("bilstm-tagger", more="unknown=1")
    made = training(learner, labeled("a b", "b c a", "d"))  # `c` and `d` are singletons
    beside = learner.family.beside(made.data, sentences("c a f", "d d b"))
    read = made._read(beside, torch.arange(2)).words
    a, b, f = learner.family.words.encode(sentences("a b f")).tolist()
    assert read.T.tolist() == [[UNKNOWN, a, f], [UNKNOWN, UNKNOWN, b]]
    plain = beside.batch(torch.arange(2), learner.device).words
    assert UNKNOWN not in plain


@pytest.mark.parametrize("share", [0, 0.5])
def test_a_share_of_the_singletons_is_dropped(share, blank, labeled):
    learner = blank("bilstm-tagger", more=f"unknown={share}")
    made = training(learner, labeled("a b c d e f"))
    many = torch.zeros(500, dtype=torch.int64)
    read = made._read(made.data, many).words
    assert (read == UNKNOWN).float().mean().item() == pytest.approx(share, abs=0.05)


def test_the_unknown_word_is_trained(blank, labeled):
    learner = blank("bilstm-tagger", more="unknown=1")
    given = labeled("a b", "b c a", "d", "e f")

    def unknown() -> torch.Tensor:
        return learner.model.encoder.embedding.weight[UNKNOWN].detach().clone()

    learner.fit(given, Streams(0), ignore)
    trained = unknown()
    learner.family = replace(learner.family, config=replace(learner.family.config, unknown=0.0))
    learner.fit(labeled("a b a b", "a b b a", "b a"), Streams(0), ignore)
    assert not torch.equal(trained, unknown())


def test_words_of_the_test_set_alone_are_unknown(kind, drawn, sentences):
    learner = drawn(kind)
    seen, other = sentences("a oslo b"), sentences("a paris b")
    assert learner.family.words.encode(seen).tolist() == [1, UNKNOWN, 2]
    assert learner.predict(seen) == learner.predict(other)
    assert torch.equal(learner.signal("latent", seen), learner.signal("latent", other))


def test_predictions_stand_in_the_order_of_the_inputs(kind, drawn, sentences, monkeypatch):
    learner, inputs = drawn(kind), sentences()
    together = learner.predict(inputs)
    assert together.value_lengths().tolist() == inputs.value_lengths().tolist()
    alone = [learner.predict(inputs[row : row + 1])[0].as_py() for row in range(len(inputs))]
    assert together.to_pylist() == alone
    monkeypatch.setattr("bench.learners.tagging.tagger.SCORING", 3)
    assert learner.predict(inputs) == together


@pytest.mark.parametrize("texts", [("a b c",), ("e",), ("a b", "c")])
def test_one_or_two_labelled_items_are_enough(kind, texts, blank, labeled, sentences):
    own = everything(blank(kind), labeled(*texts), sentences("f"))
    assert np.isfinite(own.state()["encoder.embedding.weight"]).all()


@pytest.mark.parametrize("objective", ["supervised", "adversarial"])
def test_a_model_comes_back_to_the_bit(objective, kind, blank, labeled, sentences):
    learner, inputs = blank(kind), sentences()
    learner.fit(labeled(), Streams(0), ignore)
    if objective == "adversarial":
        learner = learner.refine(objective, labeled(), inputs, Streams(0), ignore)
    buffer = io.BytesIO()
    np.savez(buffer, **learner.state())
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as file:
        back = blank(kind).restore(dict(file))
    assert alike(back.state(), learner.state())
    assert back.predict(inputs) == learner.predict(inputs)
    for name in registry.signals(kind, objective) - {"gradient_embedding"}:  # no tensor
        assert torch.equal(back.signal(name, inputs), learner.signal(name, inputs))
    own = [x.refine("adversarial", labeled(), inputs, Streams(0), ignore) for x in (learner, back)]
    assert alike(own[0].state(), own[1].state())


def test_restoring_makes_another_learner(drawn, sentences):
    learner = drawn("bilstm-tagger")
    before = copy.deepcopy(learner.state())
    weights = {key: value for key, value in before.items() if value.dtype.kind == "f"}
    back = learner.restore(before | {key: value * 2 for key, value in weights.items()})
    assert alike(learner.state(), before)
    assert not alike(back.state(), before)


def test_training_learns(kind, blank, labeled):
    given = labeled(*["a b c d", "e", "b a", "c c e", "d e a b"] * 8)
    learner = blank(kind, more="learning_rate=0.03,epochs=40")
    learner.fit(given, Streams(0), ignore)
    predicted = learner.predict(given.inputs).flatten().to_pylist()
    truth = given.labels.flatten().to_pylist()
    assert (
        np.mean([a == b for a, b in zip(predicted, truth, strict=True)]) > 0.8
    )  # chance: about 0.4
