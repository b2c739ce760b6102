"""The published costs of queries, and the page that is rendered from them."""

from pathlib import Path

import pytest

from bench.board import acquisition, acquisition_render
from bench.board.acquisition import Board
from bench.rows import speed

RESULTS = Path(__file__).parents[2] / "results"
POOLS = (2_400, 10_000, 66_000, 1_000_000)
WANTED = {"random", "alise", "alise_nse", "lc", "margin", "nse", "coreset", "wbadge"}
LEARNER = "bilstm-aligned"
"""Whose rows the bars are held against."""
SLOW = {f"{name}[decode=sequential]" for name in ("lc", "margin", "nse")}


@pytest.fixture(scope="module")
def boards() -> list[Board]:
    return acquisition.build(speed.read(RESULTS / "speed"))


def test_the_page_is_rendered_from_the_rows(boards: list[Board]) -> None:
    page = (RESULTS / "SPEED.md").read_text()
    assert page == acquisition_render.markdown(boards)
    first = page.split("\n\n")[1]
    assert first.startswith("Deng et al. (2018)")
    assert "ALISE is" in first


def test_every_pool_of_the_board_is_there(boards: list[Board]) -> None:
    rows = [row for board in boards for row in board.rows if row.learner == LEARNER]
    found = {pool: {row.strategy for row in rows if row.pool == pool} for pool in POOLS}
    for pool in (2_400, 10_000, 66_000):
        assert found[pool] >= WANTED | SLOW
    assert found[1_000_000] >= {"alise", "alise_nse", "lc", "nse", "coreset"}


def test_a_million_sentences_are_scored_in_two_gibibytes(boards: list[Board]) -> None:
    """The bars that the rows were made to be held against; of a strategy the latest counts."""
    ordered = sorted((row for board in boards for row in board.rows), key=lambda row: row.created)
    rows = {(row.strategy, row.pool): row for row in ordered if row.learner == LEARNER}
    for row in ordered:
        assert (row.strategy, row.pool) != ("alise", 66_000) or row.passes <= 1.15, row.learner
    for name in ("alise", "lc", "nse", "coreset"):
        large = rows[name, 1_000_000]
        assert large.host_bytes is not None
        assert large.host_bytes <= 2 * 2**30, name
        assert len(large.seconds) >= 2
