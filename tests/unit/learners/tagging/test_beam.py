"""Beams and greedy decoding against the enumeration of every label sequence."""

import pyarrow as pa
import pytest
import torch
from torch import Tensor

from bench.learners.batching import descending
from bench.learners.learner import Learner
from bench.learners.tagging import decode
from bench.learners.tagging.batch import Indexed
from bench.learners.tagging.decode import beam

RECURRENT = ["bilstm-aligned", "bilstm-attention", "bilstm-focus", "bilstm-lstm"]
LENGTHS = torch.tensor([4, 1, 2, 3, 4, 2, 3, 1])
ALL = 3**4  # label sequences of the longest sentence


def parses(learner: Learner, inputs: pa.ListArray, width: int) -> list[tuple[Tensor, Tensor]]:
    """Per sentence: the beam's paths [n, W] and their scores [W]."""
    data = Indexed.of(inputs, learner.family.words)
    (rows,) = descending(data.lengths, 100)
    with torch.no_grad():
        encoding = learner.model.encoder(data.batch(rows, learner.device))
        scores, paths = beam(learner.model.decoder, encoding, learner.model.tags, width)
    place = torch.argsort(rows)
    return [(paths[:n, i], scores[i]) for i, n in zip(place, data.lengths.tolist(), strict=True)]


def test_the_enumeration_is_a_peaked_distribution(kind, drawn, every, sentences):
    found = every(drawn(kind), sentences())
    assert [len(scores) for _, scores in found] == [3**n for n in LENGTHS.tolist()]
    for _, scores in found:
        assert scores.logsumexp(0).item() == pytest.approx(0, abs=1e-5)
    # The best of 81 sequences has several times the probability of a uniform choice.
    assert min(found[0][1].max(), found[4][1].max()).exp() > 4 / 81


@pytest.mark.parametrize("seed", range(3))
def test_a_beam_as_wide_as_the_space_is_exact(kind, seed, drawn, every, sentences):
    learner = drawn(kind, seed)
    found = parses(learner, sentences(), ALL)
    for (true_paths, truth), (paths, scores) in zip(
        every(learner, sentences()), found, strict=True
    ):
        count = len(truth)
        torch.testing.assert_close(scores[:count].double(), truth, atol=1e-4, rtol=0)
        assert (scores[count:] == -torch.inf).all()
        assert torch.equal(paths[:, 0], true_paths[:, 0])


@pytest.mark.parametrize("seed", range(3))
def test_the_taggers_five_best_are_exact(seed, drawn, every, sentences):
    learner = drawn("bilstm-tagger", seed)
    signal = learner.signal("nbest_log_probs", sentences(), width=5)
    for (_, truth), scores in zip(every(learner, sentences()), signal, strict=True):
        count = min(5, len(truth))
        torch.testing.assert_close(scores[:count].double(), truth[:count], atol=1e-4, rtol=0)
        assert (scores[count:] == -torch.inf).all()


@pytest.mark.parametrize("kind", RECURRENT)
@pytest.mark.parametrize("seed", range(3))
def test_a_narrow_beam_finds_true_sequences(kind, seed, drawn, every, log_prob, sentences):
    learner, inputs = drawn(kind, seed), sentences()
    found = parses(learner, inputs, 5)
    for text, (_, truth), (paths, scores) in zip(
        inputs.to_pylist(), every(learner, inputs), found, strict=True
    ):
        count = min(5, len(truth))
        forced = log_prob(
            learner.model, learner.family.words.encode(pa.array([text])), paths[:, :count]
        )
        torch.testing.assert_close(scores[:count].double(), forced, atol=1e-4, rtol=0)
        assert (scores[:count] <= truth[:count] + 1e-4).all()
        assert (scores.diff()[: count - 1] <= 0).all()
        assert paths[:, :count].unique(dim=1).shape[1] == count


