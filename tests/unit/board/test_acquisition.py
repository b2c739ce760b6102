"""Acquisition boards against numbers computed by hand."""

import json
import random
from collections.abc import Callable, Sequence
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bench.board import acquisition, acquisition_render
from bench.board.acquisition import Board, Race
from bench.rows.speed import Speed

Make = Callable[..., Speed]
SEQUENTIAL = "[decode=sequential]"


@pytest.fixture
def rows(make_speed: Make) -> list[Speed]:
    """ALISE in 0.02 and 0.2 s, after 9.8 s of training; LC in 5 and 60 s, NSE in 1 and 10 s."""
    fast = {"strategy": "alise", "own_fit_seconds": 9.8}
    slow = {"strategy": f"lc{SEQUENTIAL}", "timed": 100, "seconds": [3.0, 4.0, 8.0]}
    return [
        make_speed(**fast, seconds=[0.01, 0.02, 0.04]),
        make_speed(**fast, pool=10_000, seconds=[0.1, 0.2, 0.3]),
        make_speed(seconds=[4.0, 5.0, 6.0]),
        make_speed(pool=10_000, seconds=[59.0, 60.0, 61.0]),
        make_speed(strategy="nse", seconds=[0.9, 1.0, 1.1]),
        make_speed(strategy="nse", pool=10_000, seconds=[9.0, 10.0, 11.0]),
        make_speed(**slow),
        make_speed(strategy="random", seconds=[0.001] * 3),
    ]


def race(board: Board, fast: str, slow: str) -> Race:
    (found,) = (each for each in board.races if (each.fast, each.slow) == (fast, slow))
    return found


def only(rows: Sequence[Speed]) -> Board:
    (board,) = acquisition.build(rows)
    return board


def shown(rows: Sequence[Speed]) -> str:
    stream = StringIO()
    Console(file=stream, width=100).print(acquisition_render.table(acquisition.build(rows)))
    return stream.getvalue()


def test_ratios_by_hand(rows: list[Speed]) -> None:
    small, large = race(only(rows), "alise", "lc").ratios
    assert (small.pool, large.pool) == (1000, 10_000)
    assert small.value == pytest.approx(5 / 0.02)
    assert (small.low, small.high) == pytest.approx((4 / 0.04, 6 / 0.01))
    assert small.trained == pytest.approx(5 / (0.02 + 9.8))
    assert large.value == pytest.approx(60 / 0.2)
    assert large.trained == pytest.approx(60 / (0.2 + 9.8))
    assert not small.extrapolated


def test_what_was_timed_in_part_stands_for_the_whole(rows: list[Speed]) -> None:
    (ratio,) = race(only(rows), "alise", f"lc{SEQUENTIAL}").ratios
    assert ratio.value == pytest.approx(10 * 4 / 0.02)
    assert (ratio.low, ratio.high) == pytest.approx((10 * 3 / 0.04, 10 * 8 / 0.01))
    assert ratio.trained == pytest.approx(40 / 9.82)
    assert ratio.extrapolated


def test_the_even_point_is_where_both_take_as_long(rows: list[Speed]) -> None:
    """By the largest pool: an item of NSE costs 1 ms, of ALISE 0.02 ms; training 9.8 s."""
    even = race(only(rows), "alise", "nse").even
    assert even == pytest.approx(9.8 / (0.001 - 0.00002))
    assert even * 0.001 == pytest.approx(9.8 + even * 0.00002)


def test_who_is_never_ahead_has_no_even_point(rows: list[Speed], make_speed: Make) -> None:
    both = make_speed(strategy="alise_nse", pool=10_000, seconds=[70.0] * 3, own_fit_seconds=9.8)
    board = only([*rows, both])
    assert race(board, "alise_nse", "lc").even is None
    assert race(board, "alise_nse", "lc").ratios[0].value == pytest.approx(60 / 70)


def test_races_are_of_what_was_measured_on_one_pool(rows: list[Speed]) -> None:
    board = only(rows)
    assert {(each.fast, each.slow) for each in board.races} == {
        ("alise", "lc"),
        ("alise", "nse"),
        ("alise", f"lc{SEQUENTIAL}"),
    }
    assert board.training == (80.0, 9.8)
    apart = [row for row in rows if (row.strategy == "alise") == (row.pool == 1000)]
    assert only(apart).races == ()


