"""Kinds of task: all that tells tagging, captioning and classification apart in this room.

A kind is a folder here (its readers, its metric) and a folder of the same name in `learners/` (its
models). Everything else in the house knows items, labels and costs, and never what they are.
"""

from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import torch

from bench.data.card import Card
from bench.data.table import Columns, Inputs


class Kind(Protocol):
    """What a task's items and labels are: how they are read, counted and scored."""

    @property
    def name(self) -> str:
        """The kind, as its folders are called."""
        ...

    @property
    def metric(self) -> str:
        """The primary metric, one of those that `score` gives."""
        ...

    @property
    def settings(self) -> dict[str, object]:
        """What of the card decides, beside the corpus, what is learned and scored."""
        ...

    @property
    def remark(self) -> str | None:
        """What to know before a run, such as what cannot be measured and the remedy, in a line."""
        ...

    def prepare(self, card: Card, files: dict[str, Path], folder: Path) -> None:
        """Read and check the sources and write the corpus; DataError or OSError."""
        ...

    def open(self, folder: Path) -> Columns:
        """The corpus that `prepare` wrote, mapped; OSError or ValueError when damaged."""
        ...

    def digest(self, columns: Columns) -> str:
        """SHA-256 over the content, whatever its encoding on disk."""
        ...

    def identity(self, inputs: Any) -> pa.Array:
        """A text per item; equal inputs have equal texts."""
        ...

    def words(self, inputs: Any) -> torch.Tensor:
        """Input words per item, int64; ValueError where inputs have none."""
        ...

    def count(self, inputs: Inputs, labels: pa.ListArray) -> dict[str, int]:
        """`words` and `entities` of some revealed items."""
        ...

    def tally(self, labels: pa.ListArray) -> dict[str, int]:
        """How often each label that has a name is among some revealed ones, by name, no zeros."""
        ...

    def score(self, gold: pa.ListArray, found: Any) -> dict[str, float | None]:
        """All metrics of predictions for inputs whose labels are `gold`; None: not measurable."""
        ...


def of(card: Card) -> Kind:
    """The kind of a card's task."""
    from bench.data.captioning.kind import Captioning
    from bench.data.classification.kind import Classification
    from bench.data.tagging.kind import Tagging

    if card.kind == "captioning":
        return Captioning(card.image_size)
    if card.kind == "classification":
        return Classification(card.classes, card.remark or None)
    return Tagging(card.tags)
