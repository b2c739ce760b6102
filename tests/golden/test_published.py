"""What the documents say of the published results, read from the rows themselves."""

from pathlib import Path

import pytest

from bench.board import leaderboard
from bench.board.leaderboard import Board
from bench.rows import store

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture(scope="module")
def boards() -> dict[tuple[str, str], Board]:
    built = leaderboard.build(store.scan([RESULTS]))
    return {(board.place.task, board.place.learner): board for board in built}


def curve(board: Board, strategy: str) -> dict[int, float]:
    (entry,) = (entry for entry in board.entries if entry.strategy == strategy)
    means = [score.mean for score in entry.scores if score is not None]
    return dict(zip(board.targets, means, strict=False))


def test_flights_is_as_hard_as_atis(boards: dict[tuple[str, str], Board]) -> None:
    atis, flights = (
        curve(boards[task, "bilstm-aligned"], "random") for task in ("atis", "flights")
    )
    for target in (300, 900, 1500):
        assert abs(atis[target] - flights[target]) < 0.06


def test_every_strategy_of_the_paper_is_there(boards: dict[tuple[str, str], Board]) -> None:
    board = boards["atis", "bilstm-aligned"]
    wanted = {"random", "lc", "nse", "margin", "mnlp", "longest", "alise", "alise_nse"}
    assert {entry.strategy for entry in board.entries} == wanted
    assert all(len(entry.seeds) >= 3 for entry in board.entries)
    assert board.full is not None
    assert {"bilstm-lstm", "bilstm-attention"} <= {learner for _, learner in boards}


def test_random_rises_clearly_on_shapes(boards: dict[tuple[str, str], Board]) -> None:
    board = boards["shapes", "show-attend-tell"]
    assert {entry.strategy for entry in board.entries} == {
        *("random", "lc", "nse", "alise", "alise_nse")
    }
    assert all(len(entry.seeds) == 3 and not entry.partial for entry in board.entries)
    scores = list(curve(board, "random").values())
    assert scores == sorted(scores)
    assert scores[0] < 0.3
    assert scores[-1] > 0.6


def test_a_small_flickr8k_teaches_little(boards: dict[tuple[str, str], Board]) -> None:
    board = boards["flickr8k", "show-attend-tell"]
    assert {entry.strategy for entry in board.entries} == {"random", "nse", "alise"}
    assert all(len(entry.seeds) == 2 and not entry.partial for entry in board.entries)
    assert all(score < 0.15 for score in curve(board, "random").values())
