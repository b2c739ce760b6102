"""The networks that classify: their shapes, their signals against slow and obvious references."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from bench.learners.captioning.batch import Batch as Photos
from bench.learners.classification import deepfool, signal
from bench.learners.classification.batch import Batch
from bench.learners.classification.config import Images, Texts, Wide
from bench.learners.classification.deepfool import boundary_distance
from bench.learners.classification.encoder import Encoding, Recurrent, lenet, vgg16
from bench.learners.classification.length import expected_gradient_length
from bench.learners.classification.model import Model
from bench.learners.classification.unrolled import unrolled
from bench.learners.layer import build
from bench.learners.tagging.batch import Batch as Sentences

CLASSES = 4
HOST = torch.device("cpu")
NAMES = ("lenet", "lenet-8", "vgg16", "bilstm")


def made(name: str, seed: int = 0) -> tuple[Model, Batch]:
    """A network of random weights, and a batch for it."""
    rng = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        encoder: Any = {
            "lenet": lambda: lenet((1, 28, 28), Images()),
            "lenet-8": lambda: lenet((3, 8, 8), Images()),
            "vgg16": lambda: vgg16((3, 32, 32), Wide(width=4)),
            "bilstm": lambda: Recurrent(11, Texts(embedding=5, hidden=3)),
        }[name]()
        model = Model(encoder, CLASSES)
    build(model, HOST, rng)
    for parameter in model.parameters():  # biases and norms too are as if trained
        parameter.data.add_(0.1 * torch.randn(parameter.shape, generator=rng))
    if name == "bilstm":
        lengths = torch.tensor([6, 5, 5, 2, 1])
        words = torch.randint(1, 11, (6, 5), generator=rng)
        words[torch.arange(6).unsqueeze(1) >= lengths] = 0
        words[:3, 0] = 7  # a word that comes again
        return model, Batch(Sentences(words, lengths))
    shape = {"lenet": (1, 28, 28), "lenet-8": (3, 8, 8), "vgg16": (3, 32, 32)}[name]
    pixels = torch.randint(256, (5, *shape), generator=rng, dtype=torch.uint8)
    return model, Batch(Photos(pixels))


def encoded(name: str, seed: int = 0) -> tuple[Model, Encoding]:
    model, batch = made(name, seed)
    with torch.no_grad():
        return model, model.encoder(batch)


def single(batch: Batch, row: int) -> Batch:
    items = batch.items
    if isinstance(items, Sentences):
        length = int(items.lengths[row])
        return Batch(Sentences(items.words[:length, row : row + 1], items.lengths[row : row + 1]))
    return Batch(Photos(items.images[row : row + 1]))


@pytest.mark.parametrize(("name", "size"), [*zip(NAMES, (84, 84, 32, 6), strict=True)])
def test_it_gives_an_encoding_and_log_probabilities(name: str, size: int) -> None:
    model, encoding = encoded(name)
    assert model.latent_size == size
    assert encoding.z.shape == (5, size)
    p = model.log_probs(encoding).exp()
    assert p.shape == (5, CLASSES)
    assert torch.allclose(p.sum(1), torch.ones(5))
    assert torch.allclose(
        model.trace(encoding.x, encoding.lengths), model.logits(encoding), atol=1e-5
    )


def test_lenet_has_the_sizes_of_the_paper() -> None:
    model, _ = made("lenet")
    assert [p.numel() for p in model.encoder.dense.parameters()] == [48_000, 120, 10_080, 84]


def test_vgg16_has_sixteen_layers_and_the_papers_widths() -> None:
    with torch.device("meta"):
        model = Model(vgg16((3, 32, 32), Wide()), 10)
    convolutions = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d)]
    dense = [m for m in model.modules() if isinstance(m, torch.nn.Linear)]
    assert [m.out_channels for m in convolutions] == [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
    assert len(convolutions) + len(dense) == 15  # of the three dense ones two, for small images
    assert model.latent_size == 512


def test_images_are_read_as_numbers_from_0_to_1() -> None:
    model, batch = made("lenet")
    batch.items.images[0] = 255
    assert model.encoder(batch).x[0].eq(1).all()
    assert model.encoder(batch).x.min() == 0


def test_the_unrolled_lstm_is_the_kernel() -> None:
    lstm = torch.nn.LSTM(5, 3)
    x = torch.randn(7, 4, 5, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(unrolled(lstm, x), lstm(x)[0], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_expected_gradient_length_is_that_of_autograd(name: str) -> None:
    model, batch = made(name)
    with torch.no_grad():
        found = expected_gradient_length(model, encoded(name)[1])
    for row in range(5):
        one = single(batch, row)
        p = model.log_probs(model.encoder(one)).exp()[0]
        expected = 0.0
        for label in range(CLASSES):
            model.zero_grad()
            F.cross_entropy(model.logits(model.encoder(one)), torch.tensor([label])).backward()
            squares = [q.grad.double().square().sum() for q in model.parameters()]  # type: ignore[union-attr]
            expected += float(p[label].detach() * torch.stack(squares).sum().sqrt())
        assert found[row].item() == pytest.approx(expected, rel=1e-4)


def test_items_are_taken_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.learners.classification import length

    for name in ("lenet-8", "bilstm"):
        model, encoding = encoded(name)
        whole = expected_gradient_length(model, encoding), boundary_distance(model, encoding)
        monkeypatch.setattr(length, "TOGETHER", 2)
        monkeypatch.setattr(deepfool, "TOGETHER", 2)
        parts = expected_gradient_length(model, encoding), boundary_distance(model, encoding)
        for one, other in zip(whole, parts, strict=True):
            assert torch.allclose(one, other, rtol=1e-4)


class Linear(torch.nn.Module):
    """Classes whose logits are linear in the input."""

    def __init__(self, weights: Tensor, biases: Tensor) -> None:
        super().__init__()
        self.weights, self.biases = weights, biases

    def trace(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        return x.flatten(1) @ self.weights.T + self.biases

    def log_probs(self, encoding: Encoding) -> Tensor:
        return torch.log_softmax(self.trace(encoding.x, None), -1)


def points(x: Tensor) -> Encoding:
    return Encoding(x, x, x)


@pytest.mark.parametrize("seed", range(5))
def test_of_a_linear_model_the_distance_is_known(seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    weights, biases = torch.randn(3, 6, generator=rng), torch.randn(3, generator=rng)
    x = torch.randn(40, 6, generator=rng)
    model = Linear(weights, biases)
    logits = model.trace(x, None)
    best = logits.argmax(1)
    expected = torch.full((40,), torch.inf)
    for other in range(3):
        gap = (logits[torch.arange(40), best] - logits[:, other]).abs()
        norm = (weights[best] - weights[other]).norm(dim=1)
        expected = torch.where(best == other, expected, torch.minimum(expected, gap / norm))
    found = boundary_distance(model, points(x))
    assert torch.allclose(found, expected, rtol=1e-4)


def test_by_hand_the_distance_to_the_nearer_of_two_lines() -> None:
    """Classes x, y and 0: from (3, 1), the line x = y is √2 away and x = 0 is 3 away."""
    model = Linear(torch.tensor([[1.0, 0], [0, 1], [0, 0]]), torch.zeros(3))
    found = boundary_distance(model, points(torch.tensor([[3.0, 1], [3, -5]])))
    assert found.tolist() == pytest.approx([2**0.5, 3])


def test_where_classes_cannot_be_parted_the_distance_is_infinite() -> None:
    model = Linear(torch.zeros(3, 2), torch.tensor([1.0, 0, 0]))
    assert boundary_distance(model, points(torch.randn(2, 2))).tolist() == [torch.inf] * 2


@pytest.mark.parametrize("name", NAMES)
def test_the_distance_is_that_of_one_example_at_a_time(name: str) -> None:
    model, batch = made(name, seed=3)
    _, encoding = encoded(name, seed=3)
    found = boundary_distance(model, encoding)
    expected = [slow_distance(model, single(batch, row)) for row in range(5)]
    assert found.tolist() == pytest.approx(expected, rel=1e-3)
    assert found.isfinite().all()
    assert (found > 0).all()


def slow_distance(model: Model, batch: Batch) -> float:
    """Algorithm 2 of the paper, word by word, for one input."""
    with torch.no_grad():
        encoding = model.encoder(batch)
    x0, lengths = encoding.x, encoding.lengths
    total, first = torch.zeros_like(x0), int(model.logits(encoding).argmax())
    for _ in range(50):
        x = (x0 + 1.02 * total).requires_grad_()
        logits = model.trace(x, lengths)[0]
        if int(logits.argmax()) != first:
            break
        slopes = [torch.autograd.grad(f, x, retain_graph=True)[0] for f in logits]
        steps = []
        for k in range(CLASSES):
            if k != first:
                w, f = slopes[k] - slopes[first], (logits[k] - logits[first]).abs()
                steps.append(((f / w.norm()).item(), (f / w.norm() ** 2 * w).detach()))
        total = total + min(steps, key=lambda step: step[0])[1]
    return float(total.norm())


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_embedding_is_autograds(name: str) -> None:
    model, batch = made(name)
    found = signal.gradient_embedding(model, encoded(name)[1])
    for row in range(5):
        model.zero_grad()
        logits = model.logits(model.encoder(single(batch, row)))
        F.cross_entropy(logits, logits.argmax(1)).backward()
        gradient = model.decoder.weight.grad
        assert gradient is not None
        outer = torch.outer(found.left[row], found.right[row])
        assert torch.allclose(outer, gradient, atol=1e-5)
        assert found.squares[row].item() == pytest.approx(float(gradient.square().sum()), rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_dropout_signals_are_of_the_same_masks(name: str) -> None:
    model, encoding = encoded(name)

    def rng() -> torch.Generator:
        return torch.Generator().manual_seed(5)

    with torch.no_grad():
        noise = torch.Generator().manual_seed(int(torch.randint(1 << 62, (1,), generator=rng())))
        masks = torch.stack([torch.softmax(model.again(encoding, noise), -1) for _ in range(7)])
        mean = signal.predictive_probs(model, encoding, passes=7, rng=rng())
        said = signal.dropout_predictions(model, encoding, passes=7, rng=rng())
        shared = signal.mutual_information(model, encoding, passes=7, rng=rng())
    assert torch.allclose(mean, masks.mean(0))
    assert torch.equal(said, masks.argmax(2).T)
    entropy = -(masks * masks.log()).sum(2).mean(0)
    assert torch.allclose(shared, -(mean * mean.log()).sum(1) - entropy, atol=1e-5)
    assert masks.std(0).max() > 0
    assert (shared > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_dropout_reaches_the_encoder_and_the_last_layer(name: str) -> None:
    model, encoding = encoded(name)
    with torch.no_grad():
        z = [
            model.encoder.head(encoding.seen, encoding.lengths, torch.Generator().manual_seed(seed))
            for seed in (1, 1, 2)
        ]
        again = model.again(encoding, torch.Generator().manual_seed(1))
    assert torch.equal(z[0], z[1])
    assert not torch.equal(z[0], z[2])
    assert not torch.equal(z[0], encoding.z)
    assert not torch.allclose(again, model.decoder(z[0]))


@pytest.mark.parametrize("name", NAMES)
def test_without_dropout_the_predictive_distribution_is_the_models(name: str) -> None:
    model, encoding = encoded(name)
    model.encoder.share = 0.0
    found = signal.predictive_probs(model, encoding, passes=3, rng=torch.Generator())
    assert torch.allclose(found, model.log_probs(encoding).exp(), atol=1e-5)


def test_signals_of_probabilities_by_hand() -> None:
    class Known:
        def log_probs(self, encoding: Any) -> Tensor:
            return torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]).log()

    model = Known()
    assert signal.best_log_prob(model, None).exp().tolist() == pytest.approx([0.5, 0.8])
    best = signal.nbest_log_probs(model, None, width=2).exp()
    assert best.tolist() == [pytest.approx([0.5, 0.25]), pytest.approx([0.8, 0.1])]
    wide = signal.nbest_log_probs(model, None, width=5)
    assert wide.shape == (2, 5)
    assert wide[:, 3:].eq(-torch.inf).all()
    entropy = signal.token_entropy(model, None)
    assert entropy.tolist() == pytest.approx([1.0397207, 0.6390319])


def test_a_class_for_every_item_of_both_batches() -> None:
    model, batch = made("lenet-8")
    labeled = Batch(batch.items, torch.tensor([0, 1, 2, 3, 0]))
    z, loss = model.both(labeled, batch, torch.Generator())
    assert z.shape == (10, 84)
    assert loss.isfinite()
