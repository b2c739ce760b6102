from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from bench.board import neighbourhood
from bench.board.neighbourhood import PLACE
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
RULES = schema.RULES_VERSION


def table(*cells: list[Row]) -> pa.Table:
    found = schema.to_table([row for cell in cells for row in cell])
    return found.append_column("file", pa.array(["x"] * found.num_rows).dictionary_encode())


def cell_names(found: pa.Table) -> set[tuple[str, int]]:
    return set(zip(found["strategy"].to_pylist(), found["seed"].to_pylist(), strict=True))


@pytest.fixture
def cells(make_run: Make) -> Callable[..., list[Row]]:
    return lambda name, seed, **changes: make_run(
        name, seed, [0.5, 0.6], **{"rules_version": RULES, **changes}
    )


def place(row: Row) -> dict[str, str]:
    return {name: getattr(row, name) for name in PLACE}


@pytest.mark.parametrize("name", PLACE)
def test_only_rows_of_the_place_are_left(cells: Any, name: str) -> None:
    other = "{ }" if name == "learner_params" else "other"
    found = table(cells("lc", 0), cells("lc", 1, **{name: other}))
    assert cell_names(neighbourhood.at(found, place(cells("lc", 0)[0]))) == {("lc", 0)}


def test_only_rows_under_these_rules_are_left(cells: Any) -> None:
    major, minor, *_ = RULES.split(".")
    found = table(
        cells("lc", 0),
        cells("lc", 1, rules_version=f"{RULES}.7"),
        cells("lc", 2, rules_version=f"{major}.{minor}1"),
        cells("lc", 3, rules_version=f"{int(major) + 1}.{minor}"),
    )
    assert cell_names(neighbourhood.at(found, place(cells("lc", 0)[0]))) == {("lc", 0), ("lc", 1)}


def test_nothing_is_of_no_place(cells: Any) -> None:
    empty = schema.SCHEMA.empty_table()
    assert neighbourhood.at(empty, place(cells("lc", 0)[0])).num_rows == 0
    assert neighbourhood.seeds(empty, "lc") == set()


def test_seeds_are_those_without_parameters_or_failure(cells: Any) -> None:
    failed = [replace(row, status="failed", error="x") for row in cells("lc", 2)]
    found = table(cells("lc", 0), cells("lc", 1, params='{"k":1}'), failed, cells("nse", 3))
    assert neighbourhood.seeds(found, "lc") == {0}


def test_ours_stand_for_those_of_others(cells: Any) -> None:
    ours = table(cells("lc", 0, score=0.9), cells("lc", 1, params='{"k":1}'))
    others = table(cells("lc", 0), cells("lc", 1), cells("nse", 0))
    found = neighbourhood.joined(ours, others)
    assert found.schema.names == schema.SCHEMA.names
    assert found.num_rows == 8
    scores = {
        row.score for row in schema.from_table(found) if (row.strategy, row.seed) == ("lc", 0)
    }
    assert scores == {0.9}


def test_there_may_be_no_others(cells: Any) -> None:
    ours = table(cells("lc", 0))
    assert neighbourhood.joined(ours, schema.SCHEMA.empty_table()).num_rows == 2
