from collections.abc import Callable
from dataclasses import fields, replace
from itertools import chain

import numpy as np
import pyarrow as pa
import pytest

from bench.board.lists import Lists
from bench.board.run import Origin, Place, Run, runs
from bench.board.tally import Tally, total
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
SCORES = (0.5, 0.6, 0.7)


def read(*cells: list[Row]) -> list[Run]:
    return runs(schema.to_table([row for cell in cells for row in cell]))


def test_no_rows_no_runs() -> None:
    assert read() == []


def test_the_columns_of_a_run_by_hand(make_run: Make) -> None:
    (run,) = read(make_run("alise", 3, SCORES, own_score=0.9, own_fit_seconds=4.0))
    expected = {
        "items": [300, 600, 900],
        "words": [3000, 6000, 9000],
        "duplicates": [0, 30, 60],
        "score": [0.5, 0.6, 0.7],
        "own_score": [0.9, 0.9, 0.9],
        "acquisition": [2, 2, np.nan],
        "passes": [4, 4, np.nan],
        "training": [14, 14, 14],
        "fit": [10, 10, 10],
        "own_fit": [4, 4, 4],
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(getattr(run, name), values, err_msg=name)
    assert [each.tolist() for each in run.chosen] == [[3, 4], [3, 4], []]
    assert (run.seed, run.rounds, run.unit, run.error) == (3, 3, "items", None)
    assert run.place == Place("atis", "alise", "tagger", "cpu", "1.2", *("abcdef123456",) * 2)


def test_what_was_not_measured_alone_is_unknown(make_run: Make) -> None:
    (run,) = read(make_run("lc", 0, SCORES, executor="process"))
    for name in ("acquisition", "passes", "training", "own_score"):
        assert np.isnan(getattr(run, name)).all(), name
    assert run.fit.tolist() == [10, 10, 10]
    assert run.own_fit.tolist() == [0, 0, 0]
    (timeless,) = read(make_run("lc", 0, SCORES, pass_seconds=0.0))
    assert np.isnan(timeless.passes).all()
    assert timeless.acquisition[:2].tolist() == [2, 2]


def test_the_budget_is_in_the_unit_of_the_protocol(make_run: Make) -> None:
    items, words = read(make_run("a", 0, SCORES), make_run("b", 0, SCORES, unit="words"))
    assert items.spent.tolist() == [300, 600, 900]
    assert words.spent.tolist() == [3000, 6000, 9000]


def test_cells_are_in_order_of_their_keys_and_seeds_of_their_numbers(make_run: Make) -> None:
    keys = [("nse", 2), ("lc", 10), ("lc", 2), ("alise", 1)]
    variant = make_run("lc", 2, SCORES, params='{"width":3}')
    found = read(variant, *(make_run(name, seed, SCORES) for name, seed in keys))
    assert [(run.strategy, run.seed) for run in found] == [
        ("alise", 1),
        *(("lc[width=3]", 2), ("lc", 2), ("lc", 10)),
        ("nse", 2),
    ]
    assert {run.name for run in found} == {"alise", "lc", "nse"}


@pytest.fixture
def table(make_run: Make) -> pa.Table:
    """Two cells, their rounds in disorder; ids and counts say where they belong."""
    cells = [
        replace(
            row,
            selected=(*range(10 * row.seed, 10 * row.seed + row.round),),
            labels={f"round {row.round}": 1, "all": 100 * row.seed + row.round + 1},
        )
        for seed in (1, 2)
        for row in make_run("lc", seed, SCORES)
    ]
    return schema.to_table([cells[place] for place in (4, 0, 3, 2, 5, 1)])


@pytest.mark.parametrize("parts", [[6], [0, 2, 4], [1, 1, 1, 1, 1, 1]])
def test_lists_and_labels_stay_with_their_rounds(table: pa.Table, parts: list[int]) -> None:
    starts = np.cumsum([0, *parts[:-1]])
    pieces = [table.slice(start, length) for start, length in zip(starts, parts, strict=True)]
    for each in (pa.concat_tables(pieces), pa.concat_tables(pieces).slice(0)):
        for seed, run in enumerate(runs(each), start=1):
            ids = [[], [10 * seed], [10 * seed, 10 * seed + 1]]
            assert [found.tolist() for found in run.chosen] == ids
            assert run.chosen.joined().tolist() == [*chain(*ids)]
            assert [total([run.labels[number : number + 1]]) for number in range(3)] == [
                {"all": 100 * seed + number + 1, f"round {number}": 1} for number in range(3)
            ]
            assert total([run.labels[1:]])["all"] == 200 * seed + 5
        assert total(run.labels for run in runs(each))["all"] == 3 * (100 + 200) + 12


def test_a_part_of_a_table_is_a_table(table: pa.Table) -> None:
    (run,) = runs(table.slice(1, 1))
    assert (run.seed, run.rounds) == (1, 1)
    assert run.chosen[0].tolist() == []
    assert total([run.labels]) == {"all": 101, "round 0": 1}
    (run,) = runs(table.slice(2, 1))
    assert total([run.labels]) == {"all": 201, "round 0": 1}


def test_a_failed_round_is_left_out_and_its_error_kept(make_run: Make) -> None:
    failed = make_run("lc", 0, SCORES)
    failed[-1] = replace(failed[-1], status="failed", error="it raised", score=None, metrics=None)
    other = make_run("nse", 0, SCORES, words=7)
    for run, whole in (read(failed, other), read(other, failed)):
        assert (run.error, run.rounds, run.origin.status) == ("it raised", 2, "failed")
        assert run.score.tolist() == [0.5, 0.6]
        assert run.words.tolist() == [3000, 6000]
        assert [each.tolist() for each in run.chosen] == [[3, 4], [3, 4]]
        assert (whole.error, whole.rounds, whole.words.tolist()) == (None, 3, [7, 7, 7])


def test_a_cell_that_failed_at_once_has_no_rounds(make_run: Make) -> None:
    failed = replace(make_run("lc", 0, SCORES)[0], status="failed", error="it raised")
    run, whole = read([failed], make_run("nse", 0, SCORES))
    assert (run.rounds, len(run.chosen), run.error) == (0, 0, "it raised")
    assert whole.score.tolist() == list(SCORES)


def test_a_cut_shortens_every_array_alike(make_run: Make) -> None:
    (run,) = read(make_run("lc", 0, SCORES))
    cut = run.cut(2)
    kinds = (np.ndarray, Lists, Tally)
    arrays = [each.name for each in fields(Run) if isinstance(getattr(run, each.name), kinds)]
    assert len(arrays) == 12
    assert {len(getattr(cut, name)) for name in arrays} == {2}
    assert {len(getattr(run, name)) for name in arrays} == {3}
    assert cut.score.tolist() == [0.5, 0.6]
    assert cut.rounds == 2
    rest = [each.name for each in fields(Run) if each.name not in arrays]
    assert all(getattr(cut, name) == getattr(run, name) for name in rest)


def test_where_a_cell_comes_from_is_said_by_its_last_round(make_run: Make) -> None:
    cell = make_run("lc", 0, SCORES, isolation="process")
    cell[-1] = replace(cell[-1], bench_version="9.9", executor="ray", environment='{"cpu":"Z80"}')
    expected = Origin(
        file="",
        status="ok",
        bench_version="9.9",
        code_digest="abcdef123456",
        environment='{"cpu":"Z80"}',
        created="2026-01-01T00:00:00+00:00",
        executor="ray",
        isolation="process",
    )
    rows = schema.to_table([cell[2], cell[0], cell[1]])
    (run,) = runs(rows)
    assert run.origin == expected
    (run,) = runs(
        rows.append_column("file", pa.array(["there", "here", "here"]).dictionary_encode())
    )
    assert run.origin == expected._replace(file="there")


def test_a_place_is_what_runs_are_compared_within(make_run: Make) -> None:
    changes = {
        "task": "other",
        "protocol": "other",
        "learner": "other",
        "device": "other",
        "data_digest": "other",
        "config_digest": "other",
        "rules_version": "1.3.0",
        "learner_params": '{"hidden":7}',
    }
    ((usual,), *others) = (
        read(make_run("lc", 0, SCORES, **change))
        for change in ({}, *({name: value} for name, value in changes.items()))
    )
    places = {run.place for (run,) in others}
    assert len(places) == len(changes)
    assert usual.place not in places
    assert "tagger[hidden=7]" in {place.learner for place in places}
    for change in ({"rules_version": "1.2.9"}, {"code_digest": "other"}, {"params": '{"a":1}'}):
        (same,) = read(make_run("lc", 0, SCORES, **change))
        assert same.place == usual.place
