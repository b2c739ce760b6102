"""Training and ALISE's game, as ratios to what they are compared with.

Both sides run in turn, on one thread, in the process's own CPU seconds: what else a shared machine
does then hardly matters. Medians over the rounds.
"""

import copy
import os
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.data import task as tasks
from bench.data.task import Deal
from bench.learners import registry
from bench.learners.adam import Adam
from bench.learners.learner import OUTPUTS, Labeled, Learner
from bench.learners.objective import Training
from bench.learners.tagging.config import Config
from bench.learners.vocabulary import IGNORED
from bench.loop.seed import Streams
from bench.spec import Spec

CPU = torch.device("cpu")
EPOCHS = 3
"""Of a fit whose time is measured."""


def epoch_of(learner: Learner, labeled: Labeled) -> Training:
    """A training that ends after one epoch, and does not look at its validation loss."""
    training = learner._training(labeled, Streams(0), lambda epoch: None)
    training._validation_loss = lambda: 0.0  # type: ignore[method-assign]
    return training


class Straightforward(nn.Module):
    """`bilstm-aligned` as everybody would write it first: packed, one decoder step at a time."""

    def __init__(self, words: int, config: Config, tags: int) -> None:
        super().__init__()
        self.tags, self.drop, width = tags, nn.Dropout(config.dropout), 2 * config.hidden
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
        x = self.drop(self.words(nn.utils.rnn.pad_sequence(words)))
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, (last, _) = self.encoder(packed)
        states = self.drop(nn.utils.rnn.pad_packed_sequence(output)[0])
        hidden = torch.tanh(self.bridge(torch.cat([last[0], last[1]], -1)))
        cell, tag, logits = torch.zeros_like(hidden), torch.full_like(truth[0], self.tags), []
        for time in range(len(truth)):
            step = torch.cat([self.labels(tag), states[time]], -1)
            hidden, cell = self.cell(step, (hidden, cell))
            logits.append(self.output(self.drop(hidden)))
            tag = truth[time].clamp(min=0)
        return F.cross_entropy(torch.cat(logits), truth.flatten(), ignore_index=IGNORED)


class Loop:
    """The training of a straightforward model, epochs and validation, rows in their given order."""

    def __init__(self, learner: Learner, training: Training) -> None:
        config, data = learner.family.config, training.data
        assert data.tags is not None
        self.model = Straightforward(len(learner.family.words), config, len(learner.outputs))
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=config.learning_rate)
        self.size, self.scoring = config.batch_size, training.scoring
        self.train, self.valid = training.train.tolist(), training.valid.tolist()
        parts = (data.words, data.tags)
        self.words, self.tags = (part.split(data.lengths.tolist()) for part in parts)

    def loss(self, rows: list[int]) -> Tensor:
        """Of some sentences, a mean per token."""
        return self.model.loss([self.words[i] for i in rows], [self.tags[i] for i in rows])

    def epoch(self) -> None:
        """Once over the training rows, by plain Adam."""
        self.model.train()
        for start in range(0, len(self.train), self.size):
            loss = self.loss(self.train[start : start + self.size])
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()

    @torch.no_grad()
    def validation_loss(self) -> float:
        """The mean per token over the rows held out."""
        self.model.eval()
        total, tokens = 0.0, 0
        for start in range(0, len(self.valid), self.scoring):
            rows = self.valid[start : start + self.scoring]
            count = sum(len(self.words[i]) for i in rows)
            total, tokens = total + count * self.loss(rows).item(), tokens + count
        return total / tokens

    def fit(self, epochs: int) -> None:
        """All epochs; the state of the best one is kept."""
        best, state = float("inf"), self.model.state_dict()
        for _ in range(epochs):
            self.epoch()
            loss = self.validation_loss()
            if loss < best:
                best, state = loss, copy.deepcopy(self.model.state_dict())
        self.model.load_state_dict(state)


