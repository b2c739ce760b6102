"""The family of captioners: what they can say, what they say, and that they learn to."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
import torch

from bench.learners import registry
from bench.learners.captioning.batch import END
from bench.learners.captioning.captioner import Captioner
from bench.learners.captioning.config import Config
from bench.learners.captioning.signal import SIGNALS
from bench.learners.learner import Labeled
from bench.loop.seed import Streams
from bench.spec import Spec

SUPERVISED = sorted(set(SIGNALS) - {"discriminator"})


def ignore(epoch: int) -> None:
    pass


def said(learner) -> list[str]:
    return learner.outputs.symbols.to_pylist()


def same(a, b) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def test_what_was_read_twice_can_be_said(captions) -> None:
    labels = captions("A red dog.|the DOG runs", "a cat|Red: cat-like", "one, two")
    # Twice: a, red, dog. Once: the, runs, cat, catlike, one, two.
    found = Captioner(Config(), (5, 6)).outputs(labels)
    assert found.symbols.to_pylist() == ["a", "dog", "red"]
    assert END == 0
    assert len(found) == 4
    assert found.encode(pa.array([["red", "END", "a", "cat", "dog"]])).tolist() == [3, 0, 1, 0, 2]


def test_a_word_twice_in_one_caption_is_read_twice(captions) -> None:
    found = Captioner(Config(), (5, 6)).outputs(captions("b z b", "c"))
    assert found.symbols.to_pylist() == ["b"]


def test_a_model_has_a_symbol_for_each_word_and_one_for_the_end(blank, labeled, images) -> None:
    learner = blank(images, epochs=1)
    learner.fit(labeled(images), Streams(0), ignore)
    assert said(learner) == ["a", "b", "c"]
    assert learner.model.symbols == 4
    assert learner.model.decoder.output.out_features == 4
    assert learner.model.latent_size == learner.signal("latent", images).shape[1] == 8


@pytest.mark.parametrize("seed", range(4))
def test_predictions_are_the_best_of_a_beam_in_words(
    seed, short, drawn, images, every, monkeypatch
) -> None:
    monkeypatch.setattr("bench.learners.captioning.captioner.WIDTH", 40)
    learner = drawn(images, seed)
    expected = [
        " ".join(said(learner)[symbol - 1] for symbol in found[0][0])
        for found in every(learner, images)
    ]
    found = learner.predict(images)
    assert found.type == pa.string()
    assert found.to_pylist() == expected
    monkeypatch.setattr(Captioner, "scoring", lambda self, device: 3)
    assert learner.predict(images).to_pylist() == expected
    assert learner.predict(images.take(pa.array([6, 1]))).to_pylist() == [expected[6], expected[1]]


def test_an_immediate_end_is_an_empty_caption(drawn, images) -> None:
    learner = drawn(images)
    with torch.no_grad():
        learner.model.decoder.output.bias[END] = 100
    assert learner.predict(images).to_pylist() == [""] * 8


def test_a_model_without_words_trains_predicts_and_is_asked(blank, captions, images) -> None:
    labels = captions(*"abcdefgh")
    learner, known = blank(images), Labeled(torch.arange(8), images, labels)
    learner.fit(known, Streams(0), ignore)
    own = learner.refine("adversarial", known, images, Streams(0), ignore)
    assert said(learner) == []
    for each in (learner, own, learner.copy().restore(own.state())):
        assert each.predict(images).to_pylist() == [""] * 8
        for name in SUPERVISED:
            assert not each.signal(name, images).isnan().any()
        # One caption exists, the empty one, and it is certain.
        log_probs = each.signal("nbest_log_probs", images)
        assert torch.equal(log_probs, torch.tensor([0.0, *[-torch.inf] * 4]).expand(8, 5))
        assert (each.signal("best_log_prob", images, normalize=True) == 0).all()
        assert (each.signal("token_entropy", images) == 0).all()
    assert own.signal("discriminator", images).isfinite().all()


@pytest.mark.parametrize("objective", ["supervised", "adversarial"])
def test_restored_learners_say_the_same(objective, blank, labeled, images) -> None:
    learner, known = blank(images), labeled(images)
    learner.fit(known, Streams(0), ignore)
    if objective == "adversarial":
        learner = learner.refine(objective, known, images, Streams(0), ignore)
    state = learner.state()
    made = blank(images).restore(state)
    assert said(made) == ["a", "b", "c"]
    assert made.outputs.first == END + 1
    assert made.predict(images).to_pylist() == learner.predict(images).to_pylist()
    for name in SUPERVISED if objective == "supervised" else SIGNALS:
        assert torch.equal(made.signal(name, images), learner.signal(name, images))
    assert same(made.state(), state)


def test_the_words_of_a_state_stay_with_it(blank, labeled, captions, images) -> None:
    """A learner fitted on other captions says those of the state it is restored from."""
    first, other = blank(images, epochs=1), blank(images, epochs=1)
    first.fit(labeled(images), Streams(0), ignore)
    labels = captions(*["x y|y x"] * 8)
    other.fit(Labeled(torch.arange(8), images, labels), Streams(0), ignore)
    assert said(other) == ["x", "y"]
    assert said(other.restore(first.state())) == ["a", "b", "c"]
    assert said(other) == ["x", "y"]


@pytest.fixture
def plain(written) -> Labeled:
    """Twenty images of four kinds, each with captions of its own that no other kind has."""
    pixels = np.full((20, 3, 16, 16), 30, np.uint8)
    pixels[0::4, 0, :8] = 220
    pixels[1::4, 1, :, :8] = 220
    pixels[2::4, 2, 8:] = 220
    pixels[3::4, :, 6:10, 6:10] = 220
    texts = [
        ["A red sky.", "a red sky"],
        ["green at the left"] * 3,
        ["the blue sea below all", "The blue sea, below all!"],
        ["one", "one"],
    ]
    labels = [texts[i % 4] for i in range(20)]
    return Labeled(torch.arange(20), written(pixels), pa.array(labels, pa.list_(pa.string())))


PLAIN = ["a red sky", "green at the left", "the blue sea below all", "one"]
LEARNS = {"hidden": 16, "decoder": 24, "embedding": 12, "batch_size": 4, "dropout": 0.1}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("as_features", [False, True])
def test_plain_images_are_soon_captioned_right(seed, as_features, blank, plain, written) -> None:
    if as_features:
        rows = plain.inputs.read(np.arange(20)).reshape(20, 3, 256).transpose(0, 2, 1)[:, ::16]
        plain = Labeled(plain.ids, written((rows / 255).astype(np.float16)), plain.labels)
    learner = blank(plain.inputs, **LEARNS, epochs=40, learning_rate=0.01)
    learner.fit(plain, Streams(seed), ignore)
    assert learner.predict(plain.inputs).to_pylist() == PLAIN * 5
    best = learner.signal("best_log_prob", plain.inputs)
    assert (best > -0.7).all()  # each is more likely than all others together
    own = learner.refine("adversarial", plain, plain.inputs, Streams(seed), ignore)
    assert own.predict(plain.inputs).to_pylist() == PLAIN * 5


def test_a_fit_is_a_function_of_seed_and_labelled_set(blank, labeled, images) -> None:
    def fitted(seed: int, known: Labeled):
        learner = blank(images)
        learner.fit(known, Streams(seed), ignore)
        own = learner.refine("adversarial", known, images, Streams(seed), ignore)
        return learner.state(), own.state()

    first = fitted(0, labeled(images))
    torch.rand(7)  # whatever else was drawn
    again, other = fitted(0, labeled(images)), fitted(1, labeled(images))
    fewer = fitted(0, labeled(images.take(pa.array(range(6)))))
    for state, same_, seed, set_ in zip(first, again, other, fewer, strict=True):
        assert same(state, same_)
        assert not same(state, seed)
        assert not same(state, set_)


def test_global_random_state_is_neither_read_nor_moved(blank, labeled, images) -> None:
    before, numpy = torch.get_rng_state(), np.random.get_state()[1].copy()
    learner = blank(images)
    learner.fit(labeled(images), Streams(0), ignore)
    own = learner.refine("adversarial", labeled(images), images, Streams(0), ignore)
    own.predict(images)
    for name in SIGNALS:
        own.signal(name, images)
    assert torch.equal(torch.get_rng_state(), before)
    assert (np.random.get_state()[1] == numpy).all()


def test_epochs_are_told(blank, labeled, images) -> None:
    told: list[int] = []
    learner = blank(images, epochs=4)
    learner.fit(labeled(images), Streams(0), told.append)
    assert told == [1, 2, 3, 4]


@pytest.mark.parametrize("count", [1, 2])
def test_one_image_is_enough_to_fit(count, blank, labeled, images) -> None:
    learner, some = blank(images), images.take(pa.array(range(count)))
    learner.fit(labeled(some), Streams(0), ignore)
    own = learner.refine("adversarial", labeled(some), images, Streams(0), ignore)
    assert own.signal("discriminator", images).isfinite().all()


def test_settings_are_read_from_a_spec(features) -> None:
    spec = Spec.parse("show-attend-tell[doubly_stochastic=0.5,features=grid,hidden=7]")
    family = registry.make(spec, type("Task", (), {"name": "captioning"})(), features)
    assert family.config == Config(doubly_stochastic=0.5, features="grid", hidden=7)
    assert family.model(family.outputs(pa.array([["a a"]]))).encoder.see.inner.in_features == 6


def test_the_validation_loss_is_over_all_captions_alike(blank, labeled, images) -> None:
    """Each image's captions weigh by their words, in however many batches they are read."""
    learner, known = blank(images, epochs=1), labeled(images)
    learner.fit(known, Streams(0), ignore)
    training = learner._training(known, Streams(0), ignore)
    training.valid = torch.arange(8)
    whole = training.data.batch(torch.arange(8), torch.device("cpu"))
    expected = learner.model.loss(whole).item()
    assert training._validation_loss() == pytest.approx(expected, rel=1e-6)
    halves = [training.data.batch(rows, torch.device("cpu")) for rows in torch.arange(8).split(3)]
    total = sum(part.tokens * learner.model.loss(part).item() for part in halves)
    assert total / whole.tokens == pytest.approx(expected, rel=1e-5)


def test_words_are_numbered_alike_whatever_order_they_are_read_in(captions) -> None:
    family, texts = Captioner(Config(), (5, 6)), ["b a|b", "c a", "c d"]
    for order in itertools.permutations(texts):
        assert family.outputs(captions(*order)).symbols.to_pylist() == ["a", "b", "c"]
