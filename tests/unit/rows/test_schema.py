import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.error import DataError
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., Row]

_NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
_SECONDS = st.none() | st.floats(0, 1e9)
_SCORES = st.none() | st.floats(0, 1)
_METRICS = st.none() | st.dictionaries(_NAMES, _SCORES, max_size=3)
_IDS = st.lists(st.integers(0, 2**31 - 1), max_size=5).map(tuple)
_COUNTS = st.integers(0, 2**62)
_BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "str": _NAMES,
    "str | None": st.none() | _NAMES,
    "int": _COUNTS,
    "dict[str, int]": st.dictionaries(_NAMES, _COUNTS, max_size=3),
    "bool": st.booleans(),
    "float | None": _SCORES,
    "dict[str, float | None] | None": _METRICS,
    "dict[str, float] | None": st.none() | st.dictionaries(_NAMES, st.floats(0, 1), max_size=3),
    "tuple[int, ...]": _IDS,
    "datetime": st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
}


def _kind(field: "dataclasses.Field[Any]") -> str:
    return field.type.__name__ if isinstance(field.type, type) else str(field.type)


def any_row() -> st.SearchStrategy[Row]:
    """Rows with whatever their types allow, valid or not."""
    values = {f.name: _BY_TYPE[_kind(f)] for f in dataclasses.fields(Row)}
    small = st.integers(0, 2**31 - 1)
    return st.builds(Row, **(values | {"seed": small, "round": small}))


@given(st.lists(any_row(), max_size=4))
def test_rows_survive_arrow(rows: list[Row]) -> None:
    assert schema.from_table(schema.to_table(rows)) == rows


def test_columns_are_those_of_the_design() -> None:
    assert schema.NAMES[:8] == (*schema.Key._fields[:-1], "round")
    assert schema.SCHEMA.names == list(schema.NAMES)
    assert str(schema.SCHEMA.field("selected").type.value_type) == "int32"
    assert str(schema.SCHEMA.field("created").type) == "timestamp[us, tz=UTC]"
    assert not schema.SCHEMA.field("items").nullable
    assert schema.SCHEMA.field("own_score").nullable


def test_cell_key_ignores_the_round(make_row: Make) -> None:
    assert schema.cell_key(make_row(round=0)) == schema.cell_key(make_row(round=3, items=9))
    assert schema.cell_key(make_row()) != schema.cell_key(make_row(device="cuda"))
    name = str(schema.cell_key(make_row(strategy="nse", params='{"width":3}')))
    assert name == 'some-some some nse{"width":3} seed 0 (cpu)'


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "done", "error": None}, "status is 'done'"),
        ({"status": "failed"}, "error must be given"),
        ({"error": "boom"}, "error must be given"),
        ({"score": None}, "score and metrics are missing"),
        ({"score": float("nan")}, "score is nan, not a finite number"),
        ({"metrics": {"f1": float("inf")}}, "f1 is inf"),
        ({"fit_seconds": -1.0}, "fit_seconds is negative"),
        ({"items": -1}, "items is negative"),
        ({"labels": {"city": 0}}, "labels of 'city' are 0, not at least 1"),
        ({"labels": None}, "labels is missing"),
        ({"unit": "entities"}, "unit is 'entities'"),
        ({"params": '{"b": 1}'}, "params is not canonical JSON"),
        ({"schema_version": "0"}, "schema_version is '0', expected '3'"),
        ({"task": None}, "task is missing"),
        ({"created": datetime(2026, 1, 1)}, "created has no time zone"),
    ],
)
def test_validation_names_the_row_and_the_reason(
    make_row: Make, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DataError, match="here, row 1: ") as caught:
        schema.validate([make_row(), make_row(**changes)], "here")
    assert reason in str(caught.value)


def test_a_failed_round_may_lack_its_score(make_row: Make) -> None:
    row = make_row(status="failed", error="it raised", score=None, metrics=None, fit_seconds=None)
    schema.validate([row], "here")


def test_a_metric_may_be_unmeasured(make_row: Make) -> None:
    row = make_row(metrics={"bleu4": 0.25, "meteor": None})
    schema.validate([row], "here")
    assert schema.from_table(schema.to_table([row])) == [row]


@pytest.mark.parametrize(
    "changes",
    [{"seed": 2**40}, {"task": 3}, {"error": "\ud800"}, {"labels": {"a": "x"}}],
)
def test_a_value_that_does_not_fit_is_a_data_error(make_row: Make, changes: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="does not fit schema 3"):
        schema.to_table([make_row(**changes)])


def test_labels_lie_by_name(make_row: Make) -> None:
    table = schema.to_table([make_row(labels={"b": 2, "a": 1})])
    assert table["labels"].to_pylist() == [[("a", 1), ("b", 2)]]


def test_rows_come_out_of_a_table_with_more_columns(make_row: Make) -> None:
    table = schema.to_table([make_row()]).append_column("file", pa.array(["a.parquet"]))
    assert schema.from_table(table) == [make_row()]


@pytest.mark.parametrize(
    ("version", "part"), [("1.0", "1.0"), ("1.0.7", "1.0"), ("12.3.4", "12.3")]
)
def test_results_compare_within_major_and_minor(version: str, part: str) -> None:
    assert schema.major_minor(version) == part
