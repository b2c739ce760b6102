"""Reader of CIFAR-10 (Krizhevsky 2009), the binary version: batches of records in a tar archive.

A record is a byte of the label, then 32 × 32 bytes of red, of green and of blue, row by row. The
archive is read as a stream; nothing is extracted, and no pickled batch is ever looked at.
"""

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.data.card import Card
from bench.data.classification.part import Part, fault, named, pictures

SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE
BATCHES = {
    **{f"cifar-10-batches-bin/data_batch_{number}.bin": "train" for number in range(1, 6)},
    "cifar-10-batches-bin/test_batch.bin": "test",
}
"""The split of each batch, in the order of the corpus."""


def read(card: Card, files: dict[str, Path]) -> Iterator[Part]:
    """The batches in order; DataError names the archive, the batch and its fault."""
    path = files[card.files[0].path]
    found = _batches(path)
    for name, split in BATCHES.items():
        content, where = found.get(name), f"{path}, {name}"
        if content is None:
            raise fault(where, "it is not in the archive", "archive")
        if len(content) % RECORD:
            reason = f"{len(content)} bytes are no whole number of records of {RECORD} each"
            raise fault(where, reason, "archive")
        records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
        pixels = records[:, 1:].reshape(-1, 3, SIDE, SIDE)
        yield Part(split, pictures(pixels), named(records[:, 0], card.classes, where))


def _batches(path: Path) -> dict[str, bytes]:
    """The content of each batch that the archive holds."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.name in BATCHES else None
                if content:
                    found[member.name] = content.read()
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise fault(path, f"it cannot be read ({reason})", "archive") from error
    return found
