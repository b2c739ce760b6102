"""Beams against the enumeration of every caption."""

import math

import pyarrow as pa
import pytest
import torch

from bench.learners.captioning import decode
from bench.learners.captioning.decode import beam, greedy_entropy

ALL = 1 + 3 + 9 + 27  # captions of at most three of three words


@torch.no_grad()
def search(learner, encoding, width: int) -> decode.Beams:
    return beam(learner.model.decoder, encoding, learner.model.symbols, width)


def read(found: decode.Beams, row: int) -> list[tuple[int, ...]]:
    """The captions of an image that are there, as they are told by words and lengths."""
    there = found.log_probs[row] > -torch.inf
    columns = found.words[:, row, there].T.tolist()
    lengths = found.lengths[row, there].tolist()
    for column, length in zip(columns, lengths, strict=True):
        assert all(symbol > 0 for symbol in column[:length])
        assert all(symbol == 0 for symbol in column[length:])
    return [tuple(column[:n]) for column, n in zip(columns, lengths, strict=True)]


def test_the_enumeration_is_a_peaked_distribution(short, drawn, images, every, spoken, encoding):
    learner, some = drawn(images), images.take(pa.array([0, 1]))
    places = encoding(learner, some).annotations
    for row, found in enumerate(every(learner, some)):
        assert len(found) == ALL
        ends = sum(math.exp(log_p) for _, log_p in found)
        # What is missing to one are the captions that go on after three words.
        beyond = 0.0
        for said, log_p in found:
            if len(said) == short:
                last = torch.log_softmax(
                    spoken(learner.model.decoder, places[row], said).logits[-1], -1
                )
                beyond += math.exp(log_p - last[0].item()) * (1 - last[0].exp().item())
        assert ends + beyond == pytest.approx(1, abs=1e-9)
        assert found[0][1] > math.log(4 / ALL)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [ALL, ALL + 7])
