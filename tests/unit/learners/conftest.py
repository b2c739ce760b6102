"""Tiny models with peaked distributions, and every label sequence of a sentence with its log P."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
import torch
from torch import Tensor

from bench.data.tagging.kind import Tagging
from bench.learners import objective, registry
from bench.learners.discriminator import Discriminator
from bench.learners.layer import build
from bench.learners.learner import Labeled, Learner
from bench.learners.tagging.batch import Batch, Indexed
from bench.learners.tagging.model import KINDS, Model
from bench.spec import Spec

TAGS = ("O", "B-a", "B-b")
TEXTS = ("a b c d", "e", "b a", "c c e", "d e a b", "a d", "f b e", "f")
SMALL = "embedding=6,hidden=4,decoder=5,batch_size=3,epochs=3"


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sentences() -> Callable[..., pa.ListArray]:
    """Texts as lists of words; a few by default, of one to four words."""

    def read(*texts: str) -> pa.ListArray:
        return pa.array([text.split() for text in texts or TEXTS], pa.list_(pa.string()))

    return read


@pytest.fixture
def blank(sentences: Callable[..., pa.ListArray]) -> Callable[..., Learner]:
    """An unfitted small learner; `more` sets further parameters."""

    def make(kind: str, more: str = "") -> Learner:
        params = dict(pair.split("=") for pair in f"{SMALL},{more}".strip(",").split(","))
        spec = Spec.parse(f"{kind}[{','.join('='.join(pair) for pair in params.items())}]")
        family = registry.make(spec, Tagging(TAGS), sentences())
        return Learner(family, torch.device("cpu"))

    return make


@pytest.fixture
def drawn(blank: Callable[..., Learner]) -> Callable[..., Learner]:
    """A learner with random weights, scaled up so that its distributions are far from uniform."""

    def make(kind: str, seed: int = 0, scale: float = 3.0, more: str = "") -> Learner:
        stream, learner = torch.Generator().manual_seed(seed), blank(kind, more)
        learner.outputs = learner.family.tags
        learner.model = learner.family.model(learner.outputs)
        learner.model.discriminator = Discriminator(learner.model.latent_size).to("meta")
        build(learner.model, learner.device, stream)
        with torch.no_grad():
            for name, parameter in learner.model.named_parameters():
                if "bias" in name:
                    parameter.uniform_(-0.3, 0.3, generator=stream)
                parameter.mul_(10 * scale if "embedding" in name else scale)
        return learner

    return make


@pytest.fixture
def labeled(sentences: Callable[..., pa.ListArray]) -> Callable[..., Labeled]:
    """A labelled set: the tag of a word is a function of the word and of the one before."""

    def make(*texts: str) -> Labeled:
        inputs = sentences(*texts)
        labels = [
            [
                TAGS[(ord(word) + ord(before)) % 3]
                for word, before in zip(text, ["a", *text[:-1]], strict=True)
            ]
            for text in inputs.to_pylist()
        ]
        ids = torch.arange(len(inputs))
        return Labeled(ids, inputs, pa.array(labels, pa.list_(pa.string())))

    return make


@pytest.fixture
def batch() -> Callable[..., Batch]:
    """Sentences as one batch, in the given order."""

    def make(learner: Learner, inputs: pa.ListArray, labels: pa.ListArray | None = None) -> Batch:
        both = None if labels is None else (labels, learner.family.tags)
        data = Indexed.of(inputs, learner.family.words, both)
        return data.batch(torch.arange(len(data)), learner.device)

    return make


@pytest.fixture
def forced() -> Callable[[Model, Tensor, Tensor], Tensor]:
    """Log-probabilities of all tags [n, C, K] after each prefix of paths [n, C] of one sentence."""

    @torch.no_grad()
    def of(model: Model, words: Tensor, paths: Tensor) -> Tensor:
        steps, count = paths.shape
        copies = Batch(words.unsqueeze(1).expand(-1, count), torch.full((count,), steps))
        previous = torch.cat([torch.full_like(paths[:1], model.tags), paths[:-1]])
        logits = model.decoder.output(model.decoder.read(model.encoder(copies), previous, None))
        return torch.log_softmax(logits.double(), -1)

    return of


@pytest.fixture
def log_prob(forced: Callable[..., Tensor]) -> Callable[[Model, Tensor, Tensor], Tensor]:
    """log P of label sequences [n, C] of one sentence's words [n]."""

    def of(model: Model, words: Tensor, paths: Tensor) -> Tensor:
        each = forced(model, words, paths).gather(-1, paths.unsqueeze(-1))
        return each.squeeze(-1).sum(0)

    return of


@pytest.fixture
def every(
    log_prob: Callable[[Model, Tensor, Tensor], Tensor],
) -> Callable[[Learner, pa.ListArray], list[tuple[Tensor, Tensor]]]:
    """Per sentence: all label sequences [n, K^n] and their log P [K^n], most likely first."""

    def enumerate_(learner: Learner, inputs: pa.ListArray) -> list[tuple[Tensor, Tensor]]:
        found = []
        for text in inputs.to_pylist():
            words = learner.family.words.encode(pa.array([text]))
            tags = torch.arange(learner.model.tags)
            paths = torch.cartesian_prod(*[tags] * len(text)).reshape(-1, len(text)).T
            scores, order = log_prob(learner.model, words, paths).sort(descending=True)
            found.append((paths[:, order], scores))
        return found

    return enumerate_


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> Callable[[Learner], list[list[bool]]]:
    """A list that grows with every step of training: have encoder, decoder, D moved?"""

    def watch(learner: Learner) -> list[list[bool]]:
        model, step, moved = learner.model, objective._step, list[list[bool]]()

        def watched(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
            parts = [model.encoder, model.decoder, model.discriminator]
            before = [[p.detach().clone() for p in part.parameters()] for part in parts]
            step(optimiser, loss)
            pairs = [
                zip(a, b.parameters(), strict=True) for a, b in zip(before, parts, strict=True)
            ]
            moved.append([not all(torch.equal(x, y) for x, y in pair) for pair in pairs])

        monkeypatch.setattr(objective, "_step", watched)
        return moved

    return watch
