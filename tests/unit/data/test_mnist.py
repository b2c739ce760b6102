"""MNIST against the counts that are known, and files packed anew."""

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data import card, corpus, task
from bench.data.corpus import Corpus
from bench.data.table import take

EACH = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}


@pytest.fixture(scope="module")
def mnist(data_root: Path) -> Corpus:
    return corpus.load(card.load("mnist"), data_root)


@pytest.mark.parametrize("split", EACH)
def test_counts_by_class(mnist: Corpus, split: str) -> None:
    labels = take(mnist.labels, mnist.rows(split)).flatten().to_pylist()
    found = Counter(labels)
    assert [found[str(number)] for number in range(10)] == EACH[split]


@pytest.mark.parametrize(("split", "stem"), [("train", "train"), ("test", "t10k")])
def test_pixels_are_the_bytes_after_the_header(
    mnist: Corpus, data_root: Path, split: str, stem: str
) -> None:
    packed = data_root / "mnist" / f"{stem}-images-idx3-ubyte.gz"
    content = np.frombuffer(gzip.decompress(packed.read_bytes())[16:], np.uint8)
    images = take(mnist.inputs, mnist.rows(split))
    assert images.shape == (1, 28, 28)
    places = np.arange(0, len(images), 997)
    assert (images.read(places).reshape(-1, 784) == content.reshape(-1, 784)[places]).all()


def test_the_small_pool_is_of_train_and_the_test_split_whole(data_root: Path) -> None:
    small = task.load("mnist", "dal-100-small", data_root)
    recipe = small.card.recipe("dal-100-small")
    pools = []
    for seed in (0, 1):
        pool, test = task.split(recipe, small.corpus, torch.Generator().manual_seed(seed))
        assert test.tolist() == list(range(60_000, 70_000))
        assert len(pool) == 10_000
        assert int(pool.max()) < 60_000
        pools.append(pool)
    assert not torch.equal(*pools)
