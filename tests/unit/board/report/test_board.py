from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.board import number
from bench.board.leaderboard import Board
from bench.board.rank import Pair
from bench.board.report import board as tables
from bench.board.report import summary
from bench.board.report.table import Table
from bench.board.stats import Difference
from bench.rows.schema import Row

Make = Callable[..., list[Row]]


def found(board: Board) -> dict[str, dict[str, Any]]:
    return {each.key: each.plain() for each in tables.tables(board)}


def texts(plain: dict[str, Any], name: str) -> list[str]:
    (column,) = (each for each in plain["columns"] if each["name"] == name)
    return list(column["texts"])


def test_a_table_for_all_there_is(boards: list[Board]) -> None:
    keys = ["comparison", "scores", "words", "full", "cost", "picks", "wins", "pairs"]
    assert list(found(boards[0])) == keys
    assert list(found(boards[1])) == ["comparison", "scores", "words", "cost", "picks"]


def test_rows_are_rectangular_and_of_strategies(boards: list[Board]) -> None:
    for board in boards:
        for each in [*tables.tables(board), tables.incomplete(board)]:
            assert {len(row) for row in each.rows} <= {len(each.header)}
            assert len(each.of) == len(each.rows)
            assert all(0 <= place < len(board.entries) for of in each.of for place in of)


def test_numbers_are_written_as_everywhere(boards: list[Board]) -> None:
    entries = boards[0].entries
    plain = found(boards[0])["comparison"]
    assert texts(plain, "area [95 %]") == [number.interval(each.area) for each in entries]
    gaps = [number.difference(each.against_random) for each in entries]
    assert texts(plain, "vs random") == gaps
    assert texts(plain, "seeds") == ["5"] * 4
    names = [each.strategy for each in entries]
    assert names[-1] == "alise"
    assert texts(plain, "strategy") == [*names[:-1], "alise (to 900)"]


def test_top_and_preliminary_are_marked(boards: list[Board]) -> None:
    plain = found(boards[0])["comparison"]
    marked = [text.startswith("● 1") for text in texts(plain, "rank")]
    assert marked == [bool(each.top) for each in boards[0].entries]
    assert {*marked} == {True, False}
    assert texts(found(boards[1])["comparison"], "seeds") == ["1†"]


def test_own_scores_stand_below_their_successors(boards: list[Board]) -> None:
    plain = found(boards[0])["scores"]
    assert texts(plain, "strategy")[-2:] == ["alise (to 900)", "alise, own"]
    assert texts(plain, "900")[-2:] == ["0.600 ± 0.000", "0.550 ± 0.000"]
    assert texts(plain, "1,200")[-2:] == ["—", "—"]
    assert plain["of"][-2:] == [[3], [3]]


def test_words_that_some_do_not_reach_are_no_number(boards: list[Board]) -> None:
    (column,) = (c for c in found(boards[0])["full"]["columns"] if c["name"] == "99 % of full")
    reached = dict(zip(texts(found(boards[0])["full"], "strategy"), column["texts"], strict=True))
    values = dict(zip(reached, column["values"], strict=True))
    assert reached["alise (to 900)"] == "not reached"
    assert values["alise (to 900)"] is None
    assert reached["random"] == "reached by 1 of 5"
    assert values["random"] is None
    assert isinstance(values["lc"], float)
    assert column["number"]


def test_label_shares(boards: list[Board]) -> None:
    plain = found(boards[0])["picks"]
    assert [each["name"] for each in plain["columns"]][:1] == ["strategy"]
    for each in plain["columns"]:
        if each.get("kind") == "share":
            assert each["name"] in {"city", "time"}


def test_wins_and_losses(make_run: Make) -> None:
    def pair(apart: bool | None, mean: float) -> Pair:
        gap = Difference(mean, 0.1, mean, mean, 5, 0.5, 0.1, None)
        return Pair("a", "b", gap, 4, 1, apart, 0.95, True)

    for apart, mean, expected in (
        (True, 0.1, ("▲ 4 : 1", "▼ 1 : 4")),
        (True, -0.1, ("▼ 4 : 1", "▲ 1 : 4")),
        (False, 0.1, ("4 : 1", "1 : 4")),
        (None, 0.1, ("4 : 1", "1 : 4")),
    ):
        assert tables._duel(pair(apart, mean)) == (expected[0], 3)
        assert tables._duel(pair(apart, mean), -1) == (expected[1], -3)


def test_the_matrix_is_of_every_two(boards: list[Board]) -> None:
    plain = found(boards[0])["wins"]
    names = [each.strategy for each in boards[0].entries]
    assert [each["name"] for each in plain["columns"][1:]] == names
    assert [each["strategy"] for each in plain["columns"][1:]] == [0, 1, 2, 3]
    for place, each in enumerate(plain["columns"][1:]):
        assert each["texts"][place] == ""
        assert each["values"][place] is None
    pair = boards[0].pairs[0]
    assert texts(plain, pair.two)[0].endswith(f"{pair.wins} : {pair.losses}")


def test_near_identical_picks_are_flagged(boards: list[Board]) -> None:
    plain = found(boards[0])["pairs"]
    rows = dict(
        zip(
            zip(texts(plain, "strategy"), texts(plain, "and"), strict=True),
            zip(texts(plain, "Jaccard"), texts(plain, "picks"), strict=True),
            strict=True,
        )
    )
    assert rows["margin", "lc"] == ("1.00", "≈ near-identical")
    assert rows["margin", "random"] == ("0.33", "")
    assert len(rows) == 6


def test_incomplete_cells_keep_their_whole_reason(boards: list[Board]) -> None:
    plain = tables.incomplete(boards[0]).plain()
    assert texts(plain, "state") == ["failed"]
    assert texts(plain, "reason") == ["no\nmore"]
    assert plain["of"] == [[]]


def test_a_board_without_entries(boards: list[Board]) -> None:
    board = replace(boards[0], entries=(), pairs=())
    assert tables.tables(board) == []
    assert dict(summary.facts(board))["seeds"] == number.NONE


def test_facts_and_marks(boards: list[Board]) -> None:
    facts = dict(summary.facts(boards[0]))
    assert facts["all labelled"] == "0.660 (1 seed)"
    assert (facts["learner"], facts["rules"], facts["data"]) == ("tagger", "1.2", "abcdef123456")
    assert summary.marks(boards[0]) == []
    assert summary.marks(boards[1]) == ["synthetic data", "preliminary"]


def test_the_index_names_the_first_of_the_top_group(boards: list[Board]) -> None:
    entries = tuple(replace(boards[0].entries[0], strategy=name, top=True) for name in "abcde")
    big = replace(boards[0], entries=entries)
    plain = summary.index([big, boards[1]], ["one", "two"]).plain()
    assert texts(plain, "top group") == ["a, b, c and 2 more", "preliminary"]
    assert texts(plain, "data") == ["", "synthetic"]


@pytest.mark.parametrize("name", ["strategy", "gain", "95 % interval", "better"])
def test_standings(name: str) -> None:
    from bench.board.overall import Overall, Standing

    overall = Overall("cpu", "1.2", (Standing("lc", 3, 0.0123, -0.001, 0.02, 2, 1, 0),))
    table: Table = summary.standings(overall)
    expected = {"strategy": "lc", "gain": "+1.2 %", "95 % interval": "[-0.1, +2.0]", "better": "2"}
    assert texts(table.plain(), name) == [expected[name]]
