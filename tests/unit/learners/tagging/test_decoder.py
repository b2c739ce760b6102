"""Encoders and decoders: at once equals step by step, padding is never seen, layouts of z."""

import pytest
import torch
from torch import nn

from bench.learners.layer import BiLSTM, dropout
from bench.learners.tagging.batch import Batch
from bench.learners.tagging.encoder import Encoding

LENGTHS = torch.tensor([5, 3, 3, 1])


def filled(module: nn.Module, seed: int = 0) -> nn.Module:
    stream = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-0.8, 0.8, generator=stream)
    return module


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(7))


@pytest.fixture
def encoding() -> Encoding:
    return Encoding(noise(5, 4, 8), noise(4, 8), LENGTHS, torch.zeros(5, 4, dtype=torch.int64))


PREVIOUS = torch.tensor([[3, 3, 3, 3], [0, 1, 2, 0], [1, 1, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0]])


@torch.no_grad()
def test_teaching_equals_stepping(kind, drawn, encoding):
    decoder = drawn(kind).model.decoder
    at_once = decoder.output(decoder.read(encoding, PREVIOUS, None))
    memory, first = decoder.start(encoding)
    state = tuple(part.unsqueeze(1) for part in first)
    for time, n in enumerate([4, 3, 3, 1, 1]):  # ended sentences leave, as in a beam
        memory, state = memory.head(n), tuple(part[:n] for part in state)
        logits, state = decoder.step(memory, time, PREVIOUS[time, :n].unsqueeze(1), state)
        torch.testing.assert_close(logits.squeeze(1), at_once[time, :n], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_beams_step_independently(kind, drawn, encoding):
    decoder = drawn(kind).model.decoder
    memory, first = decoder.start(encoding)
    tags, states = torch.tensor([[0, 2, 3]] * 4), [noise(4, 3, part.shape[-1]) for part in first]
    together, _ = decoder.step(memory, 0, tags, tuple(states))
    for beam in range(3):
        own = tuple(part[:, beam : beam + 1] for part in states)
        alone, _ = decoder.step(memory, 0, tags[:, beam : beam + 1], own)
        torch.testing.assert_close(together[:, beam], alone[:, 0], atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("name", ["bilstm-aligned", "bilstm-focus", "bilstm-lstm"])
def test_a_decoder_is_a_cell_that_reads_tag_and_aligned_state(name, drawn, encoding):
    decoder, aligned = drawn(name).model.decoder, name != "bilstm-lstm"
    cell = nn.LSTMCell(decoder.lstm.input_size, decoder.lstm.hidden_size)
    cell.load_state_dict({k[:-3]: value for k, value in decoder.lstm.state_dict().items()})
    # z is [last forward; first backward state]; with focus the backward one alone begins
    begins = encoding.z[:, 4:] if name == "bilstm-focus" else encoding.z
    hidden = torch.tanh(decoder.bridge(begins))
    state = (hidden, torch.zeros_like(hidden))
    taught = decoder.output(decoder.read(encoding, PREVIOUS, None))
    for time, tag in enumerate(PREVIOUS):
        read = [decoder.embedding(tag)] + [encoding.states[time]] * aligned
        state = cell(torch.cat(read, -1), state)
        torch.testing.assert_close(taught[time], decoder.output(state[0]), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_attention_is_additive_over_the_sentence_alone(drawn, encoding):
    decoder = drawn("bilstm-attention").model.decoder
    cell = nn.LSTMCell(decoder.lstm.input_size, decoder.lstm.hidden_size)
    cell.load_state_dict({k[:-3]: value for k, value in decoder.lstm.state_dict().items()})
    taught = decoder.output(decoder.read(encoding, PREVIOUS, None))
    for row, length in enumerate(LENGTHS.tolist()):
        states = encoding.states[:length, row]
        hidden = torch.tanh(decoder.bridge(encoding.z[row]))
        state = (hidden, torch.zeros_like(hidden))
        for time in range(length):
            scores = decoder.energy(torch.tanh(decoder.key(states) + decoder.query(state[0])))
            context = (torch.softmax(scores, 0) * states).sum(0)
            read = [decoder.embedding(PREVIOUS[time, row]), states[time], context]
            state = cell(torch.cat(read), state)
            torch.testing.assert_close(
                taught[time, row], decoder.output(state[0]), atol=1e-5, rtol=1e-5
            )


@torch.no_grad()
def test_the_encoder_is_torchs_packed_bidirectional_lstm():
    ours, theirs = filled(BiLSTM(6, 4)), nn.LSTM(6, 4, bidirectional=True)
    weights = ours.forward_lstm.state_dict()
    weights |= {f"{k}_reverse": v for k, v in ours.backward_lstm.state_dict().items()}
    theirs.load_state_dict(weights)
    x, lengths = noise(5, 4, 6), torch.tensor([3, 5, 1, 3])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    output, (last, _) = theirs(packed)
    expected, _ = nn.utils.rnn.pad_packed_sequence(output)
    states, z = ours(x, lengths)
    inside = torch.arange(5).unsqueeze(1) < lengths
    torch.testing.assert_close(states[inside], expected[inside], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(z, torch.cat([last[0], last[1]], -1), atol=1e-6, rtol=1e-5)
    for row, length in enumerate(lengths.tolist()):  # [last forward; first backward]
        assert torch.equal(z[row, :4], states[length - 1, row, :4])
        assert torch.equal(z[row, 4:], states[0, row, 4:])


@torch.no_grad()
def test_a_sentence_is_read_alike_in_any_company(kind, drawn, batch, labeled):
    learner, given = drawn(kind), labeled()
    both = batch(learner, given.inputs, given.labels)
    encoding = learner.model.encoder(both)
    total = 0.0
    for row, length in enumerate(both.lengths.tolist()):
        single = batch(learner, given.inputs[row : row + 1], given.labels[row : row + 1])
        alone = learner.model.encoder(single)
        torch.testing.assert_close(
            encoding.states[:length, row], alone.states[:, 0], atol=1e-5, rtol=1e-5
        )
        torch.testing.assert_close(encoding.z[row], alone.z[0], atol=1e-5, rtol=1e-5)
        total += length * learner.model.loss(single).item()
    mean = total / int(both.lengths.sum())  # L_s is the mean per token, not per sentence
    assert learner.model.loss(both).item() == pytest.approx(mean, abs=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        *("latent", "token_entropy", "nbest_log_probs", "best_log_prob", "discriminator"),
        *("expected_gradient_length", "lengths"),
    ],
)
def test_signals_are_alike_in_any_company_and_in_the_order_of_the_inputs(
    name, kind, drawn, sentences
):
    learner, inputs = drawn(kind), sentences()
    together = learner.signal(name, inputs)
    assert len(together) == len(inputs)
    for row in range(len(inputs)):
        alone = learner.signal(name, inputs[row : row + 1])[0]
        torch.testing.assert_close(together[row], alone, atol=1e-5, rtol=1e-5)


def test_what_stands_in_the_padding_does_not_matter(kind, drawn):
    learner = drawn(kind)
    words, lengths = torch.tensor([[1, 2, 3, 4], [5, 6, 0, 0]]).T, torch.tensor([4, 2])
    other = words.clone()
    other[2:, 1] = 3
    with torch.no_grad():
        a, b = (learner.model.encoder(Batch(w, lengths)) for w in (words, other))
    assert torch.equal(a.z, b.z)
    assert torch.equal(a.states[:2, 1], b.states[:2, 1])


def test_dropout_keeps_the_mean_and_is_a_function_of_its_stream():
    x = torch.ones(200, 500)
    first, again = (dropout(x, 0.3, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, again)
    assert sorted(first.unique().tolist()) == pytest.approx([0, 1 / 0.7])
    assert (first == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert dropout(x, 0.3, None) is x
    assert dropout(x, 0, torch.Generator()) is x


def test_the_loss_is_the_surprise_of_the_labels_per_word(kind, drawn, batch, labeled, log_prob):
    learner, given = drawn(kind), labeled("a b c d")
    data = batch(learner, given.inputs, given.labels)
    surprise = -log_prob(learner.model, data.words[:, 0], data.tags).item()
    assert learner.model.loss(data).item() == pytest.approx(surprise / 4, abs=1e-5)
