"""What readers of classification give: items and their classes, a part of the corpus at a time."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.error import DataError

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


class Pictures(NamedTuple):
    """Some images, uint8 [n, C, S, S], and the SHA-256 by which equal ones are known."""

    pixels: Bytes
    digests: list[str]


class Part(NamedTuple):
    """Items of one split, in order: sentences (their words) or images, and the class of each."""

    split: str
    inputs: list[list[str]] | Pictures
    labels: Sequence[str]


def pictures(pixels: Bytes) -> Pictures:
    """Images that have no files of their own: each is known by its pixels."""
    return Pictures(pixels, [hashlib.sha256(image.tobytes()).hexdigest() for image in pixels])


def named(labels: Bytes, classes: Sequence[str], where: str) -> list[str]:
    """The class of each number; DataError, which begins with `where`, for the first beyond them."""
    beyond = np.flatnonzero((labels < 0) | (labels >= len(classes)))
    if len(beyond):
        place, label = beyond[0] + 1, labels[beyond[0]]
        reason = f"label {label} of image {place} is not one of 0 to {len(classes) - 1}"
        raise fault(where, reason)
    return [classes[label] for label in labels]


def fault(where: str | Path, reason: str, what: str = "file") -> DataError:
    """The error of a published file that is not whole, or not what it should be."""
    return DataError(f"{where}: {reason}; fetch the {what} again.")
