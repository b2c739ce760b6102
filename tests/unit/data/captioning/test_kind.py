"""Captioning from a card to a dealt task: real photographs, drawn scenes, and what is refused."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from bench.data import card, feature, task
from bench.data.captioning import picture
from bench.data.captioning.kind import Captioning
from bench.data.judge import JudgeError
from bench.error import DataError, UsageError

COCO = """
name = "coco"
title = "A part of val2017"
synthetic = false
citation = "Lin et al. 2014"
licence = "CC BY 4.0"
reader = "coco"
image_size = 16

[protocols.small]
default = true
variant = "part"
unit = "items"
pool = 100
test = 50
shares = [0.1, 0.5]
seeds = 1
strategies = ["random"]

[[files]]
role = "captions"
split = "val"
path = "coco-captions/captions_val2017.json.gz"
url = "https://example.invalid/captions"

[variants.part]
partial = true

[[variants.part.files]]
role = "images"
path = "coco-captions/val2017_images_159_max224.zip"
url = "https://example.invalid/images"

[variants.part.counts.val]
images = 159
sentences = 795
"""
Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a card; the cache is the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(card, "folder", lambda: tmp_path / "cards")

    def make(name: str, text: str) -> None:
        home = tmp_path / "cards" / name
        home.mkdir(parents=True, exist_ok=True)
        (home / "card.toml").write_text(text, encoding="utf-8")

    return make


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_real_photographs_become_a_task(write: Write, data_root: Path) -> None:
    write("coco", COCO)
    coco = task.load("coco", None, data_root)
    assert coco.corpus.inputs.shape == (3, 16, 16)
    assert len(coco.corpus.splits) == 159
    deal = coco.deal(seeded())
    labels = deal.oracle.reveal(deal.pool.ids)
    counts = coco.kind.count(deal.pool.inputs(deal.pool.ids), labels)
    assert counts["entities"] == 0
    assert 4000 < counts["words"] < 7000  # 100 images, 5 captions, about 10.5 words
    assert deal.pool.cost(deal.pool.ids).tolist() == [1] * 100
    again = task.load("coco", None, data_root)
    assert again.data_digest == coco.data_digest


def test_what_a_card_states_is_checked(write: Write, data_root: Path) -> None:
    write("coco", COCO.replace("sentences = 795", "sentences = 794"))
    with pytest.raises(DataError, match=r"split val: \(159, 795, \d+\) images, captions and words"):
        task.load("coco", None, data_root)


def test_an_image_that_is_missing_stops_everything(write: Write, data_root: Path) -> None:
    text = COCO.replace("partial = true", "partial = false")
    write("coco", text[: text.index("\n[variants.part.counts.val]")])
    with pytest.raises(DataError, match=r"\d{12}\.jpg"):
        task.load("coco", None, data_root)


def made(root: Path, captions: list[str], content: bytes | None = None) -> None:
    """A corpus of four images in COCO's layout, the last one's captions and file as given."""
    root.mkdir()
    images = [{"id": number, "file_name": f"{number}.png"} for number in range(4)]
    texts = [(number, "a dog") for number in range(3)] + [(3, text) for text in captions]
    notes = [
        {"id": place, "image_id": number, "caption": text}
        for place, (number, text) in enumerate(texts)
    ]
    (root / "captions.json").write_text(json.dumps({"images": images, "annotations": notes}))
    image = pytest.importorskip("PIL.Image")
    with zipfile.ZipFile(root / "images.zip", "w") as archive:
        for number in range(4):
            path = root / f"{number}.png"
            image.fromarray(np.full((20, 20, 3), number, np.uint8)).save(path)
            archive.writestr(path.name, path.read_bytes())
        if content is not None:
            archive.writestr("4.png", content)


LOOSE = (
    COCO[: COCO.index("\n[variants.part.counts.val]")]
    .replace("coco-captions/captions_val2017.json.gz", "own/captions.json")
    .replace("coco-captions/val2017_images_159_max224.zip", "own/images.zip")
    .replace("pool = 100\ntest = 50", "pool = 2\ntest = 2")
    .replace("shares = [0.1, 0.5]", "shares = [0.5, 1.0]")
)


def test_newlines_in_captions_are_spaces_and_others_are_told_by_id(
    write: Write, tmp_path: Path
) -> None:
    write("coco", LOOSE)
    made(tmp_path / "own", ["a\ncat\r\nasleep ", "cats"])
    corpus = task.load("coco", None, tmp_path).corpus
    assert corpus.labels.to_pylist()[3] == ["a cat asleep", "cats"]
    made(tmp_path / "b", [" . !"])
    (tmp_path / "b").rename(tmp_path / "own2")
    write("coco", LOOSE.replace("own/", "own2/"))
    with pytest.raises(DataError, match="3"):
        task.load("coco", None, tmp_path)


def test_a_folder_that_changes_is_prepared_anew(write: Write, tmp_path: Path) -> None:
    write("coco", LOOSE)
    made(tmp_path / "own", ["a cat"])
    first = task.load("coco", None, tmp_path).data_digest
    text = (tmp_path / "own" / "captions.json").read_text()
    (tmp_path / "own" / "captions.json").write_text(text.replace("a cat", "a hat"))
    assert task.load("coco", None, tmp_path).data_digest != first


def test_equal_files_are_duplicates(write: Write) -> None:
    kind: Any = Captioning(8)
    digests = pa.array(["x", "y", "x"])

    class Stub:
        def __init__(self) -> None:
            self.digests = digests

    assert kind.identity(Stub()).to_pylist() == ["x", "y", "x"]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (["a dog"], "should be an Arrow array"),
        (pa.array([["a dog"]]), "should be an Arrow array"),
        (pa.array([None], pa.string()), "without nulls"),
        (pa.array(["a dog", "a cat"]), "2 predictions for 1 test images"),
    ],
)
def test_anything_but_a_caption_an_image_is_refused(found: object, message: str) -> None:
    with pytest.raises(JudgeError, match=message):
        Captioning(8).score(pa.array([["a dog"]]), found)


def test_a_data_uri_is_the_picture() -> None:
    import base64
    import io

    image = pytest.importorskip("PIL.Image")
    pixels = np.random.default_rng(0).integers(0, 256, (3, 5, 7), dtype=np.uint8)
    head, _, text = picture.data_uri(pixels).partition(",")
    assert head == "data:image/png;base64"
    back = np.asarray(image.open(io.BytesIO(base64.b64decode(text))))
    assert (back.transpose(2, 0, 1) == pixels).all()


def test_changed_pixels_are_noticed(write: Write, tmp_path: Path) -> None:
    write("coco", LOOSE)
    made(tmp_path / "own", ["a cat"])
    task.load("coco", None, tmp_path)
    (pixels,) = (tmp_path / "cache").rglob("images.npy")
    content = bytearray(pixels.read_bytes())
    content[-1] ^= 1
    pixels.write_bytes(content)
    with pytest.raises(DataError, match="is damaged; delete this folder"):
        task.load("coco", None, tmp_path)


def test_features_of_another_encoder_are_not_overwritten(write: Write, tmp_path: Path) -> None:
    write("coco", LOOSE)
    made(tmp_path / "own", ["a cat"])
    for name in ("one", "two"):
        np.save(tmp_path / f"{name}.npy", np.ones((4, 2, 3), np.float32))
    small = card.load("coco").of("part")
    one, two = (f"file:{tmp_path / name}.npy" for name in ("one", "two"))
    assert feature.make(small, one, None, "cpu", tmp_path).name == "one"
    assert feature.make(small, one, None, "cpu", tmp_path).shape == (4, 2, 3)
    with pytest.raises(UsageError, match="Features 'one' are those of file:"):
        feature.make(small, two, "one", "cpu", tmp_path)
    for name in ("1e3", "a b", "../x"):
        with pytest.raises(UsageError, match="is no name for features"):
            feature.make(small, one, name, "cpu", tmp_path)
    with_features = task.load("coco", None, tmp_path, "one")
    assert with_features.corpus.inputs.shape == (2, 3)
    assert with_features.data_digest != task.load("coco", None, tmp_path).data_digest
