import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from bench.board import overlap, overlap_render, run
from bench.board.agreement import by_chance
from bench.board.overlap import Overlap
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
Picks = Callable[..., list[Row]]


@pytest.fixture
def picks(make_run: Make) -> Picks:
    """A cell that selects these ids, round by round, and one last round without a choice."""

    def make(strategy: str, seed: int, *rounds: tuple[int, ...], **changes: object) -> list[Row]:
        rows = make_run(strategy, seed, [0.5] * (len(rounds) + 1), **changes)
        return [replace(row, selected=ids) for row, ids in zip(rows, (*rounds, ()), strict=True)]

    return make


def build(rows: list[Row], **more: object) -> Overlap:
    cells = overlap.group(rows)
    place = run.runs(schema.to_table(rows))[0].place
    return overlap.build(place, cells, more.pop("rankings", {}), **more)  # type: ignore[arg-type]


def test_selections_are_compared_by_round_and_seed(picks: Picks) -> None:
    rows = [
        *picks("lc", 0, (3, 4), (5, 6)),
        *picks("lc", 1, (3, 4), (5, 6)),
        *picks("lc", 2, (3, 4)),
        *picks("nse", 0, (4, 3), (7, 8)),
        *picks("nse", 1, (9, 3), (6, 5)),
        *picks("nse", 3, (3, 4)),
    ]
    (pair,) = build(rows, pool=12).pairs
    assert (pair.one, pair.two, pair.seeds) == ("lc", "nse", (0, 1))
    assert pair.jaccard == (pytest.approx((1 + 1 / 3) / 2), pytest.approx((0 + 1) / 2))
    assert pair.chance == (by_chance(10, 2, 2),) * 2  # two of the twelve were the initial set
    assert pair.spearman is None


def test_a_seed_that_went_further_counts_where_both_are(picks: Picks) -> None:
    rows = [
        *picks("lc", 0, (3,), (4,), (5,)),
        *picks("lc", 1, (3,), (4,)),
        *picks("nse", 0, (3,), (6,)),
        *picks("nse", 1, (7,)),
    ]
    (pair,) = build(rows).pairs
    assert pair.jaccard == (0.5, 0)
    assert pair.chance == (None, None)


def test_rounds_without_a_choice_and_the_whole_pool_are_no_selections(picks: Picks) -> None:
    rows = [*picks("lc", 0, (3,)), *picks("full", 0, (1,)), *picks("nse", 0)]
    assert [*overlap.group(rows)] == ["lc"]
    assert [row.selected for row in overlap.group(rows)["lc"][0]] == [(3,)]


def test_a_choice_of_nothing_is_a_round(picks: Picks) -> None:
    rows = [*picks("lc", 0, (), (4,)), *picks("nse", 0, (), (4,))]
    assert build(rows, pool=9).pairs[0].jaccard == (None, 1)
    assert build(rows, pool=9).chance[0] is None


def test_variants_are_strategies_of_their_own(picks: Picks) -> None:
    rows = [*picks("nse", 0, (3,)), *picks("nse", 0, (3,), params='{"width":3}')]
    (pair,) = build(rows).pairs
    assert pair.name == "nse × nse[width=3]"


def test_strategies_without_a_common_seed_are_no_pair(picks: Picks) -> None:
    rows = [*picks("a", 0, (3,)), *picks("b", 0, (3,)), *picks("c", 1, (3,))]
    assert [pair.name for pair in build(rows).pairs] == ["a × b"]


def test_a_drawn_pool_is_as_large_as_the_settings_say(picks: Picks) -> None:
    rows = [*picks("a", 0, (3,), config='{"pool":8}'), *picks("b", 0, (3,), config='{"pool":8}')]
    assert build(rows).pool == 8
    assert build(rows).pairs[0].chance == (by_chance(6, 1, 1),)
    assert build(rows).notes == ()
    named = [replace(row, config='{"pool":"train"}') for row in rows]
    assert build(named).pool is None
    assert "unknown" in build(named).notes[0]
    assert build(named, pool=5).pool == 5


