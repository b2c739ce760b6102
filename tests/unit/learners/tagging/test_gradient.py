"""Gradients of the last layer against autograd, and their factors against whole matrices."""

import math

import pyarrow as pa
import pytest
import torch
from torch import Tensor

from bench.learners.gradient import Gradients, squared_norms
from bench.learners.learner import Learner


def dense(gradients: Gradients) -> Tensor:
    """The gradients as rows [n, K·H]."""
    words = zip(
        gradients.left.split(gradients.counts.tolist()),
        gradients.right.split(gradients.counts.tolist()),
        strict=True,
    )
    return torch.stack([(left.T @ right).flatten() for left, right in words])


def by_autograd(learner: Learner, text: pa.ListArray, tags: list[str], batch) -> Tensor:
    """∇ −log P(tags|text) by the last layer's weights, as training would compute it."""
    model = learner.model
    model.zero_grad()
    model.requires_grad_(True)
    with torch.enable_grad():
        one = batch(learner, text, pa.array([tags], pa.list_(pa.string())))
        (model.loss(one) * len(tags)).backward()  # the loss is the mean per word
    gradient = model.decoder.output.weight.grad.clone()
    model.requires_grad_(False)
    return gradient.flatten()


def test_the_embedding_is_autograds_for_the_predicted_tags(kind, drawn, sentences, batch):
    learner, inputs = drawn(kind, scale=1.0), sentences()
    found = dense(learner.signal("gradient_embedding", inputs))
    predicted = learner.predict(inputs).to_pylist()
    for row, tags in enumerate(predicted):
        truth = by_autograd(learner, inputs[row : row + 1], tags, batch)
        assert truth.norm() > 1e-3
        torch.testing.assert_close(found[row], truth, atol=1e-5, rtol=1e-4)


def test_the_expected_length_is_autograds_over_all_tag_sequences(
    kind, drawn, sentences, batch, every
):
    learner, inputs = drawn(kind), sentences("a b", "c", "b c a")
    found = learner.signal("expected_gradient_length", inputs, width=3**3)
    symbols = learner.family.tags.symbols.to_pylist()
    for row, (paths, scores) in enumerate(every(learner, inputs)):
        truth = 0.0
        for path, score in zip(paths.T.tolist(), scores.tolist(), strict=True):
            tags = [symbols[tag] for tag in path]
            gradient = by_autograd(learner, inputs[row : row + 1], tags, batch)
            truth += math.exp(score) * gradient.norm().item()
        assert found[row].item() == pytest.approx(truth, rel=1e-3)


def test_the_expected_length_is_over_the_n_best_alone(drawn, sentences, batch, every):
    learner, inputs = drawn("bilstm-tagger"), sentences("a b c")
    symbols = learner.family.tags.symbols.to_pylist()
    paths, scores = every(learner, inputs)[0]
    truth = 0.0
    for path, score in list(zip(paths.T.tolist(), scores.tolist(), strict=True))[:2]:
        gradient = by_autograd(learner, inputs, [symbols[tag] for tag in path], batch)
        truth += math.exp(score) * gradient.norm().item()
    found = learner.signal("expected_gradient_length", inputs, width=2)
    assert found.item() == pytest.approx(truth, rel=1e-4)


@pytest.fixture
def gradients() -> Gradients:
    """Five items of 3, 1, 4, 1 and 2 words, K = 3, H = 5."""
    stream = torch.Generator().manual_seed(3)
    lengths = torch.tensor([3, 1, 4, 1, 2])
    left = torch.randn(4, 5, 3, generator=stream)
    left *= (torch.arange(4).unsqueeze(1) < lengths).unsqueeze(-1)
    return Gradients.of(left, torch.randn(4, 5, 5, generator=stream), lengths)


def test_norms_and_products_are_those_of_the_matrices(gradients):
    matrix = dense(gradients)
    torch.testing.assert_close(gradients.norms(), matrix.square().sum(1))
    for row in range(5):
        torch.testing.assert_close(gradients.products(row), matrix @ matrix[row])


def test_items_are_taken_and_joined_whole(gradients):
    matrix, rows = dense(gradients), torch.tensor([4, 0, 2])
    torch.testing.assert_close(dense(gradients[rows]), matrix[rows])
    both = Gradients.join([gradients[rows], gradients])
    torch.testing.assert_close(dense(both), torch.cat([matrix[rows], matrix]))
    torch.testing.assert_close(both.norms(), torch.cat([matrix[rows], matrix]).square().sum(1))
    assert both.bytes == 4 * (9 + 11) * (3 + 5)
    assert len(both) == 8


def test_squared_norms_see_no_padding():
    left, right = torch.zeros(3, 1, 2), torch.ones(3, 1, 4)
    left[0, 0, 0] = 2.0
    assert squared_norms(left, right).tolist() == [16.0]


def test_a_sketch_keeps_inner_products_on_average(gradients):
    matrix = dense(gradients)
    truth = matrix @ matrix.T
    sketches = [gradients.sketch(64, torch.Generator().manual_seed(seed)) for seed in range(400)]
    assert sketches[0].shape == (5, 64)
    mean = torch.stack([sketch @ sketch.T for sketch in sketches]).mean(0)
    scale = truth.diag().sqrt()
    assert ((mean - truth).abs() / torch.outer(scale, scale)).max() < 4 * math.sqrt(8 / 64 / 400)
    again = gradients.sketch(64, torch.Generator().manual_seed(0))
    assert torch.equal(again, sketches[0])
    assert not torch.equal(again, sketches[1])


@pytest.mark.parametrize("size", [64, 256])
def test_a_sketchs_error_is_as_stated(gradients, size):
    one = gradients[torch.tensor([1])]
    squares = [
        one.sketch(size, torch.Generator().manual_seed(seed)).square().sum().item()
        for seed in range(500)
    ]
    relative = torch.tensor(squares) / one.norms() - 1
    assert relative.square().mean().item() < 8 / size
    assert relative.square().mean().item() > 0.5 / size
