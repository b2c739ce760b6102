"""Tagging: the items are sentences, a label is one tag per word."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import torch

from bench.data import sentence, table
from bench.data.card import Card
from bench.data.table import Columns
from bench.data.tagging import metric, reader
from bench.data.tagging.reader import Row
from bench.spec import digest


@dataclass(frozen=True)
class Tagging:
    """See Kind; `tags` is the card's inventory, O first."""

    tags: tuple[str, ...]

    name = "tagging"
    metric = "f1"
    remark = None

    @property
    def settings(self) -> dict[str, object]:
        """See Kind."""
        return {"tags": digest(self.tags)}

    def prepare(self, card: Card, files: dict[str, Path], folder: Path) -> None:
        """See Kind."""
        self.write(reader.read(card, files), folder)

    def write(self, rows: Sequence[Row], folder: Path) -> None:
        """Write the corpus of some rows; no label is in the inputs' file."""
        splits, tokens, tags = map(list, zip(*rows, strict=True))
        table.save(folder / "inputs", {"split": splits, "tokens": tokens})
        table.save(folder / "labels", {"tags": tags})

    def open(self, folder: Path) -> Columns:
        """See Kind."""
        inputs, labels = table.load(folder / "inputs"), table.load(folder / "labels")
        return Columns(inputs["split"], inputs["tokens"], labels["tags"])

    def digest(self, columns: Columns) -> str:
        """SHA-256 of the lines `split TAB words TAB tags`; no word or tag holds white space."""
        sides = (columns.inputs, columns.labels)
        texts, labels = (pc.binary_join(column, " ").to_pylist() for column in sides)
        lines = zip(columns.splits.to_pylist(), texts, labels, strict=True)
        return hashlib.sha256("\n".join(map("\t".join, lines)).encode()).hexdigest()

    def identity(self, inputs: Any) -> pa.Array:
        """The sentence as a text."""
        return sentence.texts(inputs)

    def words(self, inputs: pa.ListArray) -> torch.Tensor:
        """See Kind."""
        return sentence.words(inputs)

    def count(self, inputs: pa.ListArray, labels: pa.ListArray) -> dict[str, int]:
        """Words of the inputs, and the labels' spans: their B- tags."""
        spans = pc.sum(pc.starts_with(labels.flatten(), "B-")).as_py() or 0
        return {"words": int(self.words(inputs).sum()), "entities": int(spans)}

    def tally(self, labels: pa.ListArray) -> dict[str, int]:
        """Spans by type; in all, the `entities` of `count`."""
        tags = labels.flatten()
        begins = tags.filter(pc.starts_with(tags, "B-"))
        return dict(Counter(pc.utf8_slice_codeunits(begins, 2).to_pylist()))

    def score(self, gold: pa.ListArray, found: Any) -> dict[str, float | None]:
        """See `metric.score`."""
        return {**metric.score(gold, found, self.tags)}
