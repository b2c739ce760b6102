from bench.board.report import cell
from bench.board.report.cell import Cell
from bench.board.report.table import Head, Table, column, interned, short
from bench.board.stats import Difference, Estimate


def test_a_column_has_texts_and_what_they_sort_by() -> None:
    cells = [cell.significant(1234.5), cell.significant(None), cell.significant(0.0)]
    assert column(Head("passes"), cells) == {
        "name": "passes",
        "texts": ["1,200", "—", "0"],
        "values": [1234.5, None, 0.0],
        "number": True,
    }


def test_texts_that_sort_as_they_are_stand_once() -> None:
    cells = [cell.text("b"), cell.text("a")]
    assert column(Head("name", "digest"), cells) == {
        "name": "name",
        "texts": ["b", "a"],
        "kind": "digest",
    }


def test_a_column_of_a_strategy_says_whose_it_is() -> None:
    assert column(Head("lc", strategy=0), [cell.count(1)])["strategy"] == 0


def test_interned_texts_sort_as_their_codes() -> None:
    found = interned(Head("x"), ["b", "a", "b", "c"])
    assert found == {"name": "x", "table": ["a", "b", "c"], "codes": [1, 0, 1, 2]}


def test_what_nobody_knows_is_left_out() -> None:
    header = (Head("strategy"), Head("p"), Head("front"), Head("area"))
    rows = [
        (cell.text("lc"), cell.significant(None), Cell("", None), cell.significant(0.5)),
        (cell.text("nse"), cell.significant(None), Cell("", None), cell.significant(None)),
    ]
    plain = Table("key", "Title", "note", header, rows, [(0,), (1,)]).plain()
    assert [each["name"] for each in plain["columns"]] == ["strategy", "area"]
    assert plain["of"] == [[0], [1]]


def test_a_table_without_rows() -> None:
    plain = Table("key", "Title", "", (Head("strategy"),), [], []).plain()
    assert (plain["columns"], plain["of"]) == ([], [])


def test_six_digits_are_more_than_is_shown() -> None:
    assert short(1 / 3) == 0.333333
    assert short(123456789.0) == 123457000.0
    assert [short(True), short(7), short("7"), short(None)] == [True, 7, "7", None]


def test_cells_of_numbers() -> None:
    estimate = Estimate(0.5, 0.1, 0.4, 0.6, 5)
    gap = Difference(-0.01, 0.1, -0.11, 0.09, 8, 0.25, 0.2, 0.03)
    assert cell.score(estimate) == ("0.500 ± 0.100", 0.5)
    assert cell.interval(estimate) == ("0.500 [0.400, 0.600]", 0.5)
    assert cell.difference(gap) == ("-0.010 [-0.110, +0.090]", -0.01)
    assert cell.share(0.123) == ("12.3 %", 0.123)
    assert cell.count(12345) == ("12,345", 12345)
    for unknown in (cell.score(None), cell.difference(None), cell.reach(None), cell.share(None)):
        assert unknown == ("—", None)


def test_rank_intervals_sort_by_where_they_begin_then_end() -> None:
    ranks = [(1, 1), (1, 2), (1, 12), (2, 2), (10, 11)]
    values = [cell.rank(rank).value for rank in ranks]
    assert values == sorted(values, key=lambda value: float(value or 0))
    assert cell.rank((1, 12)).text == "1–12"
    assert cell.rank(None) == ("—", None)
