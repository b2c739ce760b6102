"""The rounds of one cell as arrays: what every aggregation starts from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bench.board.curve import Values
from bench.rows.schema import SERIAL, Key
from bench.spec import Spec


class Place(NamedTuple):
    """What makes a board: only runs of one place are compared."""

    task: str
    protocol: str
    learner: str  # with its parameters
    device: str
    rules: str  # major.minor
    data: str  # digest
    config: str  # digest


@dataclass(frozen=True, eq=False)
class Run:
    """One cell. Arrays have one value per round that succeeded; NaN where a value is null.

    `acquisition`, `passes` and `training` are NaN where they were not measured alone on the
    machine; `fit` and `own_fit` serve for ratios within the run.
    """

    place: Place
    name: str
    strategy: str  # the name with its parameters
    seed: int
    unit: str
    synthetic: bool
    error: str | None
    items: Values
    words: Values
    duplicates: Values
    score: Values
    own_score: Values
    acquisition: Values
    passes: Values
    training: Values
    fit: Values
    own_fit: Values  # 0 where the objective is supervised

    @property
    def spent(self) -> Values:
        """Labelled so far, in the protocol's own unit."""
        return self.items if self.unit == "items" else self.words

    @property
    def rounds(self) -> int:
        """How many rounds succeeded."""
        return len(self.score)

    def cut(self, rounds: int) -> "Run":
        """The run as it was after that many rounds."""
        return replace(self, **{name: getattr(self, name)[:rounds] for name in _ARRAYS})


_STORED = ("items", "words", "duplicates", "score", "own_score")  # as they are in the rows
_TIMED = ("acquisition", "passes", "training", "fit", "own_fit")
_ARRAYS = (*_STORED, *_TIMED)
_TEXTS = ("rules_version", "data_digest", "config_digest", "unit", "synthetic", "error")


def runs(table: pa.Table) -> list[Run]:
    """Every cell of a table of rows, in order of its key, whatever the order of the rows."""
    if table.num_rows == 0:
        return []
    cells = [_codes(table[name]) for name in Key._fields]
    order = np.lexsort((_numbers(table, "round"), *reversed(cells)))
    changes = np.any([np.diff(codes[order]) != 0 for codes in cells], axis=0)
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    ends = np.append(starts[1:], table.num_rows)
    numbers = {name: values[order] for name, values in _arrays(table).items()}
    okay = np.asarray(pc.equal(table["status"], "ok"))[order]
    last = table.select([*Key._fields, *_TEXTS]).take(order[ends - 1])
    return list(_cut(last.to_pylist(), numbers, okay, starts, ends))


def _cut(
    last: list[dict[str, Any]],
    numbers: dict[str, Values],
    okay: NDArray[np.bool_],
    starts: NDArray[np.intp],
    ends: NDArray[np.intp],
) -> Iterator[Run]:
    for row, start, end in zip(last, starts, ends, strict=True):
        kept = okay[start:end]
        yield Run(
            place=_place(row),
            name=row["strategy"],
            strategy=_label(row["strategy"], row["params"]),
            seed=row["seed"],
            unit=row["unit"],
            synthetic=row["synthetic"],
            error=row["error"],
            **{name: numbers[name][start:end][kept] for name in _ARRAYS},
        )


def _arrays(table: pa.Table) -> dict[str, Values]:
    stored = {name: _numbers(table, name) for name in _STORED}
    alone = np.asarray(pc.equal(table["executor"], SERIAL))
    acquisition = np.where(alone, _numbers(table, "acquisition_seconds"), np.nan)
    own = np.nan_to_num(_numbers(table, "own_fit_seconds"))
    fit = _numbers(table, "fit_seconds")
    training = np.where(alone, fit + own, np.nan)
    encoding = _numbers(table, "pass_seconds")
    passes = np.divide(acquisition, encoding, out=np.full_like(own, np.nan), where=encoding > 0)
    timed = (acquisition, passes, training, fit, own)
    return {**stored, **dict(zip(_TIMED, timed, strict=True))}


def _numbers(table: pa.Table, name: str) -> Values:
    column = table[name].cast(pa.float64())
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Values as integers that sort as the values do."""
    encoded = pc.dictionary_encode(column).combine_chunks()
    ranks = np.argsort(np.asarray(pc.array_sort_indices(encoded.dictionary)))
    return np.asarray(ranks[encoded.indices.to_numpy()], dtype=np.int64)


def _place(row: dict[str, Any]) -> Place:
    learner = _label(row["learner"], row["learner_params"])
    rules = ".".join(row["rules_version"].split(".")[:2])
    digests = row["data_digest"], row["config_digest"]
    return Place(row["task"], row["protocol"], learner, row["device"], rules, *digests)


@cache
def _label(name: str, params: str) -> str:
    return str(Spec.of(name, json.loads(params)))
