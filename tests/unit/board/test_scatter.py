import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.board import scatter

VOID = {"meta", "br"}


class Seen(HTMLParser):
    """What a page holds: its elements, all of them closed, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())

    def dots(self, kind: str) -> list[tuple[float, float]]:
        """Where the dots of a kind are, first panel first."""
        paths = [a["d"] or "" for tag, a in self.found if tag == "path" and a["class"] == kind]
        pairs = re.findall(r"M([\d.]+) ([\d.]+)h0", "".join(paths))
        return [(float(x), float(y)) for x, y in pairs]


def made(one: list[int], two: list[int], ours: tuple[int, ...] = (), theirs: object = ()) -> Seen:
    rankings = {"lc": np.array(one), "a<b>": np.array(two)}
    chosen = {"lc": ours, "a<b>": theirs}
    return Seen(scatter.page("T & t", "A <it>", scatter.panels(rankings, chosen, 0)))  # type: ignore[arg-type]


def test_dots_are_where_both_rank_an_item() -> None:
    # Item 10: first across, last up. Item 20: in the middle of both. Item 30: last, first.
    seen = made([10, 20, 30], [30, 20, 10], (10,), (30, 10))
    assert seen.dots("both") == [(18, 4)]
    assert seen.dots("neither") == [(118, 104)]
    assert seen.dots("up") == [(218, 204)]
    assert seen.dots("across") == []


def test_equal_rankings_lie_on_the_diagonal_from_first_to_last() -> None:
    seen = made([4, 2, 9, 7], [4, 2, 9, 7], (4,), (7,))
    assert seen.dots("across") == [(18, 204)]
    assert seen.dots("up") == [(218, 4)]
    for x, y in seen.dots("neither"):
        assert x - 18 == pytest.approx(204 - y, abs=0.11)


def test_titles_axes_and_escapes() -> None:
    seen = made([1, 2, 3], [3, 2, 1])
    assert "lc × a<b>: Spearman -1.000" in seen.words
    assert (seen.words.count("first"), seen.words.count("last")) == (2, 2)
    assert {"T & t", "A <it>", "lc", "a<b>"} <= set(seen.words)
    assert "b" not in [tag for tag, _ in seen.found]
    (svg,) = [attrs for tag, attrs in seen.found if tag == "svg"]
    assert svg["aria-label"] == "lc × a<b>: Spearman -1.000"


def test_nothing_is_fetched_and_nothing_runs() -> None:
    seen = made([1, 2, 3], [3, 2, 1])
    names = {name for _, attrs in seen.found for name in attrs}
    assert not names & {"src", "href", "onload", "onclick"}
    assert not {tag for tag, _ in seen.found} & {"script", "link", "img"}


def test_every_pair_has_a_panel() -> None:
    rankings = {name: np.arange(3) for name in "abc"}
    chosen = dict.fromkeys("abc", (0,))
    panels = scatter.panels(rankings, chosen, 0)
    assert [panel.names for panel in panels] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert scatter.panels({name: np.arange(1) for name in "ab"}, chosen, 0) == []


@given(st.integers(2, 4_000), st.integers(0, 4_000), st.integers(0, 9))
def test_a_panel_draws_a_seeded_sample_with_what_was_selected(
    size: int, bought: int, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(size)
    selected = order[:bought].tolist(), ()
    rankings = order, np.arange(size)
    panel = scatter.panel(("a", "b"), rankings, selected, seed)
    count = min(size, scatter.POINTS)
    marked = min(bought, size)
    assert len(panel.across) == len(panel.up) == len(panel.kinds) == count
    expected = min(marked, max(scatter.POINTS // 2, scatter.POINTS - (size - marked)))
    assert (panel.kinds == 1).sum() == expected
    again = scatter.panel(("a", "b"), rankings, selected, seed)
    assert (again.across == panel.across).all()
    if size > scatter.POINTS:
        other = scatter.panel(("a", "b"), rankings, selected, seed + 1)
        assert (other.across[: len(panel.across)] != panel.across).any()
