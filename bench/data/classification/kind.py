"""Classification: the items are images or sentences, a label is the class of one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from bench.data import array, image, sentence, table
from bench.data.card import Card
from bench.data.classification import metric, reader
from bench.data.classification.part import Part, Pictures
from bench.data.image import PIXELS, Images
from bench.data.table import Columns
from bench.spec import digest


@dataclass(frozen=True)
class Classification:
    """See Kind; `classes` is the card's inventory. What the items are is said by their column."""

    classes: tuple[str, ...]
    remark: str | None = None

    name = "classification"
    metric = "accuracy"

    @property
    def settings(self) -> dict[str, object]:
        """See Kind."""
        return {"classes": digest(self.classes)}

    def prepare(self, card: Card, files: dict[str, Path], folder: Path) -> None:
        """See Kind."""
        self.write(reader.read(card, files), folder)

    def write(self, parts: Sequence[Part], folder: Path) -> None:
        """Write the corpus of some parts, all of sentences or all of images; StorageError.

        Pixels lie in a file of their own, no label is in the inputs' file.
        """
        drawn = [part.inputs for part in parts if isinstance(part.inputs, Pictures)]
        inputs: dict[str, list[Any]]
        if drawn:
            blocks = (each.pixels for each in drawn)
            array.write(folder / PIXELS, sum(len(each.digests) for each in drawn), blocks, "images")
            image.seal(folder)
            inputs = {"image": [digest for each in drawn for digest in each.digests]}
        else:
            inputs = {"tokens": [words for part in parts for words in part.inputs]}
        splits = [part.split for part in parts for _ in part.labels]
        table.save(folder / "inputs", {"split": splits, **inputs})
        table.save(folder / "labels", {"class": [[name] for part in parts for name in part.labels]})

    def open(self, folder: Path) -> Columns:
        """See Kind."""
        inputs, labels = table.load(folder / "inputs"), table.load(folder / "labels")
        if "tokens" in inputs.column_names:
            return Columns(inputs["split"], inputs["tokens"], labels["class"])
        images = image.sealed(folder, inputs["image"].combine_chunks())
        return Columns(inputs["split"], images, labels["class"])

    def digest(self, columns: Columns) -> str:
        """SHA-256 of a JSON line per item: split, words or the image's digest, class."""
        held = columns.inputs
        inputs = held.digests if isinstance(held, Images) else held
        return table.digest(columns.splits, inputs, columns.labels)

    def identity(self, inputs: Any) -> pa.Array:
        """The sentence as a text, or the digest of the image."""
        return inputs.digests if isinstance(inputs, Images) else sentence.texts(inputs)

    def words(self, inputs: Any) -> torch.Tensor:
        """See Kind."""
        if isinstance(inputs, Images):
            raise ValueError("Images have no words.")
        return sentence.words(inputs)

    def count(self, inputs: Any, labels: pa.ListArray) -> dict[str, int]:
        """Words of the sentences; images have none, and there are no entities."""
        words = 0 if isinstance(inputs, Images) else int(self.words(inputs).sum())
        return {"words": words, "entities": 0}

    def tally(self, labels: pa.ListArray) -> dict[str, int]:
        """Items by class."""
        return dict(Counter(labels.flatten().to_pylist()))

    def score(self, gold: pa.ListArray, found: Any) -> dict[str, float | None]:
        """See `metric.score`."""
        return {**metric.score(gold, found, self.classes)}
