"""The handwritten digits that come with scikit-learn (Alpaydin and Kaynak 1998): no files."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.data.card import Card
from bench.data.classification.part import Part, pictures


def read(card: Card, _: dict[str, Path]) -> Iterator[Part]:
    """All 1,797 images, 8 × 8, their grey values from 0..16 to 0..255; one split, `all`."""
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    grey = np.rint(values * (255 / 16)).astype(np.uint8)
    yield Part("all", pictures(grey.reshape(-1, 1, 8, 8)), [card.classes[one] for one in labels])
