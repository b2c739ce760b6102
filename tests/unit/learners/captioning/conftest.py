"""Tiny captioners with peaked distributions, the decoder written out, and every caption's log P."""

import copy
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor, nn

from bench.data.image import Images
from bench.learners.captioning.captioner import Captioner
from bench.learners.captioning.config import Config
from bench.learners.captioning.decoder import Decoder
from bench.learners.captioning.encoder import Encoding
from bench.learners.discriminator import Discriminator
from bench.learners.layer import build
from bench.learners.learner import Labeled, Learner
from bench.learners.vocabulary import Vocabulary

CPU = torch.device("cpu")
SMALL = {"embedding": 5, "hidden": 8, "attention": 4, "decoder": 6, "batch_size": 3, "epochs": 3}
WORDS = ("a", "b", "c")
SHORT = 3
"""Words of a caption at most where captions are enumerated."""
SHAPES = {"pixels": (3, 16, 16), "features": (5, 6)}


@pytest.fixture
def written(tmp_path: Path) -> Callable[[np.ndarray], Images]:
    """An array as images on disk, a digest for every row."""
    numbers = itertools.count()

    def write(rows: np.ndarray) -> Images:
        path = tmp_path / f"{next(numbers)}.npy"
        np.save(path, rows)
        return Images.open(path, pa.array([f"digest {i}" for i in range(len(rows))]))

    return write


def noise(kind: str, count: int, seed: int) -> np.ndarray:
    stream = np.random.default_rng(seed)
    shape = (count, *SHAPES[kind])
    if kind == "pixels":
        coarse = stream.integers(0, 256, (count, 3, 4, 4), dtype=np.uint8)
        return coarse.repeat(4, 2).repeat(4, 3)
    return stream.standard_normal(shape).astype(np.float16)


@pytest.fixture(params=sorted(SHAPES))
def images(request: pytest.FixtureRequest, written: Callable[..., Images]) -> Images:
    """Eight images of noise: pixels, or features."""
    return written(noise(request.param, 8, 0))


@pytest.fixture
def features(written: Callable[..., Images]) -> Images:
    """Eight images of noise, as features."""
    return written(noise("features", 8, 0))


@pytest.fixture
def blank() -> Callable[..., Learner]:
    """An unfitted small learner; `more` are further settings."""

    def make(images: Images, **more: float) -> Learner:
        return Learner(Captioner(Config(**{**SMALL, **more}), images.shape), CPU)  # type: ignore[arg-type]

    return make


def spread(learner: Learner, images: Images) -> None:
    """Let the first states of these images differ: means zero, deviations about one and a half."""
    begin, data = learner.model.decoder.begin, learner.family.read(images)
    states = begin(learner.model.encoder(data.batch(torch.arange(len(data)), CPU)).z)
    factor = 1.5 / states.std(0).mean()
    begin.weight.mul_(factor)
    begin.bias.copy_((begin.bias - states.mean(0)) * factor)


@pytest.fixture
def drawn(blank: Callable[..., Learner]) -> Callable[..., Learner]:
    """A learner of a few words with random weights, far from uniform and unlike per image."""

    def make(
        images: Images, seed: int = 0, words: tuple[str, ...] = WORDS, **more: float
    ) -> Learner:
        stream, learner = torch.Generator().manual_seed(seed), blank(images, **more)
        learner.outputs = Vocabulary(pa.array(words, pa.string()))
        learner.model = learner.family.model(learner.outputs)
        learner.model.discriminator = Discriminator(learner.model.latent_size).to("meta")
        build(learner.model, CPU, stream)
        with torch.no_grad():
            for name, parameter in learner.model.named_parameters():
                if "bias" in name:
                    parameter.uniform_(-0.3, 0.3, generator=stream)
                parameter.mul_(3 if "decoder" in name else 1)
            spread(learner, images)
        return learner

    return make


@pytest.fixture
def captions() -> Callable[..., pa.ListArray]:
    """Captions per image, those of one image parted by bars."""

    def read(*texts: str) -> pa.ListArray:
        return pa.array([text.split("|") for text in texts], pa.list_(pa.string()))

    return read


