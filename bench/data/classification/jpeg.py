"""Reader of an .npz with many JPEG files, joined, of both splits.

`jpeg` holds their bytes, `offsets` [n + 1] where each begins and the last one ends, `label` the
class number of each and `is_test` its split, uint8 all but the offsets.
"""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.data.card import Card
from bench.data.classification.part import Bytes, Part, Pictures, fault, named
from bench.data.extra import need

ARRAYS = ("jpeg", "offsets", "label", "is_test")
DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError)
"""What numpy raises for a file that is no .npz, lacks an array or has one of Python objects."""


def read(card: Card, files: dict[str, Path]) -> Iterator[Part]:
    """The images of `train`, then of `test`, in RGB, each known by the SHA-256 of its JPEG.

    DataError names the file, the image and its fault; UsageError without Pillow.
    """
    path = files[card.files[0].path]
    content, offsets, label, is_test = _arrays(path)
    for split, rows in (("train", np.flatnonzero(is_test == 0)), ("test", np.flatnonzero(is_test))):
        files_of = [content[offsets[row] : offsets[row + 1]].tobytes() for row in rows]
        pixels = np.empty((len(rows), 3, card.image_size, card.image_size), np.uint8)
        for place, (row, file) in enumerate(zip(rows, files_of, strict=True)):
            pixels[place] = decode(file, card.image_size, f"{path}, image {row + 1}")
        digests = [hashlib.sha256(file).hexdigest() for file in files_of]
        labels = named(label[rows], card.classes, f"{path}, {split}")
        yield Part(split, Pictures(pixels, digests), labels)


def decode(content: bytes, size: int, where: str) -> Bytes:
    """A JPEG as uint8 [3, size, size]; DataError, which begins with `where`, for any other."""
    module = need("PIL.Image", "caption")
    try:
        image = module.open(io.BytesIO(content), formats=("JPEG",)).convert("RGB")
    except Exception as error:  # decoders of damaged bytes raise nearly anything
        raise fault(where, f"it is no whole JPEG ({error})") from error
    if image.size != (size, size):
        width, height = image.size
        raise fault(where, f"it is {width} × {height} pixels, not {size} × {size}")
    pixels: Bytes = np.asarray(image).transpose(2, 0, 1)
    return pixels


def _arrays(path: Path) -> list[np.ndarray[Any, Any]]:
    """The four arrays, which fit each other; DataError when they do not."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            found = [file[name] for name in ARRAYS]
    except (*DAMAGE, zipfile.BadZipFile, zlib.error) as error:
        raise fault(path, f"it cannot be read ({error})") from error
    jpeg, offsets, label, is_test = found
    if any(each.ndim != 1 or each.dtype.kind not in "iu" for each in found):
        raise fault(path, "its arrays are not lists of whole numbers")
    if not len(offsets) - 1 == len(label) == len(is_test):
        raise fault(path, "offsets, label and is_test are not of one number of images")
    if offsets[0] or offsets[-1] != len(jpeg) or (np.diff(offsets) < 0).any():
        raise fault(path, f"the offsets do not rise from 0 to the {len(jpeg)} bytes of jpeg")
    return found
