"""Annotation vectors of pixels and of features."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from bench.learners.captioning.batch import Batch
from bench.learners.captioning.config import Config
from bench.learners.captioning.encoder import Encoder, Encoding
from bench.learners.layer import build

CPU = torch.device("cpu")


def encoder(shape: tuple[int, ...], hidden: int = 16) -> Encoder:
    return build(Encoder(shape, Config(hidden=hidden)), CPU, torch.Generator().manual_seed(0))


def pixels(count: int, size: int) -> torch.Tensor:
    drawn = np.random.default_rng(0).integers(0, 256, (count, 3, size, size), dtype=np.uint8)
    return torch.from_numpy(drawn)


@pytest.mark.parametrize("size", [16, 32, 64])
def test_pixels_become_an_eight_by_eight_grid(size) -> None:
    found = encoder((3, size, size))(Batch(pixels(2, size)))
    assert found.annotations.shape == (2, 64, 16)
    assert found.z.shape == (2, 16)


@pytest.mark.parametrize("hidden", [4, 12, 100])
def test_annotations_are_as_wide_as_asked(hidden) -> None:
    assert encoder((3, 32, 32), hidden)(Batch(pixels(2, 32))).z.shape == (2, hidden)


@pytest.mark.parametrize("down", [0, 7])
@pytest.mark.parametrize("right", [0, 7])
def test_places_are_in_rows_from_the_upper_left(down, right) -> None:
    made, before, after = encoder((3, 32, 32)), pixels(1, 32), pixels(1, 32)
    after[..., 4 * down : 4 * down + 4, 4 * right : 4 * right + 4] ^= 255
    moved = made(Batch(after)).annotations - made(Batch(before)).annotations
    row, column = divmod(int(moved.square().sum(-1)[0].argmax()), 8)
    assert abs(row - down) <= 2
    assert abs(column - right) <= 2


def test_features_are_projected_place_by_place() -> None:
    made = encoder((3, 6), 4)
    drawn = np.random.default_rng(0).standard_normal((2, 3, 6)).astype(np.float16)
    found = made(Batch(torch.from_numpy(drawn)))
    weight, bias = made.see.inner.weight.detach().numpy(), made.see.inner.bias.detach().numpy()
    expected = np.maximum(drawn.astype(np.float32) @ weight.T + bias, 0)
    np.testing.assert_allclose(found.annotations.detach().numpy(), expected, atol=1e-5)


def test_z_is_the_mean_over_places(drawn, images, encoding) -> None:
    found = encoding(drawn(images), images)
    expected = sum(found.annotations[:, i] for i in range(found.annotations.shape[1]))
    torch.testing.assert_close(found.z, expected / found.annotations.shape[1])


def test_an_image_is_encoded_as_if_alone(drawn, images, encoding) -> None:
    learner = drawn(images)
    whole = encoding(learner, images)
    for row in range(8):
        alone = encoding(learner, images.take(pa.array([row])))
        torch.testing.assert_close(alone.annotations[0], whole.annotations[row])
    assert whole.z.std(0).max() > 1e-3  # images do differ


def test_a_part_of_an_encoding() -> None:
    whole = Encoding(torch.arange(24.0).view(3, 4, 2), torch.arange(6.0).view(3, 2))
    assert whole.head(2).z.tolist() == [[0, 1], [2, 3]]
    assert whole.head(2).annotations.shape == (2, 4, 2)
    assert whole.take(torch.tensor([2, 0, 2])).z.tolist() == [[4, 5], [0, 1], [4, 5]]
    assert whole.take(torch.tensor([2])).annotations[0, 0].tolist() == [16, 17]
