"""Where rows live: one Parquet file per cell, written atomically, checked when read.

A place is a folder of this machine, or a URL of an object store (see `remote`).
"""

import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.error import DataError, StorageError, UsageError
from bench.rows import cell, durable, memory, remote, schema
from bench.rows.cell import REMEDY
from bench.rows.code import coded
from bench.rows.digest import digest, digests
from bench.rows.hold import alone
from bench.rows.remote import Place
from bench.rows.schema import RULES_VERSION, Key, Row
from bench.rows.speed import SUFFIX

_DIGEST = b"labelworth.digest"
_VERSION = b"labelworth.schema"
_PART = 128  # files that are verified at once, at most
_FEW = 32  # so few files are large ones: each is read by itself
_CODED = pa.schema([field.with_type(coded(field.type)) for field in schema.SCHEMA])
_TEXTS = [
    f"{field.name}.key_value.key" if pa.types.is_map(field.type) else field.name
    for field in schema.SCHEMA
    if coded(field.type) != field.type
]
"""The leaves of a file that hold texts."""
# What reads fastest: most files are small, and there a codec's or a dictionary's setup would count.
_FORMAT = {
    "compression": "snappy",
    "store_schema": False,
    "use_dictionary": False,
    "write_page_checksum": True,  # of the columns too that the digest leaves out
    "write_statistics": False,
}


def path(out: Place, key: Key) -> Place:
    """OUT/<task>-<protocol>/<learner>/<device>/<strategy>-seed<k>.parquet, safe on any disk."""
    learner = _slug(key.learner, key.learner_params)
    strategy = _slug(key.strategy, key.params)
    folder = out / _slug(f"{key.task}-{key.protocol}") / learner / _slug(key.device)
    return folder / f"{strategy}-seed{key.seed}.parquet"


def write(path: Place, rows: Sequence[Row]) -> None:
    """Replace the file by these rows, durably: a reader sees the old file or the new, no other.

    The caller holds `lock`: the temporary file has one name, so that a killed run leaves no litter.
    Raises DataError for rows that are not valid, StorageError when the disk refuses (the temporary
    file is removed, an earlier file is intact).
    """
    schema.validate(rows, str(path))
    content = encode(schema.to_table(rows))
    try:
        durable.replace(path, content) if isinstance(path, Path) else remote.put(path, content)
    except OSError as reason:
        raise StorageError(
            f"Cannot write {path}: {reason.strerror or reason}. Rounds written before are intact; "
            "free space or choose another --out, then run the same command again."
        ) from reason


def encode(table: pa.Table) -> bytes:
    """A table of `schema.SCHEMA` as the content of a file: with its digest, unchecked else."""
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, schema.SCHEMA, **_FORMAT) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({_DIGEST: digest(table), _VERSION: schema.SCHEMA_VERSION})
    return buffer.getvalue()


def read(path: Place) -> list[Row]:
    """The rows of one file; DataError when it is missing, damaged or of another schema."""
    rows = schema.from_table(read_table(path))
    schema.validate(rows, str(path))
    return rows


def held(path: Place) -> list[Row]:
    """As `read`; no rows where there is no file."""
    with remote.told(path):
        there = path.exists()
    return read(path) if there else []


def read_table(path: Place) -> pa.Table:
    """As `read`, as an Arrow table: schema and digest are verified, single values are not."""
    return _load([path])[0]


