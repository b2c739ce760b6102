from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.rows import schema
from bench.rows.code import coded
from bench.rows.digest import digest, digests
from bench.rows.schema import Row

Make = Callable[..., Row]


def test_it_sees_results_and_not_timings(make_row: Make) -> None:
    def changed(**changes: object) -> str:
        return digest(schema.to_table([make_row(), make_row(**changes)]))

    same = changed()
    assert changed(fit_seconds=9.0, created=make_row().created.replace(year=2030)) == same
    assert changed(environment='{"python":"3.11"}') == same
    others = [
        changed(seed=1),
        changed(score=0.6),
        changed(score=None),
        changed(own_score=0.0),
        changed(metrics={"f1": 0.5}),
        changed(metrics={"f1": 0.5, "accuracy": 0.7}),
        changed(metrics={"f1": 0.5, "accuracy": None}),
        changed(metrics={"f1": 0.5, "accuracy": 0.0}),
        changed(own_metrics={}),
        changed(labels={"city": 3, "day": 2}),
        changed(labels={"city": 3, "dax": 1}),
        changed(labels={"city": 3}),
        changed(initial=(4, 5), selected=(6, 9, 1)),
        changed(initial=()),
        changed(task="som", protocol="esome"),
        changed(error=""),
        changed(synthetic=True),
    ]
    assert len({same, *others}) == len(others) + 1


@pytest.mark.parametrize("name", [each for each in schema.NAMES if each not in schema.VOLATILE])
def test_it_sees_every_column(make_row: Make, name: str) -> None:
    kind = schema.SCHEMA.field(name).type
    value: Any = 7
    if pa.types.is_map(kind):
        value = {"other": 1}
    elif pa.types.is_list(kind):
        value = (7,)
    elif pa.types.is_string(kind):
        value = "other"
    elif pa.types.is_boolean(kind):
        value = True
    before, after = (schema.to_table([make_row(**each)]) for each in ({}, {name: value}))
    assert digest(before) != digest(after)


@pytest.mark.parametrize(
    ("column", "one", "two"),
    [
        ("selected", ((1, 2), (3,)), ((1,), (2, 3))),
        ("metrics", ({"a": 0.0}, {"b": 0.0}), ({"a": 0.0, "b": 0.0}, {})),
        ("labels", ({"a": 1}, {"b": 1}), ({"b": 1}, {"a": 1})),
        ("task", ("ab", "c"), ("a", "bc")),
        ("error", ("a", None), (None, "a")),
        ("own_score", (0.5, None), (None, 0.5)),
    ],
)
def test_it_sees_which_row_a_value_belongs_to(
    make_row: Make, column: str, one: tuple[object, ...], two: tuple[object, ...]
) -> None:
    first, second = (
        digest(schema.to_table([make_row(**{column: value}) for value in values]))
        for values in (one, two)
    )
    assert first != second


def varied(make_row: Make, count: int) -> list[Row]:
    """Rows of which no two are alike, with and without what may be missing."""
    return [
        make_row(
            round=n,
            score=None if n % 3 == 1 else n / 9,
            own_score=n / 7 if n % 2 else None,
            metrics={"f1": n / 9} if n % 3 else None,
            labels={f"name{each}": each + 1 for each in range(n % 4)},
            selected=tuple(range(n)),
            error=None if n % 2 else "é" * n,
        )
        for n in range(count)
    ]


def test_it_does_not_depend_on_the_layout(make_row: Make) -> None:
    whole = schema.to_table(varied(make_row, 6))
    chunked = pa.concat_tables([whole.slice(0, 2), whole.slice(2, 1), whole.slice(3)])
    assert digest(chunked) == digest(whole)
    sliced = pa.concat_tables([whole, whole]).combine_chunks().slice(6)
    assert digest(sliced) == digest(whole)
    nulls = whole["own_score"].is_null().to_numpy()
    bits = whole["own_score"].is_valid().combine_chunks().buffers()[1]
    for under in (0.0, 5.0):  # what lies where there is no value
        values = pa.array([under if no else n / 7 for n, no in enumerate(nulls)])
        column = pa.Array.from_buffers(pa.float64(), 6, [bits, values.buffers()[1]])
        place = schema.NAMES.index("own_score")
        assert digest(whole.set_column(place, "own_score", column)) == digest(whole)


def test_it_does_not_depend_on_whether_texts_are_coded(make_row: Make) -> None:
    whole = pa.concat_tables([schema.to_table(varied(make_row, 6))] * 3000)  # several blocks
    kinds = pa.schema([field.with_type(coded(field.type)) for field in schema.SCHEMA])
    counts = [5, 0, 9000, 8990, 5]
    assert digests(whole.cast(kinds), counts) == [digest(part) for part in cut(whole, counts)]


@given(st.lists(st.integers(0, 5), max_size=6))
def test_the_digest_of_a_part_is_that_of_its_rows_alone(make_row: Make, counts: list[int]) -> None:
    table = schema.to_table(varied(make_row, sum(counts)))
    assert digests(table, counts) == [digest(part) for part in cut(table, counts)]


def cut(table: pa.Table, counts: Sequence[int]) -> list[pa.Table]:
    """Consecutive slices of so many rows."""
    return [table.slice(sum(counts[:n]), count) for n, count in enumerate(counts)]
