import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.board.schedule import Piece, makespan

SECONDS = st.integers(0, 100).map(float)
ALONE = st.lists(st.lists(st.builds(Piece, SECONDS, st.none()), max_size=4), max_size=8)


@st.composite
def sharing(draw: st.DrawFn) -> list[list[Piece]]:
    """Cells that begin with a fit of their seed's, which lasts equally long for all."""
    fits = draw(st.lists(SECONDS, min_size=1, max_size=3))
    cells = draw(ALONE)
    seeds = [draw(st.integers(0, len(fits) - 1)) for _ in cells]
    return [[Piece(fits[seed], seed), *cell] for seed, cell in zip(seeds, cells, strict=True)]


def test_cells_go_to_the_next_free_worker() -> None:
    """By hand: 3 and 2 begin; at 2 the second takes the 4, at 3 the first the 1."""
    cells = [[Piece(3)], [Piece(2)], [Piece(4)], [Piece(1)]]
    assert makespan(cells, 2) == 6  # a division would say 5
    assert makespan(cells, 1) == 10
    assert makespan(cells, 4) == 4


def test_who_comes_while_a_fit_is_made_waits_for_it() -> None:
    cells = [[Piece(5, "fit"), Piece(1)], [Piece(2), Piece(5, "fit"), Piece(4)]]
    assert makespan(cells, 2) == 9  # the second waits from 2 to 5
    assert makespan(cells, 1) == 5 + 1 + 2 + 4
    assert makespan(cells, 2, {"fit"}) == 6


def test_no_cells_take_no_time() -> None:
    assert makespan([], 3) == 0
    assert makespan([[]], 1) == 0


@given(ALONE, st.integers(1, 8))
def test_more_workers_are_never_slower(cells: list[list[Piece]], workers: int) -> None:
    assert makespan(cells, workers + 1) <= makespan(cells, workers)


@given(sharing(), st.integers(1, 8))
def test_never_below_the_longest_cell_nor_above_all_work(
    cells: list[list[Piece]], workers: int
) -> None:
    longest = max((makespan([cell], 1) for cell in cells), default=0)
    assert longest <= makespan(cells, workers) <= makespan(cells, 1)


@given(sharing())
def test_one_worker_does_every_piece_once(cells: list[list[Piece]]) -> None:
    fits = {cell[0].key: cell[0].seconds for cell in cells}
    rest = sum(piece.seconds for cell in cells for piece in cell[1:])
    assert makespan(cells, 1) == pytest.approx(sum(fits.values()) + rest)
