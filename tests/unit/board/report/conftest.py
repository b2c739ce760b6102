from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.board import leaderboard
from bench.board.leaderboard import Board
from bench.rows import schema
from bench.rows.schema import Row

Make = Callable[..., list[Row]]


def build(*cells: list[Row]) -> list[Board]:
    """Boards of cells, each in a file of its own."""
    table = schema.to_table([row for cell in cells for row in cell])
    found = leaderboard.build(table)
    return [
        replace(
            board,
            cells=tuple(
                replace(each, origin=each.origin._replace(file=_file(board, each)))
                for each in board.cells
            ),
        )
        for board in found
    ]


def _file(board: Board, each: leaderboard.Source) -> str:
    return f"results/{board.place.task} 100%/{each.strategy}-seed{each.seed}.parquet"


@pytest.fixture
def boards(make_run: Make) -> list[Board]:
    """A board with ranks, own scores, labels, a failed run; a small one of a made-up task."""
    cells = [
        make_run(
            name,
            seed,
            [0.5 + 0.01 * seed + gain * step for step in range(4)],
            labels={"city": 3, "time": 1 + (name == "lc")},
            selected=(3, 4) if name == "random" else (4, 5),
        )
        for name, gain in (("random", 0.04), ("lc", 0.06), ("margin", 0.061))
        for seed in range(5)
    ]
    own = {"own_score": 0.55, "own_metrics": {"f1": 0.55}, "own_fit_seconds": 1.0}
    failed = make_run("nse", 0, [0.5])
    failed[0] = replace(failed[0], status="failed", error="no\nmore", score=None, metrics=None)
    cells += [
        *(make_run("alise", seed, [0.5, 0.6, 0.6], **own) for seed in range(5)),
        make_run("full", 0, [0.66]),
        failed,
        make_run("random", 0, [0.5, 0.6], task="flights", synthetic=True, environment='{"a":1}'),
    ]
    return build(*cells)
