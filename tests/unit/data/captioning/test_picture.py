import hashlib
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.data.captioning.picture import present, thumbnails
from bench.error import DataError, StorageError, UsageError

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def packed(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def flag(width: int, height: int, turned: bool = False) -> Image.Image:
    """Red, green and blue stripes from left to right, or from top to bottom."""
    image = Image.new("RGB", (width, height))
    for part, colour in enumerate((RED, GREEN, BLUE)):
        third = height // 3 if turned else width // 3
        box = (0, part * third, width, part * third + third)
        image.paste(colour, box if turned else (part * third, 0, part * third + third, height))
    return image


def noise(seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def small(folder: Path, content: bytes, size: int = 1, name: str = "x.png") -> np.ndarray[Any, Any]:
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / name).write_bytes(content)
    thumbnails([source], [name], size, folder / "out.npy")
    array: np.ndarray[Any, Any] = np.load(folder / "out.npy")
    assert (array.shape, array.dtype) == ((1, 3, size, size), np.uint8)
    return array[0]


@pytest.mark.parametrize("size", [10, 5])
@pytest.mark.parametrize("turned", [False, True])
def test_the_middle_of_the_longer_side_is_kept(tmp_path: Path, size: int, turned: bool) -> None:
    image = flag(10, 30, turned) if turned else flag(30, 10)
    made = small(tmp_path, packed(image), size)
    apart = np.abs(made - np.array(GREEN)[:, None, None])
    assert apart.max() < (20 if size < 10 else 1)  # a filter looks a little over the edge


def test_the_shorter_side_is_resized(tmp_path: Path) -> None:
    made = small(tmp_path, packed(flag(12, 12)), 6)
    assert [tuple(made[:, row, 0]) for row in (0, 5)] == [RED, RED]
    assert [tuple(made[:, row, 5]) for row in (0, 5)] == [BLUE, BLUE]


@pytest.mark.parametrize(
    ("image", "kind", "expected"),
    [
        (Image.new("L", (3, 2), 100), "PNG", (100, 100, 100)),
        (Image.new("1", (3, 2), 1), "PNG", WHITE),
        (Image.new("LA", (3, 2), (0, 51)), "PNG", (204, 204, 204)),
        (Image.new("RGBA", (3, 2), (255, 0, 0, 0)), "PNG", WHITE),
        (Image.new("RGBA", (3, 2), (255, 0, 0, 51)), "PNG", (255, 204, 204)),
        (Image.new("I;16", (3, 2), 100 * 256), "PNG", (100, 100, 100)),
        (Image.new("L", (8, 8), 100), "JPEG", (100, 100, 100)),
        (Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", (255, 0, 0)),
    ],
)
def test_every_mode_becomes_rgb(
    tmp_path: Path, image: Image.Image, kind: str, expected: tuple[int, ...]
) -> None:
    assert tuple(small(tmp_path, packed(image, kind))[:, 0, 0]) == expected


@pytest.mark.parametrize(("transparent", "expected"), [(0, WHITE), (1, BLUE)])
def test_a_palette_with_transparency(
    tmp_path: Path, transparent: int, expected: tuple[int, ...]
) -> None:
    image = Image.new("P", (3, 2), 0)
    image.putpalette([*BLUE, *RED])
    for mark in (transparent, bytes([255 * transparent, 255])):
        made = small(tmp_path, packed(image, transparency=mark))
        assert tuple(made[:, 0, 0]) == expected


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_taken_sideways_is_upright(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by 90°, so that left becomes top
    made = small(tmp_path, packed(flag(30, 30), kind, exif=exif), 30)
    for row, colour in ((3, RED), (15, GREEN), (27, BLUE)):
        assert np.abs(made[:, row].T.astype(int) - colour).max() < 60


def test_damaged_notes_of_the_camera_do_not_matter(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    notes = b"Exif\0\0II*\0\x08\0\0\0\xff\0abcdefg"
    made = small(tmp_path, packed(flag(30, 30), "JPEG", exif=notes), 3, "x.jpg")
    assert np.abs(made[:, 0].T.astype(int) - (RED, GREEN, BLUE)).max() < 60
    assert not recwarn.list


def cut(share: float, kind: str, **options: Any) -> bytes:
    content = packed(noise(), kind, **options)
    return content[: int(len(content) * share)]


@pytest.mark.parametrize(
    "content",
    [
        cut(0.9, "JPEG"),
        cut(0.9, "JPEG", progressive=True),
        packed(noise(), "JPEG")[:-2],
        cut(0.1, "JPEG"),
        cut(0.9, "PNG"),
        packed(noise(), "PNG").replace(b"IDAT", b"IDAX"),
        packed(noise(), "GIF"),
        b"no picture",
        b"",
    ],
)
def test_a_broken_picture_stops_everything(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "good.png").write_bytes(packed(noise()))
    (tmp_path / "bad.jpg").write_bytes(content)
    target = tmp_path / "out" / "small.npy"
    with pytest.raises(
        DataError, match=r"Picture 'bad\.jpg' \(.*bad\.jpg\) is broken: .+; replace"
    ):
        thumbnails([tmp_path], ["good.png", "bad.jpg"], 4, target)
    assert list(target.parent.iterdir()) == []


def test_a_picture_of_monstrous_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60 * 90 - 1)
    with pytest.raises(DataError, match="is broken: DecompressionBombWarning"):
        small(tmp_path, packed(noise()))


def archived(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_an_archive_is_as_good_as_its_folder(tmp_path: Path) -> None:
    files = {
        "Flicker8k_Dataset/b.jpg": packed(noise(1), "JPEG"),
        "Flicker8k_Dataset/a.JPEG": packed(noise(2), "JPEG"),
        "c.png": packed(noise(3)),
        "read.txt": b"not a picture",
        "__MACOSX/Flicker8k_Dataset/._b.jpg": b"nor this",
    }
    archive = archived(tmp_path / "all.zip", files)
    folder = tmp_path / "all"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    assert present(archive) == present(folder) == {"a.JPEG", "b.jpg", "c.png"}
    names = ["c.png", "b.jpg", "a.JPEG", "b.jpg"]
    digests = thumbnails([archive], names, 8, tmp_path / "1.npy")
    assert thumbnails([folder], names, 8, tmp_path / "2.npy") == digests
    assert (tmp_path / "1.npy").read_bytes() == (tmp_path / "2.npy").read_bytes()
    plain = {Path(name).name: hashlib.sha256(held).hexdigest() for name, held in files.items()}
    assert digests == [plain[name] for name in names]
    made = np.load(tmp_path / "1.npy")
    assert (made[1] == made[3]).all()
    assert not (made[0] == made[1]).all()


def test_pictures_may_lie_in_several_places(tmp_path: Path) -> None:
    one = archived(tmp_path / "train2014.zip", {"train2014/a.png": packed(flag(3, 3))})
    two = archived(tmp_path / "val2014.zip", {"val2014/b.png": packed(noise())})
    assert len(thumbnails([one, two], ["b.png", "a.png"], 3, tmp_path / "out.npy")) == 2
    assert tuple(np.load(tmp_path / "out.npy")[1, :, 0, 0]) == RED
    three = archived(tmp_path / "two.zip", {"other/a.png": b""})
    with pytest.raises(DataError, match=r"two\.zip: picture 'a\.png' is there twice, as train2014"):
        thumbnails([one, three], ["a.png"], 3, tmp_path / "out.npy")


def test_two_files_of_one_name(tmp_path: Path) -> None:
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"'a\.jpg' is there twice, as .*new/a\.jpg and as .*old/a"):
        present(tmp_path)


def test_what_is_missing_is_told_before_anything_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"")
    with pytest.raises(
        DataError, match=r"2 of 3 pictures, first 'c\.jpg', are not in .*; add them"
    ):
        thumbnails([tmp_path], ["bad.jpg", "c.jpg", "d.jpg"], 4, tmp_path / "out.npy")
    with pytest.raises(UsageError, match="No picture is named"):
        thumbnails([tmp_path], [], 4, tmp_path / "out.npy")


def test_a_damaged_archive(tmp_path: Path) -> None:
    archive = archived(tmp_path / "all.zip", {"a.png": packed(noise())})
    content = bytearray(archive.read_bytes())
    content[200] ^= 1
    archive.write_bytes(content)
    with pytest.raises(
        DataError, match=r"Picture 'a\.png' \(.*all\.zip, a\.png\) is broken: .*CRC"
    ):
        thumbnails([archive], ["a.png"], 4, tmp_path / "out.npy")
    archive.write_bytes(content[:-30])
    with pytest.raises(
        DataError, match=r"cannot be read from .*all\.zip \(File is not a zip file\)"
    ):
        present(archive)
    with pytest.raises(DataError, match=r"cannot be read from .*none \(.*No such file"):
        present(tmp_path / "none")


def test_without_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(UsageError, match=r"run pip install 'labelworth\[caption\]'"):
        small(tmp_path, b"")
    assert present(tmp_path / "source") == {"x.png"}


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(packed(noise()))
    with pytest.raises(StorageError, match=r"out\.npy cannot be written: .+; free"):
        thumbnails([tmp_path], ["a.png"], 4, tmp_path / "a.png" / "out.npy")


def test_progress_is_shown_on_a_terminal_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small(tmp_path, packed(noise()))
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    small(tmp_path, packed(noise()))
    assert "100%" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "count"),
    [("flickr8k/images_half_1000.zip", 1000), ("coco-captions/val2017_images_159_max224.zip", 159)],
)
def test_real_pictures(data_root: Path, tmp_path: Path, path: str, count: int) -> None:
    names = sorted(present(data_root / path))
    assert len(names) == count
    digests = thumbnails([data_root / path], names[:40], 32, tmp_path / "out.npy")
    made = np.load(tmp_path / "out.npy", mmap_mode="r")
    assert (made.shape, made.dtype) == ((40, 3, 32, 32), np.uint8)
    assert len(set(digests)) == 40
    assert made.std(axis=(1, 2, 3)).min() > 5  # none is blank
