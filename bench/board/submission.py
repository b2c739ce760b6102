"""A submission: a folder with a strategy file, its rows and what they are said to be.

Whoever reads one trusts nothing in it: names are plain, links are refused, sizes are bounded, and
every file is read once and held to the digest that the manifest states.
"""

import dataclasses
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from bench.error import DataError, StorageError, UsageError
from bench.rows.schema import SANDBOX, Row
from bench.spec import Value, canonical

SCHEMA_VERSION = "1"
MANIFEST, REPORT, ENVIRONMENT, ROWS = "submission.json", "REPORT.md", "environment.json", "rows"
FILES, BYTES = 100, 4 * 1024 * 1024
"""How many files a submission may have, and how large each may be."""
ROUNDS = 1000
"""How many rows a file of rows may have."""

_DEPTH = 4  # of folders below a submission's own
_REMEDY = "make the folder anew with `bench submit`"
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_ROW_FILE = re.compile(rf"{ROWS}(/{_PART}){{4}}\.parquet")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a submission says of itself. `rows` maps its files of rows to their SHA-256.

    `params` and `learner_params` hold what differs from the defaults; `sha256` is of `file`.
    """

    schema_version: str
    rules_version: str
    bench_version: str
    code_digest: str
    strategy: str
    params: dict[str, Value]
    file: str
    sha256: str
    task: str
    protocol: str
    learner: str
    learner_params: dict[str, Value]
    seeds: list[int]
    rows: dict[str, str]

    @property
    def subject(self) -> tuple[object, ...]:
        """What was submitted to what: a folder is never overwritten by another."""
        place = (self.task, self.protocol, self.learner, canonical(self.learner_params))
        return (self.sha256, canonical(self.params), *place)


class Submission(NamedTuple):
    """A manifest, and the content of every file of the folder by its path in it."""

    manifest: Manifest
    files: dict[str, bytes]


def read(folder: Path) -> Submission:
    """What a folder holds, each file as its digest says; nothing of it is run.

    UsageError when there is no such folder, DataError when it is no well-formed submission.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise UsageError(f"There is no folder {folder} to verify.")
    if not (folder / MANIFEST).exists():
        raise DataError(f"{folder} is no submission: it has no {MANIFEST}.")
    files = dict(_contents(folder))
    manifest = _manifest(folder / MANIFEST, files[MANIFEST])
    expected = {MANIFEST, REPORT, ENVIRONMENT, manifest.file, *manifest.rows}
    for name in sorted(expected ^ files.keys()):
        told = "holds a file that its manifest does not name" if name in files else "lacks a file"
        raise DataError(f"{folder} {told}: {name!r}; {_REMEDY}.")
    for name, digest in {manifest.file: manifest.sha256, **manifest.rows}.items():
        found = hashlib.sha256(files[name]).hexdigest()
        if found != digest:
            raise DataError(
                f"{folder / name} was changed: its digest is {found[:12]}…, {MANIFEST} says "
                f"{digest[:12]}…; {_REMEDY}."
            )
    return Submission(manifest, files)


def swollen(held: Submission) -> Iterator[str]:
    """What of its Parquet would take more room than its files do, before any value is read."""
    for name in held.manifest.rows:
        try:
            found = pq.ParquetFile(pa.BufferReader(held.files[name])).metadata
        except pa.ArrowException:
            continue  # whoever reads its rows will say so
        groups = [found.row_group(number) for number in range(found.num_row_groups)]
        columns = [group.column(at) for group in groups for at in range(found.num_columns)]
        if found.num_rows > ROUNDS:
            yield f"{name} has {found.num_rows} rows"
        elif any(column.compression not in ("SNAPPY", "UNCOMPRESSED") for column in columns):
            yield f"{name} is packed otherwise than `bench run` does"
        elif any("DICTIONARY" in each for column in columns for each in column.encodings):
            yield f"{name} has dictionaries, which `bench run` does not write"
        elif sum(column.total_uncompressed_size for column in columns) > 8 * BYTES:
            yield f"{name} unpacks to many times its size"


def check_free(folder: Path, subject: tuple[object, ...]) -> None:
    """UsageError unless a folder is not there yet, or holds a submission of the same subject."""
    if not folder.exists() and not folder.is_symlink():
        return
    try:
        same = read(folder).manifest.subject == subject
    except (DataError, UsageError) as reason:
        raise UsageError(f"{folder} is in use: {reason} Choose another --out.") from None
    if not same:
        raise UsageError(f"{folder} holds another submission; choose another --out.")