def test_a_beam_as_wide_as_the_space_is_exact(
    seed, width, short, drawn, images, every, encoding
) -> None:
    learner = drawn(images, seed)
    found = search(learner, encoding(learner, images), width)
    for row, truth in enumerate(every(learner, images)):
        expected = torch.tensor([log_p for _, log_p in truth])
        torch.testing.assert_close(found.log_probs[row, :ALL], expected, atol=1e-4, rtol=1e-5)
        assert (found.log_probs[row, ALL:] == -torch.inf).all()
        captions = read(found, row)
        assert len(set(captions)) == len(captions) == ALL
        by_text = dict(truth)
        for said, log_p in zip(captions, found.log_probs[row].tolist(), strict=False):
            assert log_p == pytest.approx(by_text[said], abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_narrow_beam_finds_true_captions(
    seed, width, short, drawn, images, every, encoding
) -> None:
    learner = drawn(images, seed)
    found = search(learner, encoding(learner, images), width)
    for row, truth in enumerate(every(learner, images)):
        by_text, captions = dict(truth), read(found, row)
        assert len(set(captions)) == width
        for said, log_p in zip(captions, found.log_probs[row].tolist(), strict=True):
            assert log_p == pytest.approx(by_text[said], abs=1e-4)
        assert (found.log_probs[row].diff() <= 0).all()
        assert (found.log_probs[row] <= torch.tensor([p for _, p in truth[:width]]) + 1e-4).all()


def greedy(learner, annotations, limit: int, spoken) -> tuple[tuple[int, ...], list[float], float]:
    """The words most likely one by one, the entropy of each step, and log P with the end mark."""
    said, entropies, log_p = (), [], 0.0
    while True:
        steps = torch.log_softmax(spoken(learner.model.decoder, annotations, said).logits[-1], -1)
        entropies.append(-(steps.exp() * steps).sum().item())
        word = int(steps.argmax())
        if word == 0 or len(said) == limit:
            return said, entropies, log_p + steps[0].item()
        said, log_p = (*said, word), log_p + steps[word].item()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limit", [3, 6])
def test_a_beam_of_one_is_greedy(seed, limit, drawn, images, encoding, spoken, monkeypatch) -> None:
    monkeypatch.setattr(decode, "LIMIT", limit)
    learner = drawn(images, seed)
    whole = encoding(learner, images)
    found = search(learner, whole, 1)
    with torch.no_grad():
        total, steps = greedy_entropy(learner.model.decoder, whole, learner.model.symbols)
    for row, annotations in enumerate(whole.annotations):
        said, entropies, log_p = greedy(learner, annotations, limit, spoken)
        assert read(found, row) == [said]
        assert found.log_probs[row, 0].item() == pytest.approx(log_p, abs=1e-4)
        assert steps[row].item() == len(entropies)
        assert total[row].item() == pytest.approx(sum(entropies), abs=1e-4)


def test_a_caption_of_all_words_it_may_have_still_pays_for_its_end(
    short, drawn, features, encoding
) -> None:
    learner = drawn(features)
    with torch.no_grad():  # each step alike: END has e^-2, the words 1 each
        for parameter in learner.model.decoder.parameters():
            parameter.zero_()
        learner.model.decoder.output.bias[0] = -2
    found = search(learner, encoding(learner, features), ALL)
    log_end = -2 - math.log(3 + math.exp(-2))
    log_word = -math.log(3 + math.exp(-2))
    for row in range(8):
        for said, log_p in zip(read(found, row), found.log_probs[row].tolist(), strict=True):
            assert log_p == pytest.approx(len(said) * log_word + log_end, abs=1e-5)


def test_real_captions_have_twenty_words_at_most(drawn, features, encoding) -> None:
    learner = drawn(features)
    with torch.no_grad():
        learner.model.decoder.output.bias[0] = -30
    found = search(learner, encoding(learner, features), 5)
    assert found.words.shape == (21, 8, 5)
    assert (found.lengths == 20).all()
    assert (found.log_probs < -20).all()  # none ends for free
    assert not found.words[20].any()


@pytest.mark.parametrize("words", [(), ("a",)])
def test_absent_captions_are_certainly_absent(words, short, drawn, images, every, encoding) -> None:
    learner = drawn(images, words=words)
    count = 1 + short * len(words)
    found = search(learner, encoding(learner, images), 6)
    for row, truth in enumerate(every(learner, images)):
        assert len(truth) == count
        expected = torch.tensor([log_p for _, log_p in truth])
        torch.testing.assert_close(found.log_probs[row, :count], expected, atol=1e-4, rtol=1e-5)
        assert [said for said, _ in truth] == read(found, row)
    assert (found.log_probs[:, count:] == -torch.inf).all()
    assert not found.log_probs.isnan().any()


@pytest.mark.parametrize("seed", range(3))
def test_stopping_early_changes_nothing(seed, drawn, images, encoding, monkeypatch) -> None:
    learner = drawn(images, seed)
    whole = encoding(learner, images)
    calls: list[int] = []
    step = learner.model.decoder.step

    def counted(*given):
        calls.append(1)
        return step(*given)

    monkeypatch.setattr(learner.model.decoder, "step", counted)
    with torch.no_grad():
        learner.model.decoder.output.bias[0] += 8
    early, used = search(learner, whole, 5), len(calls)
    never = torch.zeros(len(whole.z), dtype=torch.bool)
    monkeypatch.setattr(torch.Tensor, "all", lambda self, dim: never)  # never stop
    late = search(learner, whole, 5)
    monkeypatch.undo()
    assert used < 21
    assert len(calls) == used + 21
    assert torch.equal(early.words, late.words)
    torch.testing.assert_close(early.log_probs, late.log_probs)


@pytest.mark.parametrize("width", [1, 5])
def test_an_image_has_its_beam_whatever_its_company(
    width, short, drawn, features, encoding
) -> None:
    learner = drawn(features, 3)
    whole = encoding(learner, features)
    together = search(learner, whole, width)
    assert len(set(together.lengths[:, 0].tolist())) > 1  # some end before others
    with torch.no_grad():
        entropy = greedy_entropy(learner.model.decoder, whole, learner.model.symbols)
    for row in range(8):
        one = whole.take(torch.tensor([row]))
        alone = search(learner, one, width)
        torch.testing.assert_close(alone.log_probs[0], together.log_probs[row])
        assert read(alone, 0) == read(together, row)
        with torch.no_grad():
            own = greedy_entropy(learner.model.decoder, one, learner.model.symbols)
        for part, parts in zip(own, entropy, strict=True):
            torch.testing.assert_close(part[0], parts[row])


@pytest.mark.parametrize(
    ("seed", "end", "width"), [(3, 1.0, 1), (3, 1.0, 3), (5, 0.0, 1), (0, 0.6, 1)]
)
def test_images_that_end_early_do_not_disturb_the_others(
    seed, end, width, drawn, features, encoding, monkeypatch
) -> None:
    learner = drawn(features, seed)
    with torch.no_grad():
        learner.model.decoder.output.bias[0] += end
    whole, step = encoding(learner, features), learner.model.decoder.step
    sizes: list[int] = []

    def watched(memory, word, state):
        sizes.append(len(word))
        return step(memory, word, state)

    monkeypatch.setattr(learner.model.decoder, "step", watched)
    together, used = search(learner, whole, width), set[int]()
    for row in range(8):
        sizes.clear()
        alone = search(learner, whole.take(torch.tensor([row])), width)
        used.add(len(sizes))
        torch.testing.assert_close(alone.log_probs[0], together.log_probs[row])
        assert read(alone, 0) == read(together, row)
    assert len(used) > 1, used