def size_of(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def learner_of(deal: Deal, settings: str) -> Learner:
    """An unfitted tagger for a pool."""
    spec = Spec.parse(f"bilstm-aligned[{settings}]")
    return Learner(registry.make(spec, deal.kind, deal.pool.inputs(deal.pool.ids)), CPU)


def first_of(deal: Deal, count: int, streams: Streams) -> Labeled:
    """So many of a pool, at random, with their labels."""
    order = torch.randperm(len(deal.pool.ids), generator=streams("initial"))
    ids = deal.pool.ids[order[:count]]
    return Labeled(ids, deal.pool.inputs(ids), deal.oracle.reveal(ids))


@pytest.fixture(scope="module")
def corpus(blank, bought) -> tuple[Learner, Labeled]:
    """2,700 labelled sentences, of ATIS where it is at hand, and a learner for three epochs."""
    root = os.environ.get("BENCH_DATA")
    if not root:
        return blank(EPOCHS), bought(2_700)
    deal = tasks.load("atis", data_root=Path(root)).deal(Streams(0)("split"))
    return learner_of(deal, f"epochs={EPOCHS}"), first_of(deal, 2_700, Streams(0))


def test_training_is_faster_than_the_straightforward_loop(corpus, ratio, benchmark) -> None:
    """Whole fits of a few epochs, with validation and the best state kept."""
    learner, labeled = corpus

    def ours() -> None:
        learner.fit(labeled, Streams(0), lambda epoch: None)

    def theirs() -> None:
        Loop(learner, learner._training(labeled, Streams(0), lambda epoch: None)).fit(EPOCHS)

    ours()
    same(learner, labeled)
    faster = benchmark.pedantic(lambda: 1 / ratio(ours, theirs, 3))
    benchmark.extra_info["straightforward / ours"] = faster
    assert faster >= 3  # see the README for what is measured


def same(learner: Learner, labeled: Labeled) -> None:
    """Both models have one loss, without dropout, on the rows held out."""
    training = learner._training(labeled, Streams(0), lambda epoch: None)
    loop = Loop(learner, training)
    training.model = restored(learner, loop.model).model
    assert size_of(training.model) == size_of(loop.model)
    assert training._validation_loss() == pytest.approx(loop.validation_loss(), rel=1e-5)


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


def test_our_adam_is_faster_than_torchs(learner, ratio, benchmark) -> None:
    """A hundred steps of the tagger's weights along drawn gradients; the same to the bit."""
    stream, weights = torch.Generator().manual_seed(0), list(learner.model.parameters())
    gradients = [torch.randn(each.shape, generator=stream) for each in weights]

    def steps(made: Callable[[list[Tensor]], Adam | torch.optim.Adam]) -> list[Tensor]:
        parameters = [each.detach().clone().requires_grad_() for each in weights]
        optimiser = made(parameters)
        for _ in range(100):
            optimiser.zero_grad()
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
            optimiser.step()
        return parameters

    def ours() -> list[Tensor]:
        return steps(lambda parameters: Adam(parameters, 0.002))

    def theirs() -> list[Tensor]:
        return steps(lambda parameters: torch.optim.Adam(parameters, lr=0.002, fused=True))

    for one, other in zip(ours(), theirs(), strict=True):
        assert one.equal(other)
    faster = benchmark.pedantic(lambda: 1 / ratio(ours, theirs))
    benchmark.extra_info["torch's Adam / ours"] = faster
    assert faster >= 1.1


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


def restored(learner: Learner, plain: Straightforward) -> Learner:
    """A learner with a straightforward model's weights."""
    weights = {name: value.numpy() for name, value in weights_of(plain).items()}
    return learner.restore({**weights, OUTPUTS: learner.state()[OUTPUTS]})


def scores_of_both(seed: int) -> tuple[float, float]:
    """F1 of ours and of the straightforward loop: 400 sentences of `flights`, 25 epochs."""
    streams = Streams(seed)
    deal = tasks.load("flights", "quick").deal(streams("split"))
    bought, ours = first_of(deal, 400, streams), learner_of(deal, "epochs=25,unknown=0")
    ours.fit(bought, streams, lambda epoch: None)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        loop = Loop(ours, ours._training(bought, streams, lambda epoch: None))
        loop.fit(25)
    theirs = restored(ours, loop.model)
    return deal.judge.score(ours.predict)["f1"], deal.judge.score(theirs.predict)["f1"]


def test_both_loops_reach_the_same_score(benchmark):
    pairs = benchmark.pedantic(lambda: [scores_of_both(seed) for seed in range(3)])
    benchmark.extra_info["f1 of ours, of the straightforward loop"] = pairs
    assert abs(mean(ours - theirs for ours, theirs in pairs)) < 0.03
