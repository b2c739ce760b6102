"""Training, ALISE's game and its scoring, as ratios to what they are compared with.

Both sides run in turn, on one thread, in the process's own CPU seconds: what else a shared machine
does then hardly matters. Medians over the rounds. Real lengths do not matter but in distribution:
they are drawn like those of ATIS (mean 11, at most 46), words and tags at random.
"""

from collections.abc import Callable
from statistics import mean, median

import pyarrow as pa
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.data import task as tasks
from bench.data.tagging.kind import Tagging
from bench.learners import registry
from bench.learners.learner import OUTPUTS, Labeled, Learner
from bench.learners.objective import Training
from bench.learners.tagging.config import Config
from bench.learners.vocabulary import IGNORED
from bench.loop.seed import Streams
from bench.spec import Spec

TAGS = tuple(f"t{i}" for i in range(120))
LABELED, UNLABELED = 1_500, 2_400
CPU = torch.device("cpu")


def drawn(count: int, symbols: tuple[str, ...], seed: int) -> pa.ListArray:
    """Sequences of random symbols; equal seeds have equal lengths, gamma-distributed."""
    stream = torch.Generator().manual_seed(seed)
    gamma = -torch.rand(count, 4, generator=stream).log().sum(1)
    lengths = (2.5 * gamma + 1.5).long().clamp(1, 46)
    chosen = torch.randint(len(symbols), (int(lengths.sum()),), generator=stream)
    ends = torch.cat([torch.zeros(1).long(), lengths.cumsum(0)]).int()
    return pa.ListArray.from_arrays(ends.numpy(), pa.array(symbols).take(pa.array(chosen.numpy())))


WORDS = tuple(f"w{i}" for i in range(850))


@pytest.fixture(scope="module")
def labeled() -> Labeled:
    return Labeled(torch.arange(LABELED), drawn(LABELED, WORDS, 0), drawn(LABELED, TAGS, 0))


@pytest.fixture(scope="module")
def pool() -> pa.ListArray:
    return drawn(UNLABELED, WORDS, 1)


@pytest.fixture(scope="module")
def learner(labeled: Labeled, pool: pa.ListArray) -> Learner:
    spec = Spec.parse("bilstm-aligned[epochs=1]")
    made = Learner(registry.make(spec, Tagging(TAGS), pool), CPU)
    made.fit(labeled, Streams(0), lambda epoch: None)
    training = epoch_of(made, labeled)
    training.adversarial(made.family.beside(training.data, pool))
    return made


def epoch_of(learner: Learner, labeled: Labeled) -> Training:
    """A training that ends after one epoch, and does not look at its validation loss."""
    training = learner._training(labeled, Streams(0), lambda epoch: None)
    training._validation_loss = lambda: 0.0  # type: ignore[method-assign]
    return training


class Straightforward(nn.Module):
    """`bilstm-aligned` as everybody would write it first: packed, one decoder step at a time."""

    def __init__(self, words: int, config: Config, tags: int = len(TAGS)) -> None:
        super().__init__()
        self.tags, self.share, width = tags, config.dropout, 2 * config.hidden
        self.words = nn.Embedding(words, config.embedding)
        self.encoder = nn.LSTM(config.embedding, config.hidden, bidirectional=True)
        self.labels = nn.Embedding(tags + 1, config.embedding)
        self.bridge = nn.Linear(width, config.decoder)
        self.cell = nn.LSTMCell(config.embedding + width, config.decoder)
        self.output = nn.Linear(config.decoder, tags)

    def loss(self, words: list[Tensor], tags: list[Tensor]) -> Tensor:
        """Mean cross-entropy per token of some sentences."""
        lengths = torch.tensor([len(sentence) for sentence in words])
        truth = nn.utils.rnn.pad_sequence(tags, padding_value=IGNORED)
        x = F.dropout(self.words(nn.utils.rnn.pad_sequence(words)), self.share)
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, (last, _) = self.encoder(packed)
        states = F.dropout(nn.utils.rnn.pad_packed_sequence(output)[0], self.share)
        hidden = torch.tanh(self.bridge(torch.cat([last[0], last[1]], -1)))
        cell, tag, logits = torch.zeros_like(hidden), torch.full_like(truth[0], self.tags), []
        for time in range(len(truth)):
            step = torch.cat([self.labels(tag), states[time]], -1)
            hidden, cell = self.cell(step, (hidden, cell))
            logits.append(self.output(F.dropout(hidden, self.share)))
            tag = truth[time].clamp(min=0)
        return F.cross_entropy(torch.cat(logits), truth.flatten(), ignore_index=IGNORED)


def straightforward(learner: Learner, training: Training) -> Callable[[], None]:
    """An epoch over the same sentences, in the given order, by plain Adam."""
    return train(
        Straightforward(len(learner.family.words), learner.family.config), learner, training
    )


