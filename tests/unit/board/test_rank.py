from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from scipy.stats import ttest_rel

from bench.board import leaderboard
from bench.board.entry import Entry
from bench.board.leaderboard import Board
from bench.board.rank import Pair, placed
from bench.board.stats import estimate
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]
NOISE = (0.0, 0.01, 0.02, 0.03, 0.04)


def build(*cells: list[Row]) -> Board:
    (board,) = leaderboard.build(schema.to_table([row for cell in cells for row in cell]))
    return board


@pytest.fixture
def line(make_run: Make) -> Callable[..., Entry]:
    """An entry with these areas, of the first seeds; keyword arguments replace values."""
    (usual,) = build(make_run("lc", 0, (0.5, 0.6))).entries

    def make(strategy: str, found: Sequence[float], **changes: object) -> Entry:
        values = {
            "strategy": strategy,
            "seeds": tuple(range(len(found))),
            "preliminary": len(found) < 5,
            "areas": tuple(found),
            "area": estimate(found),
        }
        return replace(usual, **(values | changes))

    return make


def ranks(entries: Sequence[Entry]) -> dict[str, tuple[int, int] | None]:
    return {each.strategy: each.rank for each in placed(entries)}


def test_a_clear_winner_is_first_alone(line: Callable[..., Entry]) -> None:
    entries = [
        line("close", [0.5 + each for each in NOISE]),
        line("winner", [0.7 + each * 0.9 for each in NOISE]),
        line("other", [0.501 + each for each in reversed(NOISE)]),
    ]
    found = placed(entries)
    assert [(each.strategy, each.rank, each.top) for each in found] == [
        ("winner", (1, 1), True),
        ("other", (2, 3), False),
        ("close", (2, 3), False),
    ]


def test_equal_ones_share_all_places(line: Callable[..., Entry]) -> None:
    areas = [0.5 + each for each in NOISE]
    found = placed([line(name, areas) for name in ("b", "c", "a")])
    assert [(each.strategy, each.rank, each.top) for each in found] == [
        ("a", (1, 3), True),
        ("b", (1, 3), True),
        ("c", (1, 3), True),
    ]


def test_places_overlap_where_only_the_ends_are_told_apart(line: Callable[..., Entry]) -> None:
    high, middle, low = (
        [0.60, 0.61, 0.62, 0.61, 0.60],
        [0.59, 0.62, 0.57, 0.63, 0.58],
        [0.56, 0.57, 0.58, 0.57, 0.565],
    )
    p = [ttest_rel(*pair).pvalue for pair in ((high, low), (high, middle), (middle, low))]
    assert 3 * p[0] < 0.05 < min(p[1:])
    found = ranks([line("low", low), line("middle", middle), line("high", high)])
    assert found == {"high": (1, 2), "middle": (1, 3), "low": (2, 3)}


def test_who_has_no_place(line: Callable[..., Entry]) -> None:
    areas = [0.5 + each for each in NOISE]
    entries = [
        line("whole", areas),
        line("lower", [each - 0.1 - each / 100 for each in areas]),
        line("few", [0.9, 0.91, 0.92, 0.93]),
        line("short", [each + 0.3 for each in areas], partial=True),
        line("single", areas, area=None, areas=(None,) * 5),
    ]
    found = {each.strategy: (each.rank, each.top) for each in placed(entries)}
    assert found == {
        "few": (None, None),
        "whole": ((1, 1), True),
        "single": (None, None),
        "lower": ((2, 2), False),
        "short": (None, None),
    }
    assert ranks(entries[:1] + entries[2:]) == dict.fromkeys(
        ("whole", "few", "short", "single")
    )  # one alone is not ranked either
    assert placed([]) == []


def test_ranks_are_over_the_seeds_that_two_have(line: Callable[..., Entry]) -> None:
    # By seed, ours is 0.01 to 0.012 higher; in the mean, and by position, it is lower.
    theirs = line("theirs", (0.6, 0.5, 0.4, 0.3, 0.2, 0.1))
    ours = line("ours", (0.51, 0.411, 0.31, 0.212, 0.11), seeds=(1, 2, 3, 4, 5))
    assert ranks([theirs, ours]) == {"ours": (1, 1), "theirs": (2, 2)}


def test_the_best_come_first_and_the_partial_last(line: Callable[..., Entry]) -> None:
    entries = [
        line("b", [0.5] * 5),
        line("short", [0.9] * 5, partial=True),
        line("a", [0.5] * 5),
        line("best", [0.6] * 3),
        line("shorter", [0.95] * 5, partial=True),
    ]
    names = [each.strategy for each in placed(entries)]
    assert names == ["best", "a", "b", "shorter", "short"]