def greedy(learner: Learner, text: list[str], forced) -> tuple[Tensor, Tensor]:
    """Word by word the most likely next tag [n], and all log-probabilities on the way [n, K]."""
    words, path = learner.family.words.encode(pa.array([text])), torch.zeros(len(text), 1).long()
    for time in range(len(text)):
        path[time] = forced(learner.model, words, path)[time, 0].argmax()
    return path[:, 0], forced(learner.model, words, path)[:, 0]


def test_predictions_are_the_greedy_paths(kind, drawn, forced, sentences):
    learner, inputs = drawn(kind), sentences()
    predicted = learner.predict(inputs)
    for text, labels in zip(inputs.to_pylist(), predicted.to_pylist(), strict=True):
        assert learner.family.tags.encode(pa.array([labels])).tolist() == (
            greedy(learner, text, forced)[0].tolist()
        )


def test_the_greedy_path_has_its_log_probs_and_padding_is_certain(
    kind, drawn, forced, sentences, batch
):
    learner, inputs = drawn(kind), sentences()
    model, order = learner.model, LENGTHS.argsort(descending=True, stable=True)
    encoding = model.encoder(batch(learner, inputs.take(pa.array(order.numpy()))))
    path = decode.greedy(model.decoder, encoding, model.tags)
    likely = decode.greedy_log_probs(model.decoder, encoding, model.tags)
    assert likely.shape == (4, len(inputs), 3)
    for column, row in enumerate(order.tolist()):
        text = inputs[row].as_py()
        tags, truth = greedy(learner, text, forced)
        found = likely[:, column]
        assert path[: len(text), column].tolist() == tags.tolist()
        assert not path[len(text) :, column].any()
        torch.testing.assert_close(found[: len(text)].double(), truth, atol=1e-5, rtol=0)
        assert (found[len(text) :] == torch.tensor([0, -torch.inf, -torch.inf])).all()
        assert (torch.special.entr(found[len(text) :].exp()) == 0).all()


def test_token_entropy_is_the_mean_over_the_words_of_the_greedy_path(
    kind, drawn, forced, sentences
):
    learner, inputs = drawn(kind), sentences()
    signal = learner.signal("token_entropy", inputs)
    assert signal.shape == (len(inputs),)
    for text, found in zip(inputs.to_pylist(), signal, strict=True):
        p = greedy(learner, text, forced)[1].exp()
        truth = -(p * p.log()).sum(-1).mean()
        assert found.item() == pytest.approx(truth.item(), abs=1e-5)


def test_the_best_log_prob_is_of_a_sentence_or_per_word(kind, drawn, every, sentences):
    learner, inputs = drawn(kind), sentences()
    truth = torch.stack([scores[0] for _, scores in every(learner, inputs)])
    whole = learner.signal("best_log_prob", inputs, width=ALL)
    torch.testing.assert_close(whole.double(), truth, atol=1e-4, rtol=0)
    mean = learner.signal("best_log_prob", inputs, width=ALL, normalize=True)
    torch.testing.assert_close(mean.double(), truth / LENGTHS, atol=1e-4, rtol=0)
    assert not torch.allclose(mean, whole)


def test_lengths_are_words_and_ask_no_model(blank, sentences):
    learner = blank("bilstm-tagger")
    assert learner.model is None
    lengths = learner.signal("lengths", sentences())
    assert lengths.tolist() == LENGTHS.tolist()
    assert lengths.dtype == torch.int64


def test_signals_do_not_depend_on_the_scoring_batches(drawn, monkeypatch, sentences):
    learner = drawn("bilstm-aligned")
    whole = learner.signal("nbest_log_probs", sentences())
    monkeypatch.setattr("bench.learners.tagging.tagger.SCORING", 2)
    parts = learner.signal("nbest_log_probs", sentences())
    torch.testing.assert_close(parts, whole, atol=1e-5, rtol=0)


def test_no_sentences_are_no_signal_and_no_prediction(drawn, sentences):
    learner, none = drawn("bilstm-aligned"), sentences()[:0]
    assert len(learner.signal("latent", none)) == 0
    assert len(learner.predict(none)) == 0
