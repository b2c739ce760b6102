"""Reader of IDX files, the format of MNIST (LeCun, Cortes and Burges 1998), plain or gzipped.

A big-endian header of 32-bit numbers, then one byte a value: 2051, images, rows, columns and the
pixels; or 2049, labels and the labels.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.data.card import Card
from bench.data.classification.part import Bytes, Part, fault, named, pictures
from bench.error import DataError

IMAGES, LABELS = 2051, 2049
"""The number that a file begins with; its last byte says how many sizes follow."""


def read(card: Card, files: dict[str, Path]) -> Iterator[Part]:
    """The images of each split and their classes; DataError names the file and its fault."""
    paths = {(file.split, file.role): files[file.path] for file in card.files}
    for split in card.splits:
        first, second = paths[split, "images"], paths[split, "labels"]
        pixels, labels = images(first, card.image_size), values(second, LABELS)
        if len(pixels) != len(labels):
            raise DataError(
                f"{second} has {len(labels)} labels, but {first} has {len(pixels)} images; "
                "the two belong together: fetch both again."
            )
        yield Part(split, pictures(pixels), named(labels, card.classes, str(second)))


def images(path: Path, size: int) -> Bytes:
    """The images of a file, uint8 [n, 1, size, size]; DataError as `values`, or of another size."""
    found = values(path, IMAGES)
    if found.shape[1:] != (size, size):
        rows, columns = found.shape[1:]
        raise fault(path, f"its images are {rows} × {columns} pixels, not {size} × {size}")
    return found[:, None]


def values(path: Path, magic: int) -> Bytes:
    """The values of a file, uint8 in the shape its header states.

    DataError when it cannot be read, begins with another number, or is too short or too long.
    """
    content = _content(path)
    head = 4 * (1 + magic % 256)
    if len(content) < head:
        raise fault(path, f"it ends after {len(content)} bytes, within its header of {head}")
    first, *shape = np.frombuffer(content, ">u4", head // 4).tolist()
    if first != magic:
        kind = "images" if magic == IMAGES else "labels"
        raise fault(path, f"it begins with {first}, where an IDX file of {kind} has {magic}")
    stated, held = int(np.prod(shape, dtype=object)), len(content) - head
    if held != stated:
        sizes = " × ".join(map(str, shape))
        long = "too long" if held > stated else "truncated"
        reason = f"its header states {sizes} values, but {held} bytes follow: it is {long}"
        raise fault(path, reason)
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise fault(path, f"it cannot be read ({reason})") from error