def write(folder: Path, manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Make the folder, in the place of an earlier one of the same subject.

    `files` are all but the manifest. Errors as of `check_free`; StorageError when the disk refuses.
    """
    check_free(folder, manifest.subject)
    aside = folder.with_name(f".{folder.name}.tmp")
    text = json.dumps(dataclasses.asdict(manifest), indent=2, sort_keys=True) + "\n"
    try:
        shutil.rmtree(aside, ignore_errors=True)
        unpack({**files, MANIFEST: text.encode()}, aside)
        if folder.exists():
            shutil.rmtree(folder)
        aside.rename(folder)
    except OSError as reason:
        raise StorageError(f"Cannot write {folder}: {reason.strerror}.") from reason


def unpack(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a new folder; OSError when it cannot be."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def faults(
    manifest: Manifest, cells: Sequence[Sequence[Row]], targets: Sequence[int]
) -> Iterator[str]:
    """In what rows, by cell, are not those that the manifest names, or no whole cells.

    `targets` are the protocol's, cumulative, one a round.
    """
    seeds = sorted(cell[0].seed for cell in cells)
    if seeds != manifest.seeds:
        yield f"{MANIFEST} names seeds {_listed(manifest.seeds)}, the rows have {_listed(seeds)}"
    names = ("strategy", "task", "protocol", "learner", "rules_version", "code_digest")
    said: dict[str, Any] = {name: getattr(manifest, name) for name in names}
    said |= {name: canonical(getattr(manifest, name)) for name in ("params", "learner_params")}
    said |= {"isolation": SANDBOX, "status": "ok"}
    for cell in cells:
        where = f"seed {cell[0].seed}"
        for name, value in said.items():
            if any(getattr(row, name) != value for row in cell):
                yield f"{where}: {name} is not {value!r}"
        if [row.round for row in cell] != list(range(len(targets))):
            yield f"{where} has {len(cell)} of {len(targets)} rounds"
        for row, target in zip(cell, targets, strict=False):
            spent = row.items if row.unit == "items" else row.words
            if spent > target:
                yield f"{where} has spent {spent} by round {row.round}, over {target}"


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds)) or "none"


def _contents(root: Path, inside: str = "") -> Iterator[tuple[str, bytes]]:
    """Every plain file below a folder; DataError for anything else, or for too much."""
    with os.scandir(root / inside) as entries:
        found = (each for entry in entries for each in _entry(root, inside, entry))
        for count, each in enumerate(found, 1):
            if count > FILES:
                raise DataError(f"{root} holds more than {FILES} files, too many for a submission.")
            yield each


def _entry(root: Path, inside: str, entry: "os.DirEntry[str]") -> Iterator[tuple[str, bytes]]:
    name = f"{inside}{entry.name}"
    if entry.is_symlink():
        raise DataError(f"{str(root / name)!r} is a link; a submission has none.")
    if entry.is_dir() and name.count("/") < _DEPTH:
        yield from _contents(root, f"{name}/")
    else:
        yield name, _content(root / name)


def _content(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise DataError(f"{str(path)!r} is no plain file; a submission has no other.")
    with os.fdopen(handle, "rb") as file:
        content = file.read(BYTES + 1)
    if len(content) > BYTES:
        raise DataError(
            f"{str(path)!r} is larger than {BYTES >> 20} MiB, too large for a submission."
        )
    return content


def _manifest(path: Path, content: bytes) -> Manifest:
    try:
        known = json.loads(content.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError) as reason:
        raise DataError(f"{path} is no JSON: {reason}; {_REMEDY}.") from None
    for fault in _malformed(known):
        raise DataError(f"{path} is malformed: {fault}; {_REMEDY}.")
    return Manifest(**known)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name comes twice")
    return dict(pairs)


def _malformed(known: Any) -> Iterator[str]:
    """What a manifest lacks, has beside, or has otherwise than it should."""
    kinds: dict[str, Any] = {field.name: field.type for field in dataclasses.fields(Manifest)}
    if not isinstance(known, dict):
        yield "it is no object"
        return
    if known.get("schema_version") != SCHEMA_VERSION:
        yield f"schema_version is not {SCHEMA_VERSION!r}"
    for name in sorted(kinds.keys() ^ known.keys()):
        yield f"{name[:40]!r} is {'missing' if name in kinds else 'unknown'}"
    for name, kind in kinds.items():
        if name in known and not isinstance(known[name], getattr(kind, "__origin__", kind)):
            yield f"'{name}' is of another type"
            return
    yield from _untidy(known)


def _texts(known: Any) -> Iterator[str]:
    """All texts of a manifest, names included."""
    if isinstance(known, str):
        yield known
    for each in known if isinstance(known, list | dict) else ():
        yield from _texts(each)
    for each in known.values() if isinstance(known, dict) else ():
        yield from _texts(each)


def _untidy(known: dict[str, Any]) -> Iterator[str]:
    """Values of the right types that cannot be right."""
    name = known["strategy"]
    if not (name.isascii() and name.isidentifier()) or known["file"] != f"{name}.py":
        yield "'file' is not the strategy's name and .py"
    for name in ("params", "learner_params"):
        if not all(isinstance(value, bool | int | float | str) for value in known[name].values()):
            yield f"'{name}' holds more than numbers and texts"
    if not all(type(seed) is int and seed >= 0 for seed in known["seeds"]):
        yield "'seeds' are no list of numbers"
    if not known["rows"]:
        yield "'rows' is empty"
    for path, digest in known["rows"].items():
        if not _ROW_FILE.fullmatch(path):
            yield f"'rows' names {path[:80]!r}, no file that `bench run` would write"
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            yield f"'rows' has no digest of {path[:80]!r}"
    if not all(text.isprintable() for text in _texts(known)):
        yield "a text holds characters that do not print"
