"""IDX files, written by hand after the published description; what is no such file is told."""

import gzip
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data import card
from bench.data.classification import idx
from bench.error import DataError

PIXELS = np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)
Write = Callable[..., Path]


def images(pixels: np.ndarray = PIXELS) -> bytes:
    return struct.pack(">IIII", 2051, *pixels.shape) + pixels.tobytes()


def labels(*numbers: int) -> bytes:
    return struct.pack(">II", 2049, len(numbers)) + bytes(numbers)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def save(content: bytes, name: str = "a-idx", packed: bool = True) -> Path:
        path = tmp_path / f"{name}.gz" if packed else tmp_path / name
        path.write_bytes(gzip.compress(content) if packed else content)
        return path

    return save


@pytest.fixture
def mnist() -> card.Card:
    """The card of MNIST with its train split alone."""
    found = card.load("mnist")
    return replace(found, files=found.files[:2])


@pytest.mark.parametrize("packed", [True, False])
def test_reads_images_and_labels(write: Write, packed: bool) -> None:
    found = idx.images(write(images(), packed=packed), 28)
    assert found.dtype == np.uint8
    assert (found == PIXELS[:, None]).all()
    assert idx.values(write(labels(7, 0, 9), packed=packed), 2049).tolist() == [7, 0, 9]


def test_a_split_is_images_and_their_classes(write: Write, mnist: card.Card) -> None:
    first, second = write(images(), "images"), write(labels(7, 0, 9), "labels")
    places = dict(zip((file.path for file in mnist.files), (first, second), strict=True))
    (part,) = idx.read(mnist, places)
    assert (part.split, part.labels) == ("train", ["7", "0", "9"])
    assert (part.inputs.pixels == PIXELS[:, None]).all()
    assert len(set(part.inputs.digests)) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it ends after 0 bytes, within its header of 16"),
        (images()[:15], "it ends after 15 bytes, within its header of 16"),
        (
            images()[:-1],
            "its header states 3 × 28 × 28 values, but 2351 bytes follow: it is truncated",
        ),
        (images() + b"\0", "3 × 28 × 28 values, but 2353 bytes follow: it is too long"),
        (labels(1, 2, 3) + b"\0" * 9, "it begins with 2049, where an IDX file of images has 2051"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 8, "it begins with 2303741511, where an IDX"),
        (images(PIXELS[:, :, :20]), "its images are 28 × 20 pixels, not 28 × 28"),
        (images(PIXELS[:, :14, :14]), "its images are 14 × 14 pixels, not 28 × 28"),
        (struct.pack(">IIII", 2051, *[2**32 - 1] * 3), "but 0 bytes follow: it is truncated"),
    ],
)
def test_what_is_no_file_of_images_is_told(write: Write, content: bytes, said: str) -> None:
    path = write(content)
    with pytest.raises(DataError, match=re.escape(f"{path}: ")) as caught:
        idx.images(path, 28)
    assert said in str(caught.value)
    assert str(caught.value).endswith("; fetch the file again.")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (labels(1, 2, 3)[:-1], "its header states 3 values, but 2 bytes follow: it is truncated"),
        (labels(1, 2, 3) + b"\1", "its header states 3 values, but 4 bytes follow: it is too long"),
        (images(), "it begins with 2051, where an IDX file of labels has 2049"),
    ],
)
def test_what_is_no_file_of_labels_is_told(write: Write, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=re.escape(said)):
        idx.values(write(content), 2049)


@pytest.mark.parametrize("damaged", [b"no gzip", gzip.compress(images())[:-20]])
def test_a_damaged_gzip_is_told(write: Write, damaged: bytes) -> None:
    path = write(b"")
    path.write_bytes(damaged)
    with pytest.raises(DataError, match=r"a-idx\.gz: it cannot be read \(.+\); fetch"):
        idx.images(path, 28)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((7, 0), "has 2 labels, but {first} has 3 images; the two belong together"),
        ((7, 10, 11), "{second}: label 10 of image 2 is not one of 0 to 9; fetch the file again"),
    ],
)
def test_labels_that_do_not_fit_are_told(
    write: Write, mnist: card.Card, numbers: tuple[int, ...], said: str
) -> None:
    first, second = write(images(), "images"), write(labels(*numbers), "labels")
    places = dict(zip((file.path for file in mnist.files), (first, second), strict=True))
    with pytest.raises(DataError, match=re.escape(said.format(first=first, second=second))):
        list(idx.read(mnist, places))


@given(shape=st.tuples(st.integers(0, 5), st.integers(1, 6)), cut=st.integers(1, 400))
def test_no_cut_is_overlooked(
    shape: tuple[int, int], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    count, side = shape
    pixels = np.full((count, side, side), 7, np.uint8)
    path = tmp_path_factory.mktemp("cut") / "whole"
    whole = images(pixels)
    path.write_bytes(whole)
    assert idx.images(path, side).shape == (count, 1, side, side)
    path.write_bytes(whole[: max(0, len(whole) - cut)])
    with pytest.raises(DataError, match=r"truncated|within its header"):
        idx.images(path, side)
