"""Many JPEG files in one .npz: decoded, known by their bytes, and what is refused."""

import hashlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.data import card
from bench.data.classification import jpeg
from bench.data.classification.part import Part
from bench.error import DataError

PIL = pytest.importorskip("PIL.Image")


def photo(colour: tuple[int, int, int], size: tuple[int, int] = (32, 32)) -> bytes:
    PIL.new("RGB", size, colour).save(buffer := io.BytesIO(), "jpeg", quality=95)
    return buffer.getvalue()


PHOTOS = [photo((250, 10, 10)), photo((10, 250, 10)), photo((10, 10, 250))]


def joined(files: list[bytes], **changes: Any) -> dict[str, Any]:
    return {
        "jpeg": np.frombuffer(b"".join(files), np.uint8),
        "offsets": np.cumsum([0, *map(len, files)]),
        "label": np.array([3, 0, 9], np.uint8)[: len(files)],
        "is_test": np.array([1, 0, 1], np.uint8)[: len(files)],
        **changes,
    }


def read(path: Path, arrays: dict[str, Any]) -> list[Part]:
    if arrays:
        np.savez(path, **arrays)
    copy = card.load("cifar10-jpeg")
    return list(jpeg.read(copy, {copy.files[0].path: path}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.npz"


def test_images_are_parted_by_split_and_decoded(path: Path) -> None:
    train, test = read(path, joined(PHOTOS))
    assert (train.split, train.labels) == ("train", ["airplane"])
    assert (test.split, test.labels) == ("test", ["cat", "truck"])
    assert test.inputs.pixels.shape == (2, 3, 32, 32)
    assert test.inputs.pixels.mean((0, 2, 3)) == pytest.approx([130, 10, 130], abs=2)
    assert train.inputs.pixels[0].mean((1, 2)) == pytest.approx([10, 250, 10], abs=2)
    assert test.inputs.digests == [hashlib.sha256(PHOTOS[n]).hexdigest() for n in (0, 2)]


def test_channels_come_first_then_rows(path: Path) -> None:
    """Red in the left half, green below in the right one, blue above."""
    picture = PIL.new("RGB", (32, 32), (0, 0, 255))
    picture.paste((255, 0, 0), (0, 0, 16, 32))
    picture.paste((0, 255, 0), (16, 16, 32, 32))
    picture.save(buffer := io.BytesIO(), "jpeg", quality=95, subsampling=0)
    _, test = read(path, joined([buffer.getvalue()]))
    (pixels,) = test.inputs.pixels.astype(int)
    assert pixels[:, 28, 3] == pytest.approx([255, 0, 0], abs=3)
    assert pixels[:, 3, 28] == pytest.approx([0, 0, 255], abs=3)
    assert pixels[:, 28, 28] == pytest.approx([0, 255, 0], abs=3)


def test_grey_is_three_times_the_same(path: Path) -> None:
    PIL.new("L", (32, 32), 77).save(buffer := io.BytesIO(), "jpeg")
    _, test = read(path, joined([buffer.getvalue()]))
    assert set(test.inputs.pixels.ravel().tolist()) == {77}


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (PHOTOS[1][:200], "image 2: it is no whole JPEG ("),
        (b"", "image 2: it is no whole JPEG ("),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image 2: it is no whole JPEG ("),
        (photo((1, 2, 3), (32, 16)), "image 2: it is 32 × 16 pixels, not 32 × 32; fetch the file"),
    ],
)
def test_a_bad_picture_is_told_by_its_number(path: Path, file: bytes, said: str) -> None:
    with pytest.raises(DataError, match=re.escape(f"{path}, {said}")) as caught:
        read(path, joined([PHOTOS[0], file, PHOTOS[2]]))
    assert str(caught.value).endswith("; fetch the file again.")


OFFSETS = joined(PHOTOS)["offsets"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"offsets": OFFSETS[:-1]}, "are not of one number of images"),
        ({"offsets": OFFSETS[:0]}, "are not of one number of images"),
        ({"label": np.zeros(2, np.uint8)}, "are not of one number of images"),
        ({"is_test": np.zeros(4, np.uint8)}, "are not of one number of images"),
        ({"offsets": OFFSETS + 1}, "the offsets do not rise from 0 to the"),
        ({"offsets": OFFSETS[[0, 2, 1, 3]]}, "the offsets do not rise from 0 to the"),
        ({"offsets": OFFSETS - (OFFSETS[-1] == OFFSETS)}, "the offsets do not rise from 0 to"),
        ({"label": np.zeros(3)}, "its arrays are not lists of whole numbers"),
        ({"label": np.array([0, 10, 0], np.uint8)}, "train: label 10 of image 1 is not one of 0"),
        ({"label": np.array([0, 0, -1])}, "test: label -1 of image 2 is not one of 0 to 9"),
        ({"label": np.array([{}, {}, {}])}, "it cannot be read (Object arrays cannot be loaded"),
    ],
)
def test_arrays_that_do_not_fit_are_told(path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=re.escape(said)) as caught:
        read(path, joined(PHOTOS, **changes))
    assert str(path) in str(caught.value)


def test_what_is_no_such_file_is_told(path: Path) -> None:
    lacking = {name: array for name, array in joined(PHOTOS).items() if name != "is_test"}
    with pytest.raises(DataError, match=r"some\.npz: it cannot be read \(.*is_test"):
        read(path, lacking)
    whole = path.read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"some\.npz: it cannot be read \("):
            read(path, {})
    with path.open("wb") as file:
        np.save(file, OFFSETS)
    with pytest.raises(DataError, match=r"some\.npz: it cannot be read \("):
        read(path, {})
    path.unlink()
    with pytest.raises(DataError, match=r"some\.npz: it cannot be read \(.*No such file"):
        read(path, {})
