"""The decoder against the paper written out, word by word and image by image."""

import pytest
import torch

from bench.learners.captioning.encoder import Encoding

SAID = [(1, 2, 3, 1), (3, 3, 2, 1), (2, 1, 1, 1), (1, 1, 3, 2)]


def previous(learner, said) -> torch.Tensor:
    return torch.tensor([(learner.model.symbols, *words) for words in said]).T


@pytest.mark.parametrize("seed", range(3))
def test_teacher_forcing_is_the_paper_written_out(seed, drawn, images, encoding, spoken) -> None:
    learner, whole = drawn(images, seed), encoding(drawn(images, seed), images).head(4)
    taught = learner.model.decoder.teach(whole, previous(learner, SAID), None)
    for row, said in enumerate(SAID):
        truth = spoken(learner.model.decoder, whole.annotations[row], said)
        close = {"atol": 1e-4, "rtol": 1e-4}
        torch.testing.assert_close(taught.logits[:, row].double(), truth.logits, **close)
        torch.testing.assert_close(taught.attention[:, row].double(), truth.places, **close)
    assert taught.logits.std() > 0.5  # far from uniform


@pytest.mark.parametrize("seed", range(3))
def test_steps_are_teacher_forcing(seed, drawn, images, encoding) -> None:
    learner = drawn(images, seed)
    decoder, whole = learner.model.decoder, encoding(learner, images).head(4)
    words = previous(learner, SAID)
    taught = decoder.teach(whole, words, None).logits
    memory, state = decoder.start(whole)
    state = tuple(part.unsqueeze(1).expand(-1, 2, -1) for part in state)
    for time, word in enumerate(words):
        # Two beams of an image say the same until the last word, which must not meet the other.
        both = torch.stack([word, word.flip(0) if time == 4 else word], 1)
        logits, state = decoder.step(memory, both, state)
        torch.testing.assert_close(logits[:, 0], taught[time], atol=1e-5, rtol=1e-4)
        if time < 4:
            torch.testing.assert_close(logits[:, 1], taught[time], atol=1e-5, rtol=1e-4)
    assert not torch.allclose(logits[:, 1], taught[-1], atol=1e-2)


def test_attention_is_a_distribution_over_places_that_moves(drawn, images, encoding) -> None:
    learner = drawn(images)
    whole = encoding(learner, images).head(4)
    shares = learner.model.decoder.teach(whole, previous(learner, SAID), None).attention
    assert shares.shape == (5, 4, whole.annotations.shape[1])
    assert (shares >= 0).all()
    torch.testing.assert_close(shares.sum(-1), torch.ones(5, 4))
    assert (shares[0] - shares[-1]).abs().max() > 1e-3


def test_the_context_by_hand(drawn, features) -> None:
    """Two places, keys 0 and 1, energy tanh(key): shares 1/(1 + e^tanh 1) and the rest."""
    decoder = drawn(features).model.decoder
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.zero_()
        decoder.key.weight[0, 0] = 1
        decoder.energy.weight[0, 0] = 1
        decoder.gate.bias[0] = 0.5
    annotations = torch.zeros(1, 2, 8)
    annotations[0, 1, 0], annotations[0, :, 1] = 1, torch.tensor([10.0, 20.0])
    memory, (hidden, cell) = decoder.start(Encoding(annotations, annotations.mean(1)))
    assert not hidden.any()
    assert not cell.any()
    with torch.no_grad():  # the read-out shows what was seen: state (6), then context (8)
        decoder.reads.weight[0, 6] = decoder.reads.weight[1, 7] = 1e-3
        decoder.output.weight[1, 0] = decoder.output.weight[2, 1] = 1e3
    word = torch.zeros(1, 1, dtype=torch.int64)
    logits, _ = decoder.step(memory, word, (hidden.unsqueeze(1), cell.unsqueeze(1)))
    # e^tanh(1) = e^0.761594 = 2.141688; shares 0.318300, 0.681700; σ(0.5) = 0.622459
    # context (0.681700, 3.18300 + 13.63400); gated (0.424330, 10.467893)
    assert logits[0, 0, 1].item() == pytest.approx(0.424330, abs=1e-4)
    assert logits[0, 0, 2].item() == pytest.approx(10.467893, abs=2e-3)


def test_the_gate_closes(drawn, images, encoding) -> None:
    """β = 0: what the image holds no longer matters once the first state is the same."""
    learner = drawn(images)
    decoder, whole = learner.model.decoder, encoding(learner, images).head(4)
    with torch.no_grad():
        decoder.gate.bias.fill_(-1e4)
        decoder.begin.weight.zero_()
    closed = decoder.teach(whole, previous(learner, [SAID[0]] * 4), None).logits
    torch.testing.assert_close(closed, closed[:, :1].expand_as(closed))
    with torch.no_grad():
        decoder.gate.bias.fill_(1e4)
    opened = decoder.teach(whole, previous(learner, [SAID[0]] * 4), None).logits
    assert (opened - opened[:, :1]).abs().max() > 1e-3


def test_the_first_state_is_from_the_mean_annotation(drawn, images, encoding) -> None:
    learner = drawn(images)
    decoder, whole = learner.model.decoder, encoding(learner, images)
    memory, (hidden, cell) = decoder.start(whole)
    mean = whole.annotations.sum(1) / whole.annotations.shape[1]
    expected = torch.tanh(mean @ decoder.begin.weight.T + decoder.begin.bias)
    torch.testing.assert_close(hidden, expected[:, :6])
    torch.testing.assert_close(cell, expected[:, 6:])
    assert torch.equal(memory.annotations, whole.annotations)


def test_a_caption_has_its_logits_whatever_its_company(drawn, images, encoding) -> None:
    learner = drawn(images)
    whole, words = encoding(learner, images), previous(learner, SAID * 2)
    together = learner.model.decoder.teach(whole, words, None).logits
    for row in range(8):
        one = whole.take(torch.tensor([row]))
        alone = learner.model.decoder.teach(one, words[:, row : row + 1], None).logits
        torch.testing.assert_close(alone[:, 0], together[:, row], atol=1e-5, rtol=1e-4)


def test_a_word_never_sees_what_comes_after_it(drawn, images, encoding) -> None:
    learner = drawn(images)
    whole, words = encoding(learner, images).head(4), previous(learner, SAID)
    other = words.clone()
    other[3:] = 0
    before, after = (learner.model.decoder.teach(whole, w, None).logits for w in (words, other))
    torch.testing.assert_close(before[:3], after[:3])
    assert (before[3:] != after[3:]).any()


def test_dropout_is_only_there_with_a_stream(drawn, images, encoding) -> None:
    learner = drawn(images, dropout=0.5)
    whole, words = encoding(learner, images).head(4), previous(learner, SAID)

    def logits(noise: torch.Generator | None) -> torch.Tensor:
        return learner.model.decoder.teach(whole, words, noise).logits

    assert torch.equal(logits(None), logits(None))
    first = logits(torch.Generator().manual_seed(0))
    assert torch.equal(first, logits(torch.Generator().manual_seed(0)))
    assert not torch.equal(first, logits(torch.Generator().manual_seed(1)))
    assert not torch.equal(first, logits(None))
