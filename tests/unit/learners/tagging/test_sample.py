"""What a tagger says under dropout, against masks applied by hand and exact averages."""

import pytest
import torch

from bench.learners.layer import dropout
from bench.learners.tagging import sample
from bench.learners.tagging.decode import beam


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_without_dropout_every_mask_says_the_greedy_tags(kind, drawn, sentences):
    learner, inputs = drawn(kind, more="dropout=0"), sentences()
    found = learner.signal("dropout_predictions", inputs, passes=7, rng=seeded(0))
    assert found.shape == (len(inputs), 7)
    assert (found == found[:, :1]).all()
    shared = learner.signal("mutual_information", inputs, passes=7, rng=seeded(0))
    torch.testing.assert_close(shared, torch.zeros(len(inputs)), atol=1e-5, rtol=0)


def test_numbers_tell_tag_sequences_apart(kind, drawn, sentences):
    """Of sentences of one length, equal numbers are equal greedy tags, and the reverse."""
    learner, inputs = drawn(kind, more="dropout=0"), sentences()
    tags = [tuple(row) for row in learner.predict(inputs).to_pylist()]
    numbers = learner.signal("dropout_predictions", inputs, passes=1)[:, 0].tolist()
    assert len(set(tags)) > 2
    for one, number in zip(tags, numbers, strict=True):
        for other, known in zip(tags, numbers, strict=True):
            assert (one == other) == (number == known)


def test_masks_are_those_of_training(drawn, sentences, batch, monkeypatch):
    """The votes of a tagger, with the same masks drawn by hand in the same order."""
    learner = drawn("bilstm-tagger", more="dropout=0.5")
    inputs, model = sentences("a b c a", "b a c"), learner.model
    with torch.no_grad():
        one = batch(learner, inputs)
        encoding = model.encoder(one)
        found = sample.dropout_predictions(model, encoding, 6, seeded(1))
        monkeypatch.setattr(sample, "COPIES", 1)
        noise = seeded(int(torch.randint(1 << 62, (1,), generator=seeded(1))))
        truth = []
        for _ in range(6):
            masked = model.encoder(one, noise)
            states = dropout(masked.states, 0.5, noise)
            truth.append(beam(model.decoder, masked._replace(states=states), model.tags, 1)[1])
        single = sample.dropout_predictions(model, encoding, 6, seeded(1))
    votes = [[int((found[row] == number).sum()) for number in found[row]] for row in (0, 1)]
    assert any(len(set(row)) > 1 for row in votes), "the masks should disagree somewhere"
    for row, length in enumerate((4, 3)):
        said = [tuple(path[:length, row, 0].tolist()) for path in truth]
        equal = [[a == b for b in said] for a in said]
        numbers = single[row].tolist()
        assert equal == [[a == b for b in numbers] for a in numbers]


@pytest.mark.parametrize("name", ["dropout_predictions", "mutual_information"])
def test_they_are_a_function_of_the_stream(name, kind, drawn, sentences):
    learner, inputs = drawn(kind, 1, scale=1.0, more="dropout=0.9"), sentences()
    first = learner.signal(name, inputs, passes=40, rng=seeded(3))
    assert torch.equal(first, learner.signal(name, inputs, passes=40, rng=seeded(3)))
    assert not torch.equal(first, learner.signal(name, inputs, passes=40, rng=seeded(4)))


def test_masks_in_groups_are_as_many_as_asked_for(drawn, sentences, monkeypatch):
    learner, inputs = drawn("bilstm-aligned", more="dropout=0.5"), sentences()
    monkeypatch.setattr(sample, "COPIES", 3 * len(inputs))
    assert learner.signal("dropout_predictions", inputs, passes=8).shape == (len(inputs), 8)


def test_mutual_information_is_that_of_the_masks(drawn, sentences, batch, monkeypatch):
    """H of the mean less the mean H, word by word, over the same masks one at a time."""
    learner = drawn("bilstm-tagger", more="dropout=0.5")
    inputs, model = sentences("a b c a", "b a c"), learner.model
    monkeypatch.setattr(sample, "COPIES", 1)
    with torch.no_grad():
        one = batch(learner, inputs)
        found = sample.mutual_information(model, model.encoder(one), 9, seeded(1))
        noise = seeded(int(torch.randint(1 << 62, (1,), generator=seeded(1))))
        every = []
        for _ in range(9):
            masked = model.encoder(one, noise)
            states = dropout(masked.states, 0.5, noise)
            every.append(torch.softmax(model.decoder.output(states).double(), -1))
    p = torch.stack(every)
    entropy = -(p * p.log()).sum(-1).mean(0)
    mean = p.mean(0)
    words = -(mean * mean.log()).sum(-1) - entropy
    truth = torch.stack([words[:4, 0].sum(), words[:3, 1].sum()])
    torch.testing.assert_close(found.double(), truth, atol=1e-5, rtol=0)
    assert (found > 0.01).all()


def test_many_masks_agree_on_the_information(drawn, sentences):
    """Groups of masks or single ones: the same average, up to the draws."""
    learner, inputs = drawn("bilstm-aligned", more="dropout=0.3"), sentences()
    one, other = (
        learner.signal("mutual_information", inputs, passes=3000, rng=seeded(seed))
        for seed in (0, 1)
    )
    torch.testing.assert_close(one, other, atol=0.06, rtol=0.15)
