import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.error import DataError, StorageError, UsageError
from bench.rows import schema, store
from bench.rows.schema import Key, Row

Make = Callable[..., Row]
KEY = Key("atis", "alise", "bilstm", "{}", "nse", "{}", 3, "cuda NVIDIA H200")


def test_path_is_plain_and_distinct() -> None:
    out = Path("out")
    folder = out / "atis-alise" / "bilstm" / "cuda-NVIDIA-H200"
    assert store.path(out, KEY) == folder / "nse-seed3.parquet"
    variant = store.path(out, KEY._replace(params='{"width":3}'))
    assert variant.parent == folder
    assert variant.name == "nse-5f946228-seed3.parquet"
    hostile = store.path(out, KEY._replace(strategy="../../etc/passwd", task=".."))
    assert ".." not in hostile.parts
    assert hostile.is_relative_to(out)
    assert len(hostile.parts) == len(variant.parts)


def test_rows_survive_the_file(tmp_path: Path, make_row: Make) -> None:
    file = tmp_path / "new" / "folder" / "a.parquet"
    rows = [make_row(), make_row(round=1, initial=(), own_score=0.1, own_metrics={"f1": 0.1})]
    store.write(file, rows)
    assert store.read(file) == rows
    store.write(file, rows[:1])
    assert store.read(file) == rows[:1]
    assert [each.name for each in file.parent.iterdir()] == ["a.parquet"]


def test_others_read_the_file_without_us(tmp_path: Path, make_row: Make) -> None:
    file = tmp_path / "a.parquet"
    store.write(file, [make_row(seed=7)])
    frame = pandas.read_parquet(file)
    assert frame["seed"].tolist() == [7]
    assert list(frame["selected"][0]) == [9, 1]
    assert pq.read_metadata(file).row_group(0).column(0).compression == "SNAPPY"


def _rewrite(file: Path, table: pa.Table, metadata: dict[bytes, bytes]) -> None:
    pq.write_table(table.replace_schema_metadata(metadata), file)


def test_accidents_are_found(tmp_path: Path, make_row: Make) -> None:
    file = tmp_path / "a.parquet"
    store.write(file, [make_row(score=0.5)])
    metadata = pq.read_schema(file).metadata
    _rewrite(file, schema.to_table([make_row(score=0.9)]), metadata)
    with pytest.raises(DataError, match=r"a.parquet was changed: digest"):
        store.read(file)
    for name in schema.NAMES:
        _rewrite(file, schema.to_table([make_row()]).drop_columns([name]), metadata)
        with pytest.raises(DataError, match=r"a.parquet does not have the columns"):
            store.read(file)
    _rewrite(file, pa.table({"other": [1]}), {})
    with pytest.raises(DataError, match=r"a.parquet has rows of schema none"):
        store.read(file)
    _rewrite(file, schema.to_table([make_row()]), {b"labelworth.schema": b"99"})
    with pytest.raises(DataError, match="rows of schema 99; this version reads"):
        store.read(file)
    _rewrite(file, schema.to_table([make_row()]), {})
    with pytest.raises(DataError, match="rows of schema none"):
        store.read(file)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all", None])
def test_an_unreadable_file_is_a_data_error(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "a.parquet"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError, match=r"Cannot read .*a.parquet"):
        store.read(file)


def test_every_flipped_byte_is_found_or_harmless(tmp_path: Path, make_row: Make) -> None:
    file, rows = tmp_path / "a.parquet", [make_row(), make_row(round=1)]
    store.write(file, rows)
    content = file.read_bytes()
    place = random.Random(0)
    for _ in range(200):
        damaged = bytearray(content)
        damaged[place.randrange(len(damaged))] ^= 1 << place.randrange(8)
        file.write_bytes(damaged)
        try:
            found = store.read(file)
        except DataError:
            continue
        assert found == rows


def test_a_damaged_column_that_the_digest_leaves_out_is_found(
    tmp_path: Path, make_row: Make
) -> None:
    file = tmp_path / "a.parquet"
    store.write(file, [make_row(environment='{"cpu":"some processor"}')])
    content = file.read_bytes()
    file.write_bytes(content.replace(b"some processor", b"same processor"))
    with pytest.raises(DataError, match=r"Cannot read .*a.parquet: .* Delete it and run"):
        store.read(file)


