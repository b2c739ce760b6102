"""CIFAR-10 archives made by hand: a few records a batch, and what is refused."""

import io
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.data import card
from bench.data.classification import cifar
from bench.data.classification.part import Part
from bench.error import DataError

FOLDER = "cifar-10-batches-bin"
NAMES = [*(f"{FOLDER}/data_batch_{n}.bin" for n in range(1, 6)), f"{FOLDER}/test_batch.bin"]


def record(label: int, red: int, green: int, blue: int) -> bytes:
    return bytes([label]) + bytes([red]) * 1024 + bytes([green]) * 1024 + bytes([blue]) * 1024


def batches() -> dict[str, bytes]:
    """Two records a batch, the second of the label of the batch."""
    return {
        name: record(9, 1, 2, number) + record(number, 3, 4, number)
        for number, name in enumerate(NAMES)
    }


Pack = Callable[[dict[str, bytes]], Path]


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    def save(members: dict[str, bytes]) -> Path:
        path = tmp_path / "cifar.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return path

    return save


def read(path: Path) -> list[Part]:
    cifar10 = card.load("cifar10")
    return list(cifar.read(cifar10, {cifar10.files[0].path: path}))


def test_batches_are_read_in_order_whatever_the_archives(pack: Pack) -> None:
    others = {f"{FOLDER}/readme.html": b"x", "data_batch_1.bin": b"not in the folder"}
    parts = read(pack({**others, **dict(reversed(batches().items()))}))
    assert [part.split for part in parts] == ["train"] * 5 + ["test"]
    names = card.load("cifar10").classes
    assert [part.labels for part in parts] == [["truck", names[number]] for number in range(6)]
    for number, part in enumerate(parts):
        assert part.inputs.pixels.shape == (2, 3, 32, 32)
        assert part.inputs.pixels[0, :, 31, 0].tolist() == [1, 2, number]
        assert part.inputs.pixels[1, :, 0, 31].tolist() == [3, 4, number]


def test_pixels_lie_row_by_row(pack: Pack) -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 32, 32), dtype=np.uint8)
    part, *_ = read(pack({**batches(), NAMES[0]: b"\0" + image.tobytes()}))
    assert (part.inputs.pixels[0] == image).all()
    assert part.labels == ["airplane"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (b"", None),
        (record(10, 0, 0, 0), f"{NAMES[2]}: label 10 of image 1 is not one of 0 to 9; fetch"),
        (
            record(1, 0, 0, 0)[:-1],
            f"{NAMES[2]}: 3072 bytes are no whole number of records of 3073 each; fetch the",
        ),
        (
            record(1, 0, 0, 0) + b"\0",
            f"{NAMES[2]}: 3074 bytes are no whole number of records of 3073",
        ),
    ],
)
def test_a_batch_that_is_no_records_is_told(pack: Pack, change: bytes, said: str | None) -> None:
    path = pack({**batches(), NAMES[2]: change})
    if said is None:
        assert len(read(path)[2].labels) == 0
        return
    with pytest.raises(DataError, match=re.escape(f"{path}, {said}")):
        read(path)


def test_a_batch_that_is_missing_is_told(pack: Pack) -> None:
    held = batches()
    del held[NAMES[3]]
    path = pack(held)
    with pytest.raises(DataError, match=re.escape(f"{path}, {NAMES[3]}: it is not in the archive")):
        read(path)


@pytest.mark.parametrize("share", [0, 0.3, 0.7, 0.99])
def test_a_truncated_archive_is_told(pack: Pack, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (6, 3072), dtype=np.uint8)
    path = pack({n: b"\0" + row.tobytes() for n, row in zip(NAMES, noise, strict=True)})
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match=r"cifar\.tar\.gz.*; fetch the archive again\.$"):
        read(path)


def test_what_is_no_archive_is_told(pack: Pack) -> None:
    path = pack(batches())
    path.write_bytes(b"<html>not found</html>" * 100)
    with pytest.raises(DataError, match=r"cifar\.tar\.gz: it cannot be read \("):
        read(path)
    path.unlink()
    with pytest.raises(DataError, match=r"it cannot be read \(No such file"):
        read(path)


def test_no_pickle_is_opened(pack: Pack) -> None:
    """A link in the place of a batch leads nowhere, and the python version has other names."""
    path = pack({name.removesuffix(".bin"): b"cos\nsystem\n" for name in NAMES})
    with pytest.raises(DataError, match="it is not in the archive"):
        read(path)
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo(NAMES[0])
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    with pytest.raises(DataError, match=r"cifar\.tar\.gz"):
        read(path)