def train(model: Straightforward, learner: Learner, training: Training) -> Callable[[], None]:
    """An epoch of a straightforward model over the training rows in their order."""
    size = learner.family.config.batch_size
    optimiser = torch.optim.Adam(model.parameters(), lr=learner.family.config.learning_rate)
    data, rows = training.data, training.train.tolist()
    assert data.tags is not None
    words, tags = (part.split(data.lengths.tolist()) for part in (data.words, data.tags))

    def epoch() -> None:
        for start in range(0, len(rows), size):
            chosen = rows[start : start + size]
            loss = model.loss([words[i] for i in chosen], [tags[i] for i in chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return epoch


def size_of(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_lengths_are_like_those_of_atis(pool, benchmark):
    lengths = benchmark.pedantic(pool.value_lengths).to_numpy()
    assert 10 < lengths.mean() < 12
    assert 35 < lengths.max() <= 46


def test_training_is_faster_than_the_straightforward_loop(learner, labeled, ratio, benchmark):
    theirs = straightforward(learner, epoch_of(learner, labeled))
    plain = Straightforward(len(learner.family.words), learner.family.config)
    # Both have the same parameters; torch's separate biases per direction are there in both.
    ours = [*learner.model.encoder.parameters(), *learner.model.decoder.parameters()]
    assert sum(parameter.numel() for parameter in ours) == size_of(plain)

    def epoch() -> None:
        epoch_of(learner.restore(learner.state()), labeled).supervised()

    faster = benchmark.pedantic(lambda: 1 / ratio(epoch, theirs, 3))
    benchmark.extra_info["straightforward / ours"] = faster
    assert faster >= 2.5


def test_an_adversarial_step_costs_little_more_than_a_supervised_one(
    learner, labeled, pool, ratio, benchmark
):
    unlabeled = learner.family.beside(epoch_of(learner, labeled).data, pool)

    def supervised() -> None:
        epoch_of(learner.restore(learner.state()), labeled).supervised()

    def adversarial() -> None:
        epoch_of(learner.restore(learner.state()), labeled).adversarial(unlabeled)

    # An epoch of either has as many steps, over the same labelled rows.
    cost = benchmark.pedantic(lambda: ratio(adversarial, supervised))
    benchmark.extra_info["adversarial / supervised"] = cost
    assert cost <= 1.5


def test_alise_scores_in_little_more_than_a_pass(query, benchmark):
    def passes() -> float:
        asked = [query("alise") for _ in range(7)]
        return median(each.seconds / each.pass_seconds for each in asked)

    found = benchmark.pedantic(passes)
    benchmark.extra_info["passes of alise"] = found
    assert found <= 1.3


def test_beams_are_batched(learner, pool, query, ratio, benchmark):
    some = pool[:200]

    def together() -> None:
        learner.signal("nbest_log_probs", some, width=5)

    def one_by_one() -> None:
        for row in range(len(some)):
            learner.signal("nbest_log_probs", some[row : row + 1], width=5)

    faster = benchmark.pedantic(lambda: 1 / ratio(together, one_by_one, 3))
    benchmark.extra_info["one by one / batched"] = faster
    asked = query("lc")
    benchmark.extra_info["passes of lc"] = asked.seconds / asked.pass_seconds
    assert faster > 1


def weights_of(plain: Straightforward) -> dict[str, Tensor]:
    """The straightforward model's weights under the names that ours have."""
    names = {
        "words.weight": "encoder.embedding.weight",
        "labels.weight": "decoder.embedding.weight",
        "bridge": "decoder.bridge",
        "output": "decoder.output",
        "cell.weight_ih": "decoder.lstm.weight_ih_l0",
        "cell.weight_hh": "decoder.lstm.weight_hh_l0",
        "cell.bias_ih": "decoder.lstm.bias_ih_l0",
        "cell.bias_hh": "decoder.lstm.bias_hh_l0",
    }

    def renamed(name: str) -> str:
        if name.startswith("encoder."):
            part = name.removeprefix("encoder.").removesuffix("_reverse")
            way = "backward" if name.endswith("_reverse") else "forward"
            return f"encoder.lstm.{way}_lstm.{part}"
        head, _, tail = name.rpartition(".")
        return names[name] if name in names else f"{names[head]}.{tail}"

    return {renamed(name): value.detach() for name, value in plain.state_dict().items()}


def scores_of_both(seed: int) -> tuple[float, float]:
    """F1 of ours and of the straightforward loop: 400 sentences of `flights`, 25 epochs."""
    streams, task = Streams(seed), tasks.load("flights", "quick")
    deal = task.deal(streams("split"))
    ids = deal.pool.ids[torch.randperm(len(deal.pool.ids), generator=streams("initial"))][:400]
    bought = Labeled(ids, deal.pool.inputs(ids), deal.oracle.reveal(ids))
    spec = Spec.parse("bilstm-aligned[epochs=25,unknown=0]")
    ours = Learner(registry.make(spec, deal.kind, deal.pool.inputs(deal.pool.ids)), CPU)
    ours.fit(bought, streams, lambda epoch: None)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        plain = Straightforward(len(ours.family.words), ours.family.config, len(ours.outputs))
        epoch = train(plain, ours, ours._training(bought, streams, lambda epoch: None))
        for _ in range(25):
            epoch()
    weights = {name: value.numpy() for name, value in weights_of(plain).items()}
    theirs = ours.restore({**weights, OUTPUTS: ours.state()[OUTPUTS]})
    return deal.judge.score(ours.predict)["f1"], deal.judge.score(theirs.predict)["f1"]


def test_both_loops_reach_the_same_score(benchmark):
    pairs = benchmark.pedantic(lambda: [scores_of_both(seed) for seed in range(3)])
    benchmark.extra_info["f1 of ours, of the straightforward loop"] = pairs
    assert abs(mean(ours - theirs for ours, theirs in pairs)) < 0.03
