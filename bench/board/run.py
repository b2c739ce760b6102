"""The rounds of one cell as arrays: what every aggregation starts from."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bench.board.curve import Values
from bench.board.lists import Lists
from bench.board.tally import Tally
from bench.rows.code import encode
from bench.rows.schema import SERIAL, UNCONFINED, Key, major_minor
from bench.spec import Spec

K = TypeVar("K", bound=Hashable)


class Place(NamedTuple):
    """What makes a board: only runs of one place are compared."""

    task: str
    protocol: str
    learner: str  # with its parameters
    device: str
    rules: str  # major.minor
    data: str  # digest
    config: str  # digest


class Origin(NamedTuple):
    """Where a cell's rows come from, by its last one."""

    file: str
    status: str
    bench_version: str
    code_digest: str
    environment: str  # canonical JSON
    created: str  # ISO 8601
    executor: str
    isolation: str


@dataclass(frozen=True, eq=False)
class Run:
    """One cell. Arrays have one value per round that succeeded; NaN where a value is null.

    `chosen` holds the ids that each round selected, `labels` how often each name was labelled
    before. `acquisition`, `passes` and `training` are NaN where they were not
    measured alone on the machine; `fit` and `own_fit` serve for ratios within the run.
    """

    place: Place
    name: str
    strategy: str  # the name with its parameters
    seed: int
    unit: str
    synthetic: bool
    error: str | None
    origin: Origin
    chosen: Lists
    labels: Tally
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
        if rounds == self.rounds:
            return self
        return replace(self, **{name: getattr(self, name)[:rounds] for name in (*_ARRAYS, *_LISTS)})

    def untimed(self) -> "Run":
        """The run without what its acquisition took."""
        nothing = np.full(self.rounds, np.nan)
        return replace(self, acquisition=nothing, passes=nothing)


_STORED = ("items", "words", "duplicates", "score", "own_score")  # as they are in the rows
_TIMED = ("acquisition", "passes", "training", "fit", "own_fit")
_ARRAYS = (*_STORED, *_TIMED)
_LISTS = ("chosen", "labels")
_TEXTS = ("rules_version", "data_digest", "config_digest", "unit", "synthetic", "error")
_ORIGIN = tuple(name for name in Origin._fields if name != "file")
_PLACE = (
    *("learner", "learner_params", "rules_version", "task", "protocol", "device"),
    *("data_digest", "config_digest"),
)
_SECONDS = ("acquisition_seconds", "pass_seconds", "fit_seconds", "own_fit_seconds")
COLUMNS = tuple(
    dict.fromkeys(
        (*Key._fields, "round", *_STORED, *_SECONDS, "selected", "labels", *_TEXTS, *_ORIGIN)
    )
)
"""What `runs` reads of a table, beside `file`."""


def runs(table: pa.Table) -> list[Run]:
    """Every cell of a table of rows, in order of its key, whatever the order of the rows."""
    if table.num_rows == 0:
        return []
    cells = [_ranks(table[name]) for name in Key._fields]
    order = np.lexsort((_numbers(table, "round"), *reversed(cells)))
    changes = np.any([np.diff(codes[order]) != 0 for codes in cells], axis=0)
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    ends = np.append(starts[1:], table.num_rows)
    okay = np.asarray(pc.equal(table["status"], "ok"))[order]
    good, before = order[okay], np.concatenate([[0], np.cumsum(okay)])
    numbers = {name: values[good] for name, values in _arrays(table).items()}
    lists = {"chosen": Lists.of(table["selected"], good), "labels": Tally(table["labels"], good)}
    columns: dict[str, Any] = {**numbers, **lists}
    return [
        Run(*head, **{name: values[start:end] for name, values in columns.items()})
        for *head, start, end in zip(
            *_heads(table, order[ends - 1]), before[starts], before[ends], strict=True
        )
    ]


def group(found: Iterable[Run], key: Callable[[Run], K]) -> dict[K, list[Run]]:
    """Runs by key, in their order."""
    groups: defaultdict[K, list[Run]] = defaultdict(list)
    for run in found:
        groups[key(run)].append(run)
    return dict(groups)


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


def _heads(table: pa.Table, rows: NDArray[np.int64]) -> list[Iterable[Any]]:
    """What some rows say of their cells, in the order of `Run`: a value each, one after the other.

    A value that comes again is the same object.
    """
    said = {name: _objects(table[name], rows) for name in (*Key._fields, *_TEXTS, *_ORIGIN)}
    said["created"] = [each.isoformat() for each in said["created"]]
    file = _objects(table["file"], rows) if "file" in table.column_names else [""] * len(rows)
    return [
        map(_place, *(said[name] for name in _PLACE)),
        said["strategy"],
        map(_label, said["strategy"], said["params"]),
        *(said[name] for name in ("seed", "unit", "synthetic", "error")),
        map(Origin, file, *(said[name] for name in _ORIGIN)),
    ]


def _objects(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> list[Any]:
    numbers, values = encode(column)
    values = [*values, None]
    return [values[number] for number in numbers[rows].tolist()]


def _numbers(table: pa.Table, name: str) -> Values:
    column = table[name].cast(pa.float64())
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _ranks(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Values as integers that sort as the values do."""
    numbers, values = encode(column)
    ranks = np.empty(len(values), np.int64)
    ranks[sorted(range(len(values)), key=values.__getitem__)] = np.arange(len(values))
    return ranks[numbers]


@cache
def _place(
    learner: str, params: str, rules: str, task: str, protocol: str, device: str, *digests: str
) -> Place:
    return Place(task, protocol, _label(learner, params), device, major_minor(rules), *digests)


def alike(found: Sequence[Run]) -> list[Run]:
    """Runs whose times compare (RULES, 5): those of an isolation that fewer have lose theirs."""
    counts = Counter(run.origin.isolation for run in found)
    usual = max(counts, key=lambda name: (counts[name], name == UNCONFINED), default=UNCONFINED)
    return [run if run.origin.isolation == usual else run.untimed() for run in found]


@cache
def _label(name: str, params: str) -> str:
    return str(Spec.of(name, json.loads(params)))
