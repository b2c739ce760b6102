"""Captioning: the items are images, a label is all captions of one."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from bench.data import array, image, table
from bench.data.captioning import meteor, metric, picture, reader, scene
from bench.data.captioning.reader import Row, words
from bench.data.card import Card
from bench.data.image import PIXELS, Images
from bench.data.judge import JudgeError
from bench.data.table import Columns
from bench.error import DataError, UsageError


@dataclass(frozen=True)
class Captioning:
    """See Kind; `size` is the width and height, in pixels, that images are prepared at."""

    size: int

    name = "captioning"
    metric = "bleu4"

    @property
    def settings(self) -> dict[str, object]:
        """See Kind."""
        return {"image_size": self.size}

    @property
    def remark(self) -> str | None:
        """Without Java there is no METEOR."""
        return meteor.missing()

    def prepare(self, card: Card, files: dict[str, Path], folder: Path) -> None:
        """See Kind; pixels lie in a file of their own, no caption is in the inputs' file."""
        if card.reader == "scene":
            rows, digests = _drawn(card, folder)
        else:
            rows = rows_of(card, files)
            names = [row.name for row in rows]
            digests = picture.thumbnails(sources(card, files), names, self.size, folder / PIXELS)
        image.seal(folder)
        _check(card, rows)
        inputs = {"split": [row.split for row in rows], "name": [row.name for row in rows]}
        table.save(folder / "inputs", {**inputs, "image": digests})
        table.save(folder / "labels", {"captions": [row.captions for row in rows]})

    def open(self, folder: Path) -> Columns:
        """See Kind."""
        inputs, labels = table.load(folder / "inputs"), table.load(folder / "labels")
        images = image.sealed(folder, inputs["image"].combine_chunks())
        return Columns(inputs["split"], images, labels["captions"])

    def digest(self, columns: Columns) -> str:
        """SHA-256 of a JSON line per item: split, digest of the original file, captions."""
        assert isinstance(columns.inputs, Images)
        sides = columns.splits, columns.inputs.digests, columns.labels
        return table.digest(*sides)

    def identity(self, inputs: Images) -> pa.Array:
        """The digest of the image's original file."""
        return inputs.digests

    def words(self, inputs: Any) -> torch.Tensor:
        """Images have no words; what a caption has is not known before its reveal."""
        raise ValueError("The words of a caption are not known before its reveal.")

    def count(self, inputs: Any, labels: pa.ListArray) -> dict[str, int]:
        """Words of all revealed captions; there are no entities."""
        return {"words": sum(len(words(c)) for c in labels.flatten().to_pylist()), "entities": 0}

    def tally(self, labels: pa.ListArray) -> dict[str, int]:
        """Captions have no names."""
        return {}

    def score(self, gold: pa.ListArray, found: Any) -> dict[str, float | None]:
        """See `metric.score`; JudgeError unless there is one caption (utf8) per image."""
        if not isinstance(found, pa.StringArray) or found.null_count:
            raise JudgeError("Predictions should be an Arrow array of texts without nulls.")
        if len(found) != len(gold):
            raise JudgeError(f"{len(found)} predictions for {len(gold)} test images.")
        return metric.score(gold.to_pylist(), found.to_pylist())


def rows_of(card: Card, files: dict[str, Path]) -> list[Row]:
    """The rows of a card whose images are in files; DataError as the readers have it."""
    if card.reader == "scene":
        raise UsageError(f"The images of '{card.name}' are drawn; there are no files of them.")
    given = {role: [f for f in card.files if f.role == role] for role in ("captions", "split")}
    if card.reader == "flickr8k":
        splits = {file.split: files[file.path] for file in given["split"]}
        rows = reader.flickr(files[given["captions"][0].path], splits)
    else:
        rows = [
            row
            for file in given["captions"]
            for row in reader.coco(files[file.path], file.split, file.member)
        ]
    if not card.partial:
        return rows
    here = set().union(*(picture.present(source) for source in sources(card, files)))
    return [row for row in rows if row.name in here]


def sources(card: Card, files: dict[str, Path]) -> list[Path]:
    """The folders and zips that hold a card's images."""
    return [files[file.path] for file in card.files if file.role == "images"]


def _drawn(card: Card, folder: Path) -> tuple[list[Row], list[str]]:
    """The rows and images of a generated task."""
    scenes = list(scene.generate(card.scene.seed, card.scene.images))
    array.write(folder / PIXELS, len(scenes), (each.image[None] for each in scenes), "pictures")
    rows = [Row("all", str(number), each.captions) for number, each in enumerate(scenes)]
    return rows, [hashlib.sha256(each.image.tobytes()).hexdigest() for each in scenes]


def _check(card: Card, rows: list[Row]) -> None:
    """DataError unless each split holds what the card states."""
    images = Counter(row.split for row in rows)
    captions, tokens = Counter[str](), Counter[str]()
    for row in rows:
        captions[row.split] += len(row.captions)
        tokens[row.split] += sum(len(words(caption)) for caption in row.captions)
    for split, stated in card.counts.items():
        found = images[split], captions[split], tokens[split]
        wanted = stated.images, stated.sentences, stated.tokens or tokens[split]
        if found != wanted:
            raise DataError(
                f"{card.name}, split {split}: {found} images, captions and words were read, but "
                f"the card states {wanted}; mend the card or take the files it names."
            )
