from collections import Counter

import numpy as np
import pytest
import torch

from bench.data import task

EACH = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
"""Of the UCI repository's notes on its test set."""


@pytest.fixture(scope="module")
def digits() -> task.Task:
    return task.load("digits")


def test_images_and_classes_are_those_of_scikit_learn(digits: task.Task) -> None:
    from sklearn.datasets import load_digits

    values, numbers = load_digits(return_X_y=True)
    pixels = digits.corpus.inputs.read(np.arange(1797))
    assert (pixels.shape, pixels.dtype) == ((1797, 1, 8, 8), np.dtype(np.uint8))
    assert abs(pixels.reshape(1797, 64) / 255 - values / 16).max() <= 0.5 / 255
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert digits.corpus.labels.to_pylist() == [[str(number)] for number in numbers]
    assert [Counter(numbers.tolist())[number] for number in range(10)] == EACH


def test_a_deal_takes_every_image_once(digits: task.Task) -> None:
    deal = digits.deal(torch.Generator().manual_seed(0))
    assert (len(deal.pool.ids), len(deal.judge._gold)) == (1297, 500)
    assert len(set(deal.pool.ids.tolist())) == 1297
    assert digits.protocol.targets == tuple(range(20, 161, 20))
