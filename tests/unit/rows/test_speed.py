"""Rows of `bench speed`: what is read is what was written, or one sentence."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.error import DataError, StorageError
from bench.rows import durable, speed, store
from bench.rows.schema import Row
from bench.rows.speed import Speed

Make = Callable[..., Speed]


def where(out: Path, row: Speed) -> Path:
    named = (row.task, row.protocol, row.learner, row.strategy, row.device, row.pool)
    return speed.path(out, *named)


@pytest.fixture
def written(make_speed: Make, tmp_path: Path) -> Path:
    row = make_speed()
    speed.write(where(tmp_path, row), row)
    return where(tmp_path, row)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"host_bytes": None, "phases": {}},
        {"device_bytes": 5, "joules": 0.125, "own_fit_seconds": 2.5, "timed": 10},
        {"strategy": "nse[decode=sequential]", "phases": {"pick": 0.1, "auxiliary training": 1e-9}},
    ],
)
def test_what_is_read_is_what_was_written(
    make_speed: Make, tmp_path: Path, changes: dict[str, Any]
) -> None:
    row = make_speed(**changes)
    speed.write(where(tmp_path, row), row)
    assert speed.read(tmp_path) == [row]


def test_rows_come_by_pool_whatever_the_files_are_named(make_speed: Make, tmp_path: Path) -> None:
    for pool in (9, 1000, 20):
        for strategy in ("nse", "lc"):
            row = make_speed(pool=pool, strategy=strategy)
            speed.write(where(tmp_path, row), row)
    found = [(row.pool, row.strategy) for row in speed.read(tmp_path)]
    assert found == [(pool, name) for pool in (9, 20, 1000) for name in ("lc", "nse")]
    assert speed.read(tmp_path / "nowhere") == []


def test_another_row_takes_the_place_of_the_one_before(make_speed: Make, written: Path) -> None:
    speed.write(written, make_speed(seconds=[1.0, 1.0, 1.0]))
    assert [row.seconds for row in speed.read(written.parent)] == [[1.0, 1.0, 1.0]]
    assert list(written.parent.iterdir()) == [written]


CHANGES = {
    str: "other",
    int: 77,
    int | None: 77,
    float: 7.5,
    float | None: 7.5,
    list[float]: [7.5],
    dict[str, float]: [("pick", 7.5)],
}
COLUMNS = [(field.name, CHANGES[field.type]) for field in dataclasses.fields(Speed)[:-1]]


@pytest.mark.parametrize(("column", "value"), COLUMNS)
def test_a_changed_value_is_refused(written: Path, column: str, value: object) -> None:
    table = pq.read_table(written, partitioning=None)
    place = table.column_names.index(column)
    field = table.schema.field(column)
    changed = table.set_column(place, field, pa.array([value], field.type))
    pq.write_table(changed.replace_schema_metadata(table.schema.metadata), written)
    with pytest.raises(DataError) as error:
        speed.read(written.parent)
    assert str(written) in str(error.value)
    assert str(error.value).endswith("Delete it and measure again.")


def _truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _less(file: Path) -> None:
    table = pq.read_table(file, partitioning=None)
    pq.write_table(table.drop_columns(["joules"]), file)


def _twice(file: Path) -> None:
    table = pq.read_table(file, partitioning=None)
    pq.write_table(pa.concat_tables([table, table]), file)


def _unsigned(file: Path) -> None:
    table = pq.read_table(file, partitioning=None)
    pq.write_table(table.replace_schema_metadata(None), file)


@pytest.mark.parametrize("harm", [_truncated, _empty, _less, _twice, _unsigned])
def test_a_file_that_is_no_row_is_refused(written: Path, harm: Callable[[Path], None]) -> None:
    harm(written)
    with pytest.raises(DataError) as error:
        speed.read(written.parent)
    assert str(written) in str(error.value)
    assert str(error.value).endswith("Delete it and measure again.")
    assert "\n" not in str(error.value)


def test_a_row_of_another_version_is_refused(make_speed: Make, written: Path) -> None:
    speed.write(written, make_speed(schema_version="0"))
    with pytest.raises(DataError, match="this version's `bench speed`"):
        speed.read(written.parent)


def test_a_disk_that_refuses_keeps_the_row_before(
    make_speed: Make, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    before = speed.read(written.parent)
    monkeypatch.setattr(durable.os, "fsync", full)
    with pytest.raises(StorageError, match=f"Cannot write {written}: No space left on device"):
        speed.write(written, make_speed(pool=5))
    assert speed.read(written.parent) == before
    assert list(written.parent.iterdir()) == [written]


def test_no_scan_takes_them_for_results_of_runs(
    written: Path, make_row: Callable[..., Row], tmp_path: Path
) -> None:
    assert store.scan([tmp_path]).num_rows == 0
    assert store.scan([written]).num_rows == 0
    store.write(tmp_path / "run.parquet", [make_row()])
    assert store.scan([tmp_path]).num_rows == 1


NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="[],"), min_size=1)
IDENTITIES = st.tuples(
    st.sampled_from(["tagger", "tagger[hidden=2]"]),
    st.one_of(NAMES, st.sampled_from(["lc", "lc[width=2]", "lc[decode=sequential]", "l-c", "l/c"])),
    st.sampled_from(["cpu", "cuda NVIDIA H100", "cuda NVIDIA H200"]),
    st.integers(1, 99),
)


@given(st.lists(IDENTITIES, min_size=2, max_size=8, unique=True))
def test_names_are_distinct_and_safe_on_any_disk(identities: list[Any]) -> None:
    files = [speed.path(Path("out"), "atis", "alise", *identity) for identity in identities]
    assert len({str(file).lower() for file in files}) == len(files)
    for file in files:
        assert file.parent == Path("out/atis-alise")
        assert set(file.name) <= set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
        )
        assert file.name[0] not in ".-"


def test_numbers_of_a_row_by_hand(make_speed: Make) -> None:
    row = make_speed(pool=5000, timed=1000)
    assert row.query == 5.0 * 5  # the median over 1,000, five times
    assert row.extrapolated
    assert row.passes == 3.0  # the median of 4/1, 5/2, 6/2: each beside its own pass
    assert row.rate == 200
    assert row.summary == "25 s, 3.00 passes"
    assert not make_speed().extrapolated