def test_the_fronts_by_hand(line: Callable[..., Entry]) -> None:
    def dear(name: str, area: float, seconds: float | None, passes: float | None) -> Entry:
        made = line(name, [area] * 5, partial=name == "short")
        cost = replace(made.cost, acquisition_seconds=seconds, passes=passes)
        return replace(made, cost=cost)

    entries = [
        dear("cheap", 0.5, 1.0, 9.0),
        dear("good", 0.6, 2.0, 3.0),
        dear("equal", 0.6, 2.0, 4.0),  # as good and as cheap in seconds; not in passes
        dear("worse", 0.55, 3.0, 2.0),
        dear("timeless", 0.9, None, None),
        dear("short", 0.95, 0.1, 0.1),  # too few rounds for its area to count
        replace(dear("single", 0.5, 0.1, 0.1), area=None),
    ]
    found = {
        each.strategy: (each.cost.front_seconds, each.cost.front_passes) for each in placed(entries)
    }
    assert found == {
        "cheap": (True, False),
        "good": (True, True),
        "equal": (True, False),
        "worse": (False, True),
        "timeless": (False, False),
        "short": (False, False),
        "single": (False, False),
    }


def flat(make_run: Make, name: str, *areas: float | None) -> list[list[Row]]:
    """Runs with a constant score each, by seed."""
    return [make_run(name, s, (area,) * 3) for s, area in enumerate(areas) if area is not None]


def pair(board: Board, one: str, two: str) -> Pair:
    (found,) = (each for each in board.pairs if (each.one, each.two) == (one, two))
    return found


def test_wins_and_losses_count_seeds(make_run: Make) -> None:
    board = build(
        *flat(make_run, "lc", 0.5, 0.6, 0.7, 0.1 + 0.2, 0.9, None),
        *flat(make_run, "nse", 0.4, 0.5, 0.8, 0.3, None, 0.9),
    )
    found = pair(board, "lc", "nse")
    assert (found.wins, found.losses) == (2, 1)  # and a tie, beyond round-off
    assert found.difference is not None
    assert (found.difference.n, found.difference.mean) == (4, pytest.approx(0.1 / 4))
    assert found.difference.improvement == (2 + 0.5) / 4
    assert found.apart is False


def test_two_without_a_common_seed_have_no_difference(make_run: Make) -> None:
    board = build(*flat(make_run, "lc", 0.5), *flat(make_run, "nse", None, 0.4))
    found = pair(board, "lc", "nse")
    assert (found.difference, found.wins, found.losses, found.jaccard) == (None, 0, 0, None)
    assert not found.near


def test_apart_says_what_the_ranks_say(make_run: Make) -> None:
    board = build(
        *flat(make_run, "high", *(0.8 + each for each in NOISE)),
        *flat(make_run, "same", *(0.799 + each for each in reversed(NOISE))),
        *flat(make_run, "low", *(0.5 + 1.1 * each for each in NOISE)),
        *flat(make_run, "few", 0.1, 0.2),
        *(make_run("short", s, (0.5 + s / 100,) * 2) for s in range(5)),
    )
    assert [each.strategy for each in board.entries] == ["high", "same", "low", "few", "short"]
    assert {(each.one, each.two): each.apart for each in board.pairs} == {
        ("high", "same"): False,
        ("high", "low"): True,
        ("high", "few"): None,
        ("high", "short"): None,
        ("same", "low"): True,
        ("same", "few"): None,
        ("same", "short"): None,
        ("low", "few"): None,
        ("low", "short"): None,
        ("few", "short"): None,
    }
    # The last two are compared over two rounds.
    assert pair(board, "low", "short").difference is not None
    assert (pair(board, "low", "short").wins, pair(board, "low", "short").losses) == (4, 0)


def test_the_near_identical_are_marked(make_run: Make) -> None:
    def ids(name: str, selected: range) -> list[Row]:
        rows = make_run(name, 0, (0.5, 0.6))
        return [replace(rows[0], selected=tuple(selected)), rows[1]]

    board = build(ids("a", range(100)), ids("b", range(90)), ids("c", range(89)))
    found = {(each.one, each.two): (each.jaccard, each.near) for each in board.pairs}
    assert found == {
        ("a", "b"): (0.9, True),
        ("a", "c"): (0.89, False),
        ("b", "c"): (pytest.approx(89 / 90), True),
    }