@pytest.mark.parametrize(
    "other",
    [
        *({"device": "cuda A"}, {"code_digest": "d"}, {"data_digest": "d"}, {"unit": "words"}),
        *({"config_digest": "d"}, {"learner": "tagger[hidden=2]"}, {"task": "snips"}),
        *({"protocol": "words"}, {"labeled": 301}, {"budget": 101}, {"rules_version": "2.0.0"}),
        {"environment": '{"cpu":"Other CPU","threads":1}'},
    ],
)
def test_boards_are_not_mixed(make_speed: Make, other: dict[str, object]) -> None:
    boards = acquisition.build(
        [make_speed(), make_speed(strategy="alise", own_fit_seconds=1.0, **other)]
    )
    assert [len(board.rows) for board in boards] == [1, 1]
    assert not any(board.races for board in boards)


def test_a_claim_that_holds_everywhere_at_some_sizes_or_nowhere(
    rows: list[Speed], make_speed: Make
) -> None:
    said = acquisition_render.verdict(only(rows))
    assert said.startswith("Deng et al. (2018) say that ALISE selects more than 100 times faster")
    assert "On atis (tagger, Some CPU, 1 thread) that holds in part against decoding in" in said
    assert "; that holds against decoding one sentence at a time, as in 2018. In pools of" in said
    assert "ALISE is 250 to 300 times as fast as LC in batches (above 100 everywhere)" in said
    assert "ALISE is 50 times as fast as NSE in batches (above 100 nowhere)" in said
    assert "as fast as LC one sentence at a time, as in 2018 (above 100 everywhere)" in said
    slower = make_speed(strategy="alise", pool=10_000, seconds=[1.0] * 3, own_fit_seconds=9.8)
    mixed = [slower if (r.strategy, r.pool) == ("alise", 10_000) else r for r in rows]
    said = acquisition_render.verdict(only(mixed))
    assert "ALISE is 60 to 250 times as fast as LC in batches (above 100 at 1,000)" in said


def test_exactly_a_hundred_times_is_not_more(make_speed: Make) -> None:
    fast = make_speed(strategy="alise", seconds=[0.0625] * 3, own_fit_seconds=1.0)
    said = acquisition_render.verdict(only([fast, make_speed(seconds=[6.25] * 3)]))
    assert "that does not hold against decoding in batches. In pools of 1,000, ALISE is" in said
    assert "100 times as fast as LC in batches (above 100 nowhere)" in said


def test_the_verdict_says_what_the_training_leaves(rows: list[Speed], make_speed: Make) -> None:
    said = acquisition_render.verdict(only(rows))
    assert said.endswith(
        "Its own training takes 9.8 s, beside the 80 s of the supervised one; if that counts as "
        "part of the query, ALISE is, in batches, ahead of LC from 1,639 sentences on, of NSE from "
        "10,000 sentences on."
    )
    quick = make_speed(strategy="nse", pool=10_000, seconds=[0.1] * 3)
    mixed = [quick if (r.strategy, r.pool) == ("nse", 10_000) else r for r in rows]
    said = acquisition_render.verdict(only(mixed))
    assert said.endswith("ahead of LC from 1,639 sentences on, of NSE never.")


def test_what_was_not_measured_is_not_said(rows: list[Speed]) -> None:
    slow = only([row for row in rows if row.strategy in ("alise", f"lc{SEQUENTIAL}")])
    said = acquisition_render.verdict(slow)
    assert said.endswith("beside the 80 s of the supervised one.")
    assert "never" not in said
    lone = only([row for row in rows if row.strategy == "random"])
    assert acquisition_render.verdict(lone).endswith("nothing was measured that could tell.")


def test_the_page_begins_with_the_verdict(rows: list[Speed]) -> None:
    boards = acquisition.build(rows)
    title, first, *_ = acquisition_render.markdown(boards).split("\n\n")
    assert title == "# What a query costs"
    assert first == acquisition_render.verdict(boards[0])


def cells(page: str, title: str) -> dict[str, list[str]]:
    """The lines of the table under a title, by their first cell."""
    table = page.split(f"**{title}**\n\n")[1].split("\n\n")[0].splitlines()
    lines = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]
    return {line[0]: line[1:] for line in lines}


