"""What queries cost: a row per strategy and pool, a file per row, beside no other results."""

import dataclasses
import io
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.parquet as pq

from bench.error import DataError, StorageError
from bench.rows import durable
from bench.spec import Spec, digest

SUFFIX = ".speed.parquet"
"""How these files' names end, so that no scan takes them for results of runs."""
SPEED_VERSION = "1"
_DIGEST = b"labelworth.digest"
_REMEDY = "Delete it and measure again."


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Queries of one strategy for `budget` (in `unit`) of a pool, by a model of `labeled` items.

    `seconds` has a value per repeat, and so has `pass_seconds`: one collate + transfer + encode
    over the same items, right before. Only `timed` items of the `pool` were asked about where that
    is less. `phases` are seconds of one more query, in which the device is waited for at each
    change.
    `host_bytes` is the most that the process held above what it held once its models were trained,
    `device_bytes` the most that torch held on the device, `joules` what a query used there; null
    where nobody says. `own_fit_seconds` is what the strategy's own training adds to `fit_seconds`.
    """

    task: str
    protocol: str
    learner: str  # with its parameters
    strategy: str  # with its parameters
    seed: int
    device: str
    pool: int
    labeled: int
    budget: int
    unit: str
    timed: int
    words: int  # of the timed items
    seconds: list[float]
    pass_seconds: list[float]
    phases: dict[str, float]
    host_bytes: int | None
    device_bytes: int | None
    joules: float | None
    fit_seconds: float
    own_fit_seconds: float | None
    environment: str
    config: str
    rules_version: str
    schema_version: str
    bench_version: str
    code_digest: str  # of data, learners and loop
    strategy_digest: str
    data_digest: str
    config_digest: str
    created: datetime

    @property
    def extrapolated(self) -> bool:
        """Whether the pool was not asked as a whole."""
        return self.timed < self.pool

    @property
    def query(self) -> float:
        """The median query over the whole pool, in seconds."""
        return median(self.seconds) * self.pool / self.timed

    @property
    def passes(self) -> float:
        """The median over the repeats of a query's seconds by its pass's."""
        return median(a / b for a, b in zip(self.seconds, self.pass_seconds, strict=True))

    @property
    def summary(self) -> str:
        """In a few words."""
        return f"{self.query:.3g} s, {self.passes:.2f} passes"

    @property
    def rate(self) -> float:
        """Items a second."""
        return self.pool / self.query


_TYPES: dict[object, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    int | None: pa.int64(),
    float: pa.float64(),
    float | None: pa.float64(),
    list[float]: pa.list_(pa.float64()),
    dict[str, float]: pa.map_(pa.string(), pa.float64()),
    datetime: pa.timestamp("us", tz="UTC"),
}
SCHEMA = pa.schema([(field.name, _TYPES[field.type]) for field in dataclasses.fields(Speed)])


def path(
    out: Path, task: str, protocol: str, learner: str, strategy: str, device: str, pool: int
) -> Path:
    """OUT/<task>-<protocol>/<pool>-<strategy>-<digest>.speed.parquet, safe on any disk."""
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", Spec.parse(strategy).name)
    tail = digest([learner, strategy, device])[:8]
    return out / f"{task}-{protocol}" / f"{pool}-{name}-{tail}{SUFFIX}"


def write(file: Path, row: Speed) -> None:
    """Replace a file by one row, durably; StorageError when the disk refuses."""
    table, buffer = pa.Table.from_pylist([_plain(row)], schema=SCHEMA), io.BytesIO()
    pq.write_table(table.replace_schema_metadata({_DIGEST: _digest(row)}), buffer)
    try:
        durable.replace(file, buffer.getvalue())
    except OSError as reason:
        raise StorageError(
            f"Cannot write {file}: {reason.strerror}. What was timed before is kept; free space, "
            "then run the same command again."
        ) from reason


def read(folder: Path) -> list[Speed]:
    """All rows below a folder, by pool, learner and strategy; DataError for a file that is none."""
    rows = [_load(file) for file in sorted(folder.rglob(f"*{SUFFIX}")) if file.name[0] != "."]
    return sorted(rows, key=lambda row: (row.task, row.learner, row.device, row.pool, row.strategy))


def _load(file: Path) -> Speed:
    try:
        table = pq.ParquetFile(pa.BufferReader(file.read_bytes())).read(use_threads=False)
    except (OSError, ValueError, pa.ArrowException) as reason:
        raise DataError(f"Cannot read {file}: {reason}. {_REMEDY}") from reason
    if not table.schema.equals(SCHEMA) or table["schema_version"].to_pylist() != [SPEED_VERSION]:
        raise DataError(f"{file} is no row of this version's `bench speed`. {_REMEDY}")
    record = table.to_pylist()[0]
    row = Speed(**{**record, "phases": dict(record["phases"])})
    if (table.schema.metadata or {}).get(_DIGEST) != _digest(row):
        raise DataError(f"{file} was changed. {_REMEDY}")
    return row


def _plain(row: Speed) -> dict[str, object]:
    return {**dataclasses.asdict(row), "phases": sorted(row.phases.items())}


def _digest(row: Speed) -> bytes:
    """SHA-256 over all values: it catches accidents."""
    return digest(_plain(row) | {"created": row.created.isoformat()}).encode()
