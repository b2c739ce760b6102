"""One row per round of a cell: its columns, their types and meanings, and what makes it valid."""

import dataclasses
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from bench.error import DataError
from bench.spec import Spec, canonical

SCHEMA_VERSION = "3"
RULES_VERSION = "1.0"  # that of RULES.md; results compare only within one major.minor
SERIAL = "serial"  # the executor whose seconds may be ranked
UNCONFINED, SANDBOX = "none", "sandbox"  # the isolations that a strategy may have run in
FULL = "full"  # the pseudo strategy that labels the whole pool

_IDS = pa.list_(pa.int32())
_METRICS = pa.map_(pa.string(), pa.float64())
_COUNTS = pa.map_(pa.string(), pa.int64())


class Key(NamedTuple):
    """What makes a cell: rows with equal keys are the rounds of one cell."""

    task: str
    protocol: str
    learner: str
    learner_params: str
    strategy: str
    params: str
    seed: int
    device: str

    def __str__(self) -> str:
        name = self.strategy if self.params == "{}" else self.strategy + self.params
        return f"{self.task}-{self.protocol} {self.learner} {name} seed {self.seed} ({self.device})"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A round. `*_params`, `environment` and `config` are canonical JSON; times are in seconds.

    `learner_params` and `params` hold what differs from the defaults, `config` every setting.

    `items words entities duplicates` count what is labelled so far (words: of inputs, or of the
    revealed captions; duplicates: labelled items whose input equals an earlier labelled one's), and
    `labels` counts what was revealed by name: spans by type (in all, `entities`), items by class;
    captions have no names. A metric is null where it could not be measured. `own_*` are null where
    the objective is supervised. `initial` is filled in round 0, `selected` is empty in the last
    round, whose acquisition, pass and notes are null. `notes` are numbers that the strategy gave
    with its choice (a solver's gap, a sketch's error). A failed round may lack whatever was not
    reached.
    """

    task: str
    protocol: str
    learner: str
    learner_params: str
    strategy: str
    params: str
    seed: int
    round: int
    items: int
    words: int
    entities: int
    duplicates: int
    labels: dict[str, int]
    score: float | None
    own_score: float | None
    metrics: dict[str, float | None] | None
    own_metrics: dict[str, float | None] | None
    fit_seconds: float | None
    own_fit_seconds: float | None
    acquisition_seconds: float | None
    pass_seconds: float | None
    notes: dict[str, float] | None
    evaluation_seconds: float | None
    initial: tuple[int, ...]
    selected: tuple[int, ...]
    status: str
    error: str | None
    device: str
    isolation: str
    executor: str
    environment: str
    config: str
    unit: str
    synthetic: bool
    rules_version: str
    schema_version: str
    bench_version: str
    code_digest: str
    data_digest: str
    config_digest: str
    created: datetime

    @property
    def spec(self) -> Spec:
        """The strategy with its parameters."""
        return Spec.of(self.strategy, json.loads(self.params))

    @property
    def name(self) -> str:
        """The strategy with its parameters, and the seed."""
        return f"{self.spec} seed {self.seed}"

    @property
    def summary(self) -> str:
        """What is labelled and how well it does, in a few words."""
        words = f", {self.words} words" if self.words else ""
        return f"{self.items} items{words}: {self.score:.3f}"


_TYPES = {
    **dict.fromkeys(("seed", "round"), pa.int32()),
    **dict.fromkeys(("items", "words", "entities", "duplicates"), pa.int64()),
    **dict.fromkeys(("score", "own_score"), pa.float64()),
    **dict.fromkeys(("metrics", "own_metrics", "notes"), _METRICS),
    **dict.fromkeys(("initial", "selected"), _IDS),
    "labels": _COUNTS,
    "synthetic": pa.bool_(),
    "created": pa.timestamp("us", tz="UTC"),
}


def _type(name: str) -> pa.DataType:
    return _TYPES.get(name, pa.float64() if name.endswith("_seconds") else pa.string())


NAMES = tuple(field.name for field in dataclasses.fields(Row))
NULLABLE = frozenset(f.name for f in dataclasses.fields(Row) if "None" in str(f.type))
SCHEMA = pa.schema([pa.field(name, _type(name), name in NULLABLE) for name in NAMES])
# What may differ between two honest runs of one cell, and is therefore left out of the digest.
VOLATILE = frozenset(n for n in NAMES if n.endswith("_seconds")) | {"created", "environment"}


def major_minor(version: str) -> str:
    """The part of a rules version within which results compare."""
    return ".".join(version.split(".")[:2])


def cell_key(row: Row) -> Key:
    """The identity of the cell that this row is a round of."""
    return Key(*(getattr(row, name) for name in Key._fields))


def to_table(rows: Sequence[Row]) -> pa.Table:
    """Rows as an Arrow table of `SCHEMA`; DataError when a value does not fit its column."""
    try:
        arrays = [pa.array([_plain(getattr(r, f.name)) for r in rows], f.type) for f in SCHEMA]
    except (ValueError, TypeError, OverflowError) as reason:
        raise DataError(f"A row does not fit schema {SCHEMA_VERSION}: {reason}.") from reason
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def from_table(table: pa.Table) -> list[Row]:
    """The rows of a table of `SCHEMA`, in its order."""
    return [
        Row(**{name: _rich(name, record[name]) for name in NAMES}) for record in table.to_pylist()
    ]


def validate(rows: Sequence[Row], source: str) -> None:
    """DataError naming `source`, the row and the reason, at the first row that cannot be right."""
    for number, row in enumerate(rows):
        for reason in _faults(row):
            raise DataError(f"{source}, row {number}: {reason}.")


def _faults(row: Row) -> Iterator[str]:
    for name in NAMES:
        if getattr(row, name) is None and name not in NULLABLE:
            yield f"{name} is missing"
    if row.schema_version != SCHEMA_VERSION:
        yield f"schema_version is '{row.schema_version}', expected '{SCHEMA_VERSION}'"
    if row.status not in ("ok", "failed"):
        yield f"status is '{row.status}', expected 'ok' or 'failed'"
    if (row.error is None) == (row.status == "failed"):
        yield "error must be given exactly when status is 'failed'"
    if row.status == "ok" and (row.score is None or row.metrics is None):
        yield "score and metrics are missing although status is 'ok'"
    if row.unit not in ("items", "words"):
        yield f"unit is '{row.unit}', expected 'items' or 'words'"
    yield from _number_faults(row)
    for name in ("learner_params", "params", "environment", "config"):
        if not _is_canonical(getattr(row, name)):
            yield f"{name} is not canonical JSON: {getattr(row, name)!r}"
    if row.created.tzinfo is None:
        yield "created has no time zone"


def _number_faults(row: Row) -> Iterator[str]:
    for name in ("seed", "round", "items", "words", "entities", "duplicates"):
        if getattr(row, name) < 0:
            yield f"{name} is negative: {getattr(row, name)}"
    for name, count in row.labels.items():
        if count < 1:
            yield f"labels of '{name}' are {count}, not at least 1"
    numbers = {n: getattr(row, n) for n in NAMES if n.endswith(("score", "_seconds"))}
    for name, value in [*numbers.items(), *(row.metrics or {}).items(), *(row.notes or {}).items()]:
        if value is not None and not math.isfinite(value):
            yield f"{name} is {value}, not a finite number"
        if value is not None and value < 0 and name.endswith("_seconds"):
            yield f"{name} is negative: {value}"


def _is_canonical(text: str) -> bool:
    try:
        return canonical(json.loads(text)) == text
    except ValueError:
        return False


def _plain(value: object) -> object:
    return sorted(value.items()) if isinstance(value, dict) else value


def _rich(name: str, value: Any) -> Any:
    if value is None:
        return None
    kind = SCHEMA.field(name).type
    return dict(value) if pa.types.is_map(kind) else tuple(value) if kind == _IDS else value
