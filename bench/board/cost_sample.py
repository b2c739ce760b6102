"""Finished rows as what their parts cost, each fit that rows share counted once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from bench.board.cost import EVALUATION, FIT, OWN, PASS, QUERY, ROWS, Like, Sample
from bench.rows.schema import FULL, Key
from bench.spec import Spec


class Sizes(NamedTuple):
    """How many items a pool and a test split have."""

    pool: int
    test: int


@dataclass(frozen=True)
class Known:
    """What rows do not say, by name: of learners the kind, and whether inputs have words.

    `needs` are the signals that a strategy asks for; `sizes` those of a (task, protocol). What is
    not known is left out.
    """

    learners: Mapping[str, tuple[str, bool]]
    needs: Mapping[str, str]
    sizes: Mapping[tuple[str, str], Sizes]

    def like(self, key: Key) -> Like:
        """What the costs of a cell are like."""
        strategy = str(Spec.of(key.strategy, json.loads(key.params)))
        settings = key.learner_params
        kind, needs = self.learners[key.learner][0], self.needs.get(key.strategy, key.strategy)
        model = (key.device, key.task, key.learner, settings, kind)
        return Like(*model, strategy, key.strategy, needs)


Row = dict[str, Any]

_COLUMNS = (
    *Key._fields,
    *("round", "items", "words", "config", "status", "file"),
    *(f"{part}_seconds" for part in ("fit", "own_fit", "acquisition", "pass", "evaluation")),
)


def samples(table: pa.Table, known: Known) -> list[Sample]:
    """The costs that the rows of a table tell; those of unknown learners and of failed ones not.

    `table` is as of `store.scan`; the size of its files is read too.
    """
    rows = [row for row in table.select(_COLUMNS).to_pylist() if row["status"] == "ok"]
    rows = [row for row in rows if row["learner"] in known.learners]
    reader = _Reader(known, _lengths(rows, known))
    parts = [*map(reader.models, rows), *map(reader.choice, rows), _files(rows, known)]
    return [sample for part in parts for sample in part]


def _lengths(rows: Sequence[Row], known: Known) -> dict[tuple[str, str], float]:
    """Of a task and protocol, what an item of a random sample, round 0's, takes: 1 or its words."""
    return {
        (row["task"], row["protocol"]): row["words"] / row["items"]
        for row in rows
        if row["round"] == 0 and row["strategy"] != FULL and known.learners[row["learner"]][1]
    }


@dataclass
class _Reader:
    """Rows as samples; `seen` are the fits that an earlier row had."""

    known: Known
    lengths: Mapping[tuple[str, str], float]
    seen: set[object] = field(default_factory=set)

    def models(self, row: Row) -> Iterator[Sample]:
        """What the fits and their evaluation took, unless an earlier row shares them."""
        epochs = json.loads(row["config"]).get("epochs", 1)
        fit, own, size = row["fit_seconds"], row["own_fit_seconds"], self._labelled(row) * epochs
        successor = (_board(_key(row)), row["seed"], row["items"], fit)
        both = (*successor, own)
        if successor not in self.seen:
            yield self._sample(row, FIT, size, fit)
        if both not in self.seen:
            if own is not None:
                yield self._sample(row, OWN, size, own)
            if sizes := self._sizes(row):
                count = sizes.test * (1 + (own is not None))
                yield self._sample(row, EVALUATION, count, row["evaluation_seconds"])
        self.seen.update((successor, both))

    def choice(self, row: Row) -> Iterator[Sample]:
        """What a pass and the query took, where something was chosen."""
        if row["pass_seconds"] is None:
            return
        sizes, unlabelled = self._sizes(row), None
        if sizes:
            length = self.lengths.get((row["task"], row["protocol"]), 1.0)
            unlabelled = max(1.0, sizes.pool * length - self._labelled(row))
            yield self._sample(row, PASS, unlabelled, row["pass_seconds"])
        query = self._sample(row, QUERY, row["pass_seconds"], row["acquisition_seconds"])
        yield query._replace(unlabelled=unlabelled)

    def _sample(self, row: Row, part: str, size: float, value: float) -> Sample:
        key = _key(row)
        return Sample(part, self.known.like(key), _board(key), key.seed, size, value)

    def _labelled(self, row: Row) -> int:
        _, texts = self.known.learners[row["learner"]]
        found: int = row["words"] if texts else row["items"]
        return found

    def _sizes(self, row: Row) -> Sizes | None:
        return self.known.sizes.get((row["task"], row["protocol"]))


def _files(rows: Sequence[Row], known: Known) -> Iterator[Sample]:
    """The bytes of each cell's file, over the items whose ids it holds."""
    last = {row["file"]: row for row in sorted(rows, key=lambda row: int(row["round"]))}
    for file, row in last.items():
        key, size = _key(row), Path(file).stat().st_size
        yield Sample(ROWS, known.like(key), _board(key), key.seed, row["items"], size)


def _key(row: Row) -> Key:
    return Key(*(row[name] for name in Key._fields))


def _board(key: Key) -> str:
    return " ".join((key.task, key.protocol, key.learner, key.learner_params, key.device))