def test_invalid_rows_are_not_written(tmp_path: Path, make_row: Make) -> None:
    file = tmp_path / "a.parquet"
    with pytest.raises(DataError, match=r"a.parquet, row 0: score is nan"):
        store.write(file, [make_row(score=float("nan"))])
    assert not file.exists()


_FULL = """
import resource, sys
from pathlib import Path
from dataclasses import replace
from bench.error import StorageError
from bench.rows import store
file = Path(sys.argv[1])
rows = store.read(file)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # every write beyond 100 bytes fails
try:
    store.write(file, [*rows, replace(rows[0], round=1)])
except StorageError as error:
    sys.exit(f"refused: {error}")
"""


def _python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(store.__file__).parents[2],
    )


def test_a_full_disk_leaves_the_earlier_file(tmp_path: Path, make_row: Make) -> None:
    file, rows = tmp_path / "a.parquet", [make_row()]
    store.write(file, rows)
    _, message = _python(_FULL, file).communicate(timeout=60)
    assert f"refused: Cannot write {file}: File too large." in message
    assert store.read(file) == rows
    assert [each.name for each in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_a_refusal_at_any_step_is_a_storage_error(
    tmp_path: Path, make_row: Make, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    file, rows = tmp_path / "a.parquet", [make_row()]
    store.write(file, rows)

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(step, refuse)
    with pytest.raises(StorageError, match=f"Cannot write .*a.parquet: {os.strerror(code)}"):
        store.write(file, [make_row(seed=1)])
    monkeypatch.undo()
    assert store.read(file) == rows
    assert [each.name for each in tmp_path.iterdir()] == ["a.parquet"]


def test_a_folder_that_is_a_file_is_a_storage_error(tmp_path: Path, make_row: Make) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(StorageError, match=r"Cannot write .*a.parquet: "):
        store.write(tmp_path / "out" / "a.parquet", [make_row()])
    with pytest.raises(StorageError, match=r"Cannot write to .*out"), store.lock(tmp_path / "out"):
        pass


_FOREVER = """
import sys
from pathlib import Path
from dataclasses import replace
from bench.rows import store
file = Path(sys.argv[1])
rows = store.read(file)
print("ready", flush=True)
for size in range(1, 10**6):
    count = 1 + size % 7
    store.write(file, [replace(rows[0], items=size, round=number) for number in range(count)])
"""


def test_a_kill_at_any_moment_leaves_a_valid_file(tmp_path: Path, make_row: Make) -> None:
    file, moment = tmp_path / "a.parquet", random.Random(0)
    for _ in range(5):
        store.write(file, [make_row(items=0)])
        process = _python(_FOREVER, file)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(moment.uniform(0.05, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        rows = store.read(file)
        assert len({row.items for row in rows}) == 1
        assert rows[0].items == 0 or len(rows) == 1 + rows[0].items % 7
        assert store.scan([tmp_path]).num_rows == len(rows)


_HOLD = """
import sys
from pathlib import Path
from bench.rows import store
with store.lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
    import time; time.sleep(60)
"""


def test_two_processes_cannot_hold_one_folder(tmp_path: Path) -> None:
    process = _python(_HOLD, tmp_path / "out")
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with (
        pytest.raises(UsageError, match=r"Another bench run is writing to .*out"),
        store.lock(tmp_path / "out"),
    ):
        pass
    with store.lock(tmp_path / "elsewhere"):
        pass
    process.kill()
    process.communicate()
    for _ in range(2):
        with store.lock(tmp_path / "out"):
            pass


def test_scan_reads_everything_below(tmp_path: Path, make_row: Make) -> None:
    for seed in (0, 1, 2):
        rows = [make_row(seed=seed, round=number) for number in (0, 1)]
        store.write(tmp_path / f"f{seed}" / "a.parquet", rows)
    (tmp_path / "f0" / ".b.parquet.tmp").write_bytes(b"half")
    (tmp_path / "f0" / ".c.parquet").write_bytes(b"half")
    assert store.scan([tmp_path])["seed"].to_pylist() == [0, 0, 1, 1, 2, 2]
    twice = [tmp_path / "f1", tmp_path / "f1" / "a.parquet", tmp_path / "f0"]
    assert store.scan(twice)["seed"].to_pylist() == [0, 0, 1, 1]
    assert store.scan([]).num_rows == 0


def test_scan_says_which_file_a_row_is_from(
    tmp_path: Path, make_row: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("b/x.parquet", "a/x.parquet", "c.parquet")):
        store.write(Path("out") / name, [make_row(seed=seed, round=n) for n in range(seed + 1)])
    found = store.scan([Path("out")])
    assert found.column_names == [*schema.NAMES, "file"]
    assert pa.types.is_dictionary(found["file"].type)
    files = zip(found["seed"].to_pylist(), found["file"].to_pylist(), strict=True)
    names = ["out/a/x.parquet", "out/b/x.parquet", "out/c.parquet"]
    assert list(files) == [(1, names[0])] * 2 + [(0, names[1])] + [(2, names[2])] * 3
    for source in (tmp_path / "out", Path("out/a/x.parquet"), Path("out/../out")):
        assert set(store.scan([source])["file"].to_pylist()) <= {
            *(str(tmp_path / name) for name in names),
            *(f"out/../{name}" for name in names),
            "out/a/x.parquet",
        }
        assert all(Path(each).exists() for each in store.scan([source])["file"].to_pylist())
    assert len(schema.from_table(found)) == 6
    assert store.scan([])["file"].type == found["file"].type


def test_scan_does_not_depend_on_how_files_are_read_together(
    tmp_path: Path, make_row: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(70):
        rows = [make_row(seed=seed, round=n, selected=(n,) * seed) for n in range(1 + seed % 3)]
        store.write(tmp_path / f"{seed:02}.parquet", rows)
    whole = store.scan([tmp_path])
    monkeypatch.setattr(store, "_PART", 1)
    single = store.scan([tmp_path])
    assert single.to_pylist() == whole.to_pylist()
    assert whole["seed"].to_pylist() == sorted(whole["seed"].to_pylist())
    _rewrite(tmp_path / "17.parquet", whole.slice(0, 1).drop_columns(["file"]), {})
    with pytest.raises(DataError, match=r"17.parquet has rows of schema none"):
        store.scan([tmp_path])


def test_scan_names_the_file_that_was_changed(tmp_path: Path, make_row: Make) -> None:
    for seed in range(20):
        store.write(tmp_path / f"{seed:02}.parquet", [make_row(seed=seed)])
    file = tmp_path / "12.parquet"
    metadata = pq.ParquetFile(file).metadata.metadata
    _rewrite(file, schema.to_table([make_row(seed=12, score=0.9)]), metadata)
    with pytest.raises(DataError, match=r"12.parquet was changed: digest .* Delete it and run"):
        store.scan([tmp_path])
    kept = [*Key._fields, "round", "unit", "rules_version"]
    with pytest.raises(DataError, match=r"12.parquet was changed: digest"):
        store.scan([tmp_path], columns=[*kept, "code_digest", "data_digest", "config_digest"])


@pytest.mark.parametrize("count", [20, 40])  # each by itself, and several at once
def test_a_scan_of_some_columns_says_the_same(tmp_path: Path, make_row: Make, count: int) -> None:
    for seed in range(count):
        changed = {"strategy": f"s{seed % 3}", "labels": {f"l{seed % 4}": 1, "all": 2}}
        store.write(tmp_path / f"{seed:02}.parquet", [make_row(seed=seed, **changed)])
    digests = ("code_digest", "data_digest", "config_digest")
    kept = [*Key._fields, "round", "unit", "rules_version", *digests, "error", "selected", "labels"]
    found, whole = store.scan([tmp_path], columns=kept), store.scan([tmp_path])
    assert found.column_names == [*kept, "file"]
    assert found.to_pylist() == whole.select([*kept, "file"]).to_pylist()
    assert found["strategy"].type == pa.dictionary(pa.int32(), pa.string())
    store.write(tmp_path / "again.parquet", [make_row(seed=7, strategy="s1")])
    with pytest.raises(DataError, match=r"s1 seed 7 .* is in .*07.parquet and in .*again.parquet"):
        store.scan([tmp_path], columns=kept)
    (tmp_path / "again.parquet").unlink()
    store.write(tmp_path / "old.parquet", [make_row(seed=30, rules_version="0.9")])
    with pytest.raises(DataError, match=r"old.parquet was made under rules 0.9"):
        store.scan([tmp_path], columns=kept)


def test_a_scan_of_some_columns_takes_any_layout(tmp_path: Path, make_row: Make) -> None:
    rows = [make_row(round=n, status="ok", labels={f"l{n}": 1, "all": n + 1}) for n in range(5)]
    file = tmp_path / "a.parquet"
    store.write(file, rows)
    whole, metadata = store.scan([file]), pq.ParquetFile(file).metadata.metadata
    table = schema.to_table(rows).replace_schema_metadata(metadata)
    for coded in (False, True):
        pq.write_table(table, file, row_group_size=2, use_dictionary=coded)
        found = store.scan([file], columns=schema.NAMES)
        assert found.to_pylist() == whole.to_pylist()


@pytest.mark.parametrize(("version", "fits"), [("1.0.9", True), ("1.1", False), ("0.9", False)])
def test_scan_refuses_other_rules(tmp_path: Path, make_row: Make, version: str, fits: bool) -> None:
    store.write(tmp_path / "a.parquet", [make_row()])
    store.write(tmp_path / "b.parquet", [make_row(seed=1, rules_version=version)])
    assert store.scan([tmp_path], rules=None).num_rows == 2
    if fits:
        assert store.scan([tmp_path]).num_rows == 2
        return
    reason = rf"b.parquet was made under rules {version}, .* rules {schema.RULES_VERSION} .*compare"
    with pytest.raises(DataError, match=reason):
        store.scan([tmp_path])
    assert store.scan([tmp_path / "b.parquet"], rules=version).num_rows == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([{"round": 0}, {"round": 1}, {"round": 1}], "has a round twice in"),
        ([{"round": 0}, {"round": 2}], "lacks a round in"),
        ([{"round": 1}, {"round": 2}], "lacks a round in"),
        ([{"round": 1}], "lacks a round in"),
        *(
            ([{"round": 0}, {"round": 1, name: value}], f"has several {name}s in")
            for name, value in {
                **dict.fromkeys(("code_digest", "data_digest", "config_digest"), "def"),
                "rules_version": "1.0.1",
                "unit": "words",
            }.items()
        ),
    ],
)
def test_scan_refuses_rows_that_are_no_whole_cell(
    tmp_path: Path, make_row: Make, changes: list[dict[str, object]], reason: str
) -> None:
    store.write(tmp_path / "a.parquet", [make_row(seed=1, round=n) for n in range(3)])
    store.write(tmp_path / "b.parquet", [make_row(**each) for each in changes])
    store.write(tmp_path / "c.parquet", [make_row(seed=2, round=n, unit="words") for n in range(2)])
    with pytest.raises(DataError, match=rf"seed 0 \(cpu\) {reason} .*b.parquet\. Delete it"):
        store.scan([tmp_path])


def test_scan_takes_many_cells_of_one_file_in_any_order(tmp_path: Path, make_row: Make) -> None:
    units = enumerate(("items", "words"))
    rows = [make_row(seed=s, round=n, unit=u) for s, u in units for n in (1, 0, 2)][::-1]
    store.write(tmp_path / "a.parquet", rows)
    assert schema.from_table(store.scan([tmp_path])) == rows


def test_scan_refuses_what_it_cannot_trust(tmp_path: Path, make_row: Make) -> None:
    with pytest.raises(UsageError, match=r"There is no folder .*nowhere"):
        store.scan([tmp_path / "nowhere"])
    store.write(tmp_path / "a.parquet", [make_row()])
    store.write(tmp_path / "b.parquet", [make_row()])
    with pytest.raises(DataError, match=r"seed 0 \(cpu\) is in .*a.parquet and in .*b.parquet"):
        store.scan([tmp_path])
    (tmp_path / "b.parquet").write_bytes(b"half")
    with pytest.raises(DataError, match=r"Cannot read .*b.parquet"):
        store.scan([tmp_path])