@pytest.fixture
def labeled(captions: Callable[..., pa.ListArray]) -> Callable[[Images], Labeled]:
    """Captions for each image: one to three."""

    def make(images: Images) -> Labeled:
        texts = ["a b c|b", "c c", "a|b a|c b a b", "b c"]
        labels = captions(*(texts[i % 4] for i in range(len(images))))
        return Labeled(torch.arange(len(images)), images, labels)

    return make


@pytest.fixture
def encoding() -> Callable[..., Encoding]:
    """What a learner's encoder makes of all images, without gradients."""

    @torch.no_grad()
    def of(learner: Learner, images: Images) -> Encoding:
        data = learner.family.read(images)
        return learner.model.encoder(data.batch(torch.arange(len(data)), CPU))

    return of


class Spoken(NamedTuple):
    """Of the steps of one caption: logits [n, K], places [n, L] and seen contexts [n, H]."""

    logits: Tensor
    places: Tensor
    seen: Tensor


def speak(decoder: Decoder, annotations: Tensor, said: tuple[int, ...]) -> Spoken:
    """The decoder written out for one image [L, H] and what was said, in double precision.

    Xu et al. 2015: Eq. 4-6 (attention), 4.2.1 (β), Eq. 1-3 (LSTM), Eq. 7 (output). One step more
    than words said: the last is what comes after them.
    """
    own, places = copy.deepcopy(decoder).double(), annotations.double()
    cell = nn.LSTMCell(own.word.in_features + places.shape[1], own.recur.in_features).double()
    cell.weight_ih.data = torch.cat([own.word.weight, own.context.weight], 1)
    cell.weight_hh.data = own.recur.weight.data
    cell.bias_ih.data, cell.bias_hh.data = own.word.bias.data, torch.zeros_like(cell.bias_hh)
    first = torch.tanh(own.begin.weight @ (places.sum(0) / len(places)) + own.begin.bias)
    state = (first[: len(first) // 2].unsqueeze(0), first[len(first) // 2 :].unsqueeze(0))
    found = []
    for word in (own.output.out_features, *said):
        h = state[0][0]
        keys = places @ own.key.weight.T + own.key.bias
        energies = torch.tanh(keys + own.query.weight @ h) @ own.energy.weight[0]
        shares = energies.exp() / energies.exp().sum()
        context = (shares.unsqueeze(1) * places).sum(0)
        beta = 1 / (1 + torch.exp(-(own.gate.weight[0] @ h + own.gate.bias[0])))
        before, seen = own.embedding.weight[word], beta * context
        state = cell(torch.cat([before, seen]).unsqueeze(0), state)
        read = own.reads.weight @ torch.cat([state[0][0], seen]) + own.reads.bias
        logits = own.output.weight @ torch.tanh(before + read) + own.output.bias
        found.append((logits.detach(), shares.detach(), seen.detach()))
    return Spoken(*(torch.stack(part) for part in zip(*found, strict=True)))


@pytest.fixture
def spoken() -> Callable[[Decoder, Tensor, tuple[int, ...]], Spoken]:
    """The reference decoder."""
    return speak


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> int:
    """Captions of three words at most."""
    monkeypatch.setattr("bench.learners.captioning.decode.LIMIT", SHORT)
    return SHORT


Captions = list[tuple[tuple[int, ...], float]]


@pytest.fixture
def every(encoding: Callable[..., Encoding]) -> Callable[[Learner, Images], list[Captions]]:
    """Per image: all captions of at most three words with their log P, most likely first."""

    def of(learner: Learner, images: Images) -> list[Captions]:
        known = range(1, learner.model.symbols)
        texts = [said for n in range(SHORT + 1) for said in itertools.product(known, repeat=n)]
        whole: list[Captions] = []
        for places in encoding(learner, images).annotations:
            full = [said for said in texts if len(said) == SHORT] or texts
            steps = {
                said[:n]: torch.log_softmax(logits, -1)
                for said in full
                for n, logits in enumerate(speak(learner.model.decoder, places, said).logits)
            }
            found = []
            for said in texts:
                log_ps = [steps[said[:n]][word] for n, word in enumerate((*said, 0))]
                found.append((said, sum(log_ps).item()))
            whole.append(sorted(found, key=lambda pair: -pair[1]))
        return whole

    return of