def test_rankings_are_compared_by_seed(picks: Picks) -> None:
    rows = [row for name in "abc" for seed in (0, 1, 2) for row in picks(name, seed, (3,))]
    up, down = np.arange(5), np.arange(5)[::-1]
    rankings = {"a": {0: up, 1: up, 2: up}, "b": {1: down, 0: up}}
    found = build(rows, rankings=rankings, unranked=["c"])
    spearman = {pair.name: pair.spearman for pair in found.pairs}
    both = spearman["a × b"]
    assert both is not None
    assert (both.low, both.high) == (pytest.approx(-1), pytest.approx(1))
    assert both.mean == pytest.approx(0)
    assert both.seeds == (0, 1)
    assert spearman["a × c"] is spearman["b × c"] is None


@pytest.fixture
def found(picks: Picks) -> Overlap:
    """Three strategies, eleven rounds, two of them ranked."""
    rounds = tuple((number, number + 1) for number in range(10, 21))
    names = ("bald[measure=mutual_information]", "lc", "random")
    rows = [
        row
        for name in names
        for seed in (0, 1)
        for row in picks(name.partition("[")[0], seed, *rounds, synthetic=True)
    ]
    rankings = {"lc": {0: np.arange(9)}, "random": {0: np.arange(9)[::-1]}}
    return build(rows, rankings=rankings, unranked=["bald"], pool=200, notes=["Note | this."])


def text(found: Overlap) -> str:
    console = Console(width=100, file=StringIO())
    console.print(overlap_render.table(found))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_table_shows_first_and_last_round_and_fits(found: Overlap) -> None:
    lines = text(found).splitlines()
    assert max(map(len, lines)) <= 100
    head = next(line for line in lines if line.startswith(" selected in round")).split()
    assert (head[4], head[-1]) == ("1", "11")
    assert any(line.split()[:4] == ["lc", "×", "random", "2"] for line in lines)
    (chance,) = (line.split() for line in lines if line.startswith(" by chance"))
    assert chance[2] == f"{by_chance(198, 2, 2):.3f}"
    ranked = [line.split() for line in lines if "1.000" in line and line.split()[-1] == "1"]
    assert ["lc", "×", "random", "-1.000", "-1.000", "-1.000", "1"] in ranked
    assert ["bald", "no", "ranking"] in [line.split() for line in lines]
    assert "Note | this." in text(found)


def test_long_names_leave_room_for_two_rounds(found: Overlap) -> None:
    long = tuple(replace(pair, one="x" * 60) for pair in found.pairs)
    lines = text(replace(found, pairs=long)).splitlines()
    assert max(map(len, lines)) <= 100
    assert any(line.split()[-2:] == ["1", "11"] for line in lines)


def test_without_rankings_there_is_one_table(found: Overlap) -> None:
    pairs = tuple(replace(pair, spearman=None) for pair in found.pairs)
    alone = replace(found, pairs=pairs, unranked=())
    assert len(overlap_render.sheets(alone, 4)) == 1
    assert len(overlap_render.sheets(found, 4)) == 2


def test_markdown_has_rectangular_tables(found: Overlap) -> None:
    page = overlap_render.markdown(found)
    assert page.startswith("# Overlap: atis · alise · tagger · cpu · synthetic\n")
    assert "a pool of 200 items" in page
    assert "Note \\| this." in page
    tables = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    assert [len(table) for table in tables] == [2 + 3 + 1, 2 + 1 + 1]
    for table in tables:
        assert len({line.count("|") for line in table}) == 1


def test_json_has_every_round_at_full_precision(found: Overlap) -> None:
    values = json.loads(overlap_render.json(found))
    assert (values["task"], values["unit"], values["pool"]) == ("atis", "items", 200)
    assert values["unranked"] == ["bald"]
    pair = values["pairs"][-1]
    assert (pair["one"], pair["two"], pair["seeds"]) == ("lc", "random", [0, 1])
    assert pair["jaccard"] == [1.0] * 11
    assert pair["chance"] == [by_chance(198, 2, 2)] * 11
    assert pair["spearman"]["seeds"] == [0]
    assert values["pairs"][0]["spearman"] is None
