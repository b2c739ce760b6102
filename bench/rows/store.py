"""Where rows live: one Parquet file per cell, written atomically, checked when read."""

import fcntl
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.error import DataError, StorageError, UsageError
from bench.rows import schema
from bench.rows.schema import Key, Row

_DIGEST = b"labelworth.digest"
_VERSION = b"labelworth.schema"


def path(out: Path, key: Key) -> Path:
    """OUT/<task>-<protocol>/<learner>/<device>/<strategy>-seed<k>.parquet, safe on any disk."""
    learner = _slug(key.learner, key.learner_params)
    strategy = _slug(key.strategy, key.params)
    folder = out / _slug(f"{key.task}-{key.protocol}") / learner / _slug(key.device)
    return folder / f"{strategy}-seed{key.seed}.parquet"


def write(path: Path, rows: Sequence[Row]) -> None:
    """Replace the file by these rows, durably: a reader sees the old file or the new, no other.

    The caller holds `lock`: the temporary file has one name, so that a killed run leaves no litter.
    Raises DataError for rows that are not valid, StorageError when the disk refuses (the temporary
    file is removed, an earlier file is intact).
    """
    schema.validate(rows, str(path))
    content = _encode(schema.to_table(rows))
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        _make(path.parent)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync(path.parent)
    except OSError as reason:
        _discard(temporary)
        raise StorageError(
            f"Cannot write {path}: {reason.strerror}. Rounds written before are intact; free space "
            "or choose another --out, then run the same command again."
        ) from reason


def read(path: Path) -> list[Row]:
    """The rows of one file; DataError when it is missing, damaged or of another schema."""
    rows = schema.from_table(read_table(path))
    schema.validate(rows, str(path))
    return rows


def read_table(path: Path) -> pa.Table:
    """As `read`, as an Arrow table: schema and digest are verified, single values are not."""
    try:
        # On one thread: Arrow's pool, still starting when a command ends at once, aborts it.
        table = pq.ParquetFile(io.BytesIO(path.read_bytes())).read(use_threads=False)
        table.validate(full=True)
    except (OSError, ValueError, pa.ArrowException) as reason:
        raise DataError(f"Cannot read {path}: {reason}. {_REMEDY}") from reason
    metadata = table.schema.metadata or {}
    version = metadata.get(_VERSION, b"none").decode(errors="replace")
    if version != schema.SCHEMA_VERSION:
        raise DataError(
            f"{path} has rows of schema {version}; this version reads schema "
            f"{schema.SCHEMA_VERSION}: use the bench version that wrote it."
        )
    if not table.schema.equals(schema.SCHEMA):
        raise DataError(f"{path} does not have the columns of schema {version}. {_REMEDY}")
    expected, found = metadata.get(_DIGEST, b"none").decode(errors="replace"), digest(table)
    if found != expected:
        raise DataError(f"{path} was changed: digest {found}, written with {expected}. {_REMEDY}")
    return table.replace_schema_metadata(None)


def scan(sources: Iterable[Path]) -> pa.Table:
    """All rows of every *.parquet file in or below the sources (folders or files), by path.

    UsageError for a source that does not exist; DataError for a file that cannot be read, and when
    one cell is in two files, which would count a seed twice.
    """
    tables = [schema.SCHEMA.empty_table()]
    owner: dict[Key, Path] = {}
    for file in _files(sources):
        table = read_table(file)
        for key in _keys(table):
            if key in owner:
                raise DataError(f"{key} is in {owner[key]} and in {file}: remove one of them.")
            owner[key] = file
        tables.append(table)
    return pa.concat_tables(tables)


def digest(table: pa.Table) -> str:
    """SHA-256 over every column but `schema.VOLATILE`: timings, created, environment.

    The environment names the machine; without it two honest runs of a cell have equal digests.
    It catches accidents, not forgery.
    """
    sha = hashlib.sha256()
    for name in table.column_names:
        if name not in schema.VOLATILE:
            sha.update(f"{name}:{table.num_rows}:".encode())
            for part in _parts(table[name].combine_chunks()):
                sha.update(part)
    return sha.hexdigest()


@contextmanager
def lock(out: Path) -> Iterator[None]:
    """Hold OUT/.lock; UsageError when another process does. The system frees it if we die."""
    try:
        _make(out)
        file = (out / ".lock").open("wb")
    except OSError as reason:
        raise StorageError(f"Cannot write to {out}: {reason.strerror}.") from reason
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as reason:
            raise UsageError(
                f"Another bench run is writing to {out}; wait for it or choose another --out."
            ) from reason
        yield


_REMEDY = "Delete it and run the cell again, or restore it from where it came."


def _slug(name: str, params: str = "{}") -> str:
    plain = re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")
    return plain if params == "{}" else f"{plain}-{hashlib.sha256(params.encode()).hexdigest()[:8]}"


def _encode(table: pa.Table) -> bytes:
    marks = {_DIGEST: digest(table).encode(), _VERSION: schema.SCHEMA_VERSION.encode()}
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(marks), buffer, compression="zstd")
    return buffer.getvalue()


def _parts(array: pa.Array) -> Iterator[bytes]:
    """The content of an array as bytes that do not depend on how Arrow laid it out."""
    if pa.types.is_map(array.type):
        entry = {"key": array.type.key_type, "value": array.type.item_type}
        array = array.cast(pa.list_(pa.struct(entry)))
    yield array.is_valid().to_numpy(zero_copy_only=False).tobytes()
    if pa.types.is_list(array.type):
        yield from _parts(pc.list_value_length(array))
        yield from _parts(array.flatten())
    elif pa.types.is_struct(array.type):
        for child in array.flatten():
            yield from _parts(child)
    elif pa.types.is_string(array.type):
        yield from _parts(pc.binary_length(array))
        yield "".join(array.drop_null().to_pylist()).encode()
    else:
        yield array.drop_null().to_numpy(zero_copy_only=False).tobytes()


def _keys(table: pa.Table) -> set[Key]:
    columns = (table[name].to_pylist() for name in Key._fields)
    return {Key(*values) for values in zip(*columns, strict=True)}


def _files(sources: Iterable[Path]) -> list[Path]:
    found: dict[Path, Path] = {}
    for source in sources:
        if not source.exists():
            raise UsageError(f"There is no folder {source} to read results from.")
        inside = source.rglob("*.parquet") if source.is_dir() else [source]
        found.update({file.resolve(): file for file in inside if not file.name.startswith(".")})
    return [found[file] for file in sorted(found)]


def _make(folder: Path) -> None:
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)  # a new folder is durable only when its parent is


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _discard(temporary: Path) -> None:
    with suppress(OSError):  # the disk already said no; the next write overwrites it
        temporary.unlink(missing_ok=True)