def scan(
    sources: Iterable[Place],
    rules: str | None = RULES_VERSION,
    columns: Sequence[str] = (),
) -> pa.Table:
    """All rows of every *.parquet file in or below the sources (folders or files), by path.

    Those of `bench speed` are not among them.
    One more column, `file`, has their paths, each beginning as its source does, as a dictionary.
    Where `columns` are named, key and origin of a cell among them, all are verified and these kept,
    texts as dictionaries: a fraction of the memory.
    UsageError for a source that does not exist; DataError for a file that cannot be read, that was
    made under other rules than these (None: any will do), or whose rows are no whole cells, and for
    a cell that is in two files, which would count a seed twice.
    """
    memory.settle()
    files = _files(sources)
    size = min(_PART, len(files) // 8 + 1) if len(files) > _FEW else 1
    parts = [files[start : start + size] for start in range(0, len(files), size)]
    empty = _kept(schema.SCHEMA.empty_table(), columns)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        loaded = [(empty, []), *pool.map(partial(_load, columns=columns), parts)]
    counts = [count for _, each in loaded for count in each]
    places = np.repeat(np.arange(len(files), dtype=np.int32), counts)
    names = pa.DictionaryArray.from_arrays(places, pa.array(map(str, files), pa.string()))
    table = pa.concat_tables(part for part, _ in loaded).append_column("file", names)
    if rules is not None:
        _check_rules(table, rules)
    cell.check(table)
    return table


@contextmanager
def lock(out: Place) -> Iterator[None]:
    """Hold OUT/.lock; UsageError when another process does. The system frees it if we die.

    On an object store as `remote.hold` says.
    """
    if not isinstance(out, Path):
        with remote.hold(out):
            yield
        return
    try:
        durable.make(out)
    except OSError as reason:
        raise StorageError(f"Cannot write to {out}: {reason.strerror}.") from reason
    with alone(out / ".lock", out):
        yield


def _slug(name: str, params: str = "{}") -> str:
    plain = re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")
    return plain if params == "{}" else f"{plain}-{hashlib.sha256(params.encode()).hexdigest()[:8]}"


def _load(files: Sequence[Place], columns: Sequence[str] = ()) -> tuple[pa.Table, list[int]]:
    """The rows of some files, and how many each has; DataError at the first that fails."""
    texts = _TEXTS if columns and len(files) == 1 else None  # of small ones it takes longer
    parts = [_parse(file, texts) for file in files]
    table = pa.concat_tables(parts).replace_schema_metadata(None).combine_chunks()
    counts = [part.num_rows for part in parts]
    for file, part, found in zip(files, parts, digests(table, counts), strict=True):
        expected = part.schema.metadata.get(_DIGEST, b"none").decode(errors="replace")
        if found != expected:
            raise DataError(
                f"{file} was changed: digest {found}, written with {expected}. {REMEDY}"
            )
    return _kept(table, columns), counts


def _kept(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    kinds = pa.schema([_CODED.field(name) for name in columns])
    return table.select(columns).cast(kinds) if columns else table


def _parse(file: Place, texts: Sequence[str] | None) -> pa.Table:
    """A file as Arrow has it, of this schema, `texts` as dictionaries; DataError when it is not."""
    try:
        # On one thread: Arrow's pool, still starting when a command ends at once, aborts it.
        with remote.told(file):
            content = pa.BufferReader(file.read_bytes())
        parquet = pq.ParquetFile(content, read_dictionary=texts, page_checksum_verification=True)
        table = _whole(parquet)
        table.validate(full=True)
    except (OSError, ValueError, pa.ArrowException) as reason:
        raise DataError(f"Cannot read {file}: {reason}. {REMEDY}") from reason
    metadata = table.schema.metadata or {}
    version = metadata.get(_VERSION, b"none").decode(errors="replace")
    if version != schema.SCHEMA_VERSION:
        raise DataError(
            f"{file} has rows of schema {version}; this version reads schema "
            f"{schema.SCHEMA_VERSION}: use the bench version that wrote it."
        )
    if not table.schema.equals(_CODED if texts else schema.SCHEMA):
        raise DataError(f"{file} does not have the columns of schema {version}. {REMEDY}")
    return table


def _whole(parquet: pq.ParquetFile) -> pa.Table:
    """One row group after the other: of several at once, Arrow codes no texts within maps."""
    groups = range(parquet.num_row_groups)
    parts = [parquet.read_row_group(group, use_threads=False) for group in groups]
    return pa.concat_tables(parts) if parts else parquet.read(use_threads=False)


def _check_rules(table: pa.Table, rules: str) -> None:
    for version in pc.unique(table["rules_version"]).to_pylist():
        if schema.major_minor(version) != schema.major_minor(rules):
            row = pc.index(pc.equal(table["rules_version"], version), True).as_py()
            raise DataError(
                f"{table['file'][row]} was made under rules {version}, which do not compare with "
                f"rules {rules} of this version: leave it out, use the bench version of its rules, "
                "or see `bench compare`."
            )


def _files(sources: Iterable[Place]) -> list[Place]:
    found: dict[Place, Place] = {}
    for source in sources:
        with remote.told(source):
            if not source.exists():
                raise UsageError(f"There is no folder {source} to read results from.")
            root: Any = source.resolve()
            inside: list[Any] = list(source.rglob("*.parquet")) if source.is_dir() else [source]
        for file in inside:
            if not file.name.startswith(".") and not file.name.endswith(SUFFIX):
                found[root / file.relative_to(source)] = file
    order = sorted(found, key=lambda file: (not isinstance(file, Path), file.parts))
    return [found[file] for file in order]