def test_tables_of_the_page_by_hand(rows: list[Speed]) -> None:
    page = acquisition_render.markdown(acquisition.build(rows))
    fast = cells(page, "Times as fast, by pool [of any two repeats]")
    assert fast["alise : lc"] == ["250 [100, 600]", "300 [200, 610]"]
    assert fast[f"alise : lc{SEQUENTIAL}"] == ["~2,000 [750, 8,000]", "—"]
    trained = cells(page, "The same, its own training counted as part of the query")
    assert trained["alise : nse"] == ["0.10", "1.0", "10,000"]
    assert trained[f"alise : lc{SEQUENTIAL}"] == ["~4.1", "—", "245"]
    costs = cells(page, "A pool of 1,000")
    assert costs["strategy"] == ["seconds", "passes", "items/s", "µs/item", "host GiB"]
    assert costs["lc"] == ["5.0 [4.0, 6.0]", "3.00", "200", "5,000", "1.00"]
    assert costs[f"lc{SEQUENTIAL}"][:3] == ["~40 [30, 80]", "~3.00", "25"]
    parts = cells(page, "A pool of 1,000, phases")
    assert parts["lc"] == ["—", "—", "25.0", "62.5", "—", "12.5"]


def test_a_card_s_columns_are_there_where_a_card_tells(make_speed: Make) -> None:
    row = make_speed(device="cuda A", device_bytes=2**29, joules=42.0)
    page = acquisition_render.markdown(acquisition.build([row]))
    assert cells(page, "A pool of 1,000")["strategy"][-2:] == ["GPU GiB", "J"]
    assert cells(page, "A pool of 1,000")["lc"][-2:] == ["0.50", "42"]


def test_names_are_shown_as_they_are(make_speed: Make) -> None:
    names = {"strategy": "my|*<b>`x`", "learner": "a|b<i>*"}
    page = acquisition_render.markdown(acquisition.build([make_speed(**names)]))
    assert "my\\|\\*\\<b>\\`x\\`" in page
    assert "a\\|b\\<i>\\*" in page
    assert "my|" not in page
    assert "a|b" not in page
    assert "my|*<b>`x`" in shown([make_speed(**names)])


@given(st.randoms(use_true_random=False))
def test_the_same_bytes_whatever_the_order(make_speed: Make, order: random.Random) -> None:
    some = [
        make_speed(strategy=name, pool=pool, device=device, own_fit_seconds=1.0)
        for name in ("alise", "lc", "nse")
        for pool in (10, 1000)
        for device in ("cpu", "cuda A")
    ]
    expected = acquisition_render.markdown(acquisition.build(some))
    mixed = list(some)
    order.shuffle(mixed)
    assert acquisition_render.markdown(acquisition.build(mixed)) == expected
    assert acquisition_render.json(acquisition.build(mixed)) == acquisition_render.json(
        acquisition.build(some)
    )


def test_json_has_every_number(rows: list[Speed]) -> None:
    (board,) = json.loads(acquisition_render.json(acquisition.build(rows)))
    assert board["place"]["task"] == "atis"
    assert len(board["rows"]) == len(rows)
    fastest = board["rows"][0]
    assert (fastest["strategy"], fastest["pool"]) == ("random", 1000)
    (found,) = (each for each in board["races"] if each["slow"] == "nse")
    assert found["even"] == pytest.approx(9.8 / 0.00098)
    assert found["ratios"][0]["trained"] == pytest.approx(1 / 9.82)


def test_the_table_is_legible_within_a_hundred_columns(rows: list[Speed]) -> None:
    text = shown(rows)
    assert max(map(len, text.splitlines())) <= 100
    said = " ".join(text.split())
    assert acquisition_render.verdict(only(rows)) in said
    lines = [line.split() for line in text.splitlines()]
    assert ["lc", "5.0", "[4.0,", "6.0]", "3.00", "200", "5,000", "1.00"] in lines
    assert [f"lc{SEQUENTIAL}", "~40", "[30,", "80]", "~3.00", "25", "40,000", "1.00"] in lines


def test_small_numbers_do_not_break_the_lines(make_speed: Make) -> None:
    row = make_speed(
        strategy=f"margin{SEQUENTIAL}", seconds=[0.00017, 0.00018, 0.00019], pool=100_000
    )
    (line,) = (line for line in shown([row]).splitlines() if SEQUENTIAL in line)
    assert "0.00018 [0.00017, 0.00019]" in line
