"""Rankings against each other, a panel for each pair, as one HTML page (the figure of DAL, 5.5)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bench.board import page as pages
from bench.board.agreement import Ids, places, spearman

POINTS = 1_500
"""The most that a panel draws: at first what was selected, at most half of them, then others."""

ABOUT = (
    "A dot is an item that is unlabelled in the first round: across, its place in the ranking of "
    "one strategy; up, its place in that of the other. Near the diagonal, both rank alike. Of more "
    f"than {POINTS:,} items a sample is drawn, which favours what was selected."
)

_SIDE, _LEFT, _TOP = 200, 18, 4  # of the square, and where it begins
_KINDS = ("neither", "across", "up", "both")
_STYLE = """
:root { color-scheme: light dark; --across: #c2410c; --up: #0369a1; --both: #a21caf; }
@media (prefers-color-scheme: dark) {
  :root { --across: #fb923c; --up: #38bdf8; --both: #f0abfc; }
}
body { font: 16px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem;
  overflow-wrap: anywhere; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr));
  gap: 2rem; }
figure { margin: 0; min-width: 0; }
svg { display: block; width: 100%; height: auto; }
text { font-size: 10px; fill: currentColor; }
path { fill: none; stroke: currentColor; stroke-linecap: round; stroke-width: 2; }
.frame, .diagonal { stroke-width: .5; opacity: .5; } .diagonal { stroke-dasharray: 3; }
.neither { opacity: .3; }
.across { stroke: var(--across); color: var(--across); }
.up { stroke: var(--up); color: var(--up); }
.both { stroke: var(--both); color: var(--both); }
.across, .up, .both { stroke-width: 3; }
""".strip()


@dataclass(frozen=True, eq=False)
class Panel:
    """Two rankings: the place of some items in each, from 0 (first) to 1 (last).

    `across` and `up` are float64 [n]; `kinds` is 1 where the strategy across selected the item, 2
    where the one up did, 3 where both did, 0 where neither did.
    """

    names: tuple[str, str]
    across: NDArray[np.float64]
    up: NDArray[np.float64]
    kinds: NDArray[np.int64]
    correlation: float


def panels(
    rankings: Mapping[str, Ids], selected: Mapping[str, Collection[int]], seed: int
) -> list[Panel]:
    """A panel for every two strategies, given the ranking of the same items and what it bought."""
    return [
        panel((one, two), (rankings[one], rankings[two]), (selected[one], selected[two]), seed)
        for one, two in combinations(rankings, 2)
        if len(rankings[one]) > 1
    ]


def panel(
    names: tuple[str, str],
    rankings: tuple[Ids, Ids],
    selected: tuple[Collection[int], Collection[int]],
    seed: int,
) -> Panel:
    """A panel of two rankings of the same items, at least two; `seed` draws which are shown."""
    correlation = spearman(*rankings)
    assert correlation is not None
    ids, last = np.sort(rankings[0]), len(rankings[0]) - 1
    across, up = (places(ranking) / last for ranking in rankings)
    marks = [np.isin(ids, np.fromiter(each, np.int64, len(each))) for each in selected]
    kinds = marks[0] + 2 * marks[1].astype(np.int64)
    shown = _sample(kinds, np.random.default_rng(seed))
    return Panel(names, across[shown], up[shown], kinds[shown], correlation)


def page(title: str, about: str, panels: Sequence[Panel]) -> str:
    """The page; everything is in it."""
    return pages.page(title, about, _STYLE, map(_figure, panels))


def _sample(kinds: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.intp]:
    """Which rows to draw: POINTS at most, ascending."""
    marked, others = (rng.permutation(np.flatnonzero(each)) for each in (kinds > 0, kinds == 0))
    marked = marked[: max(POINTS // 2, POINTS - len(others))]
    return np.sort(np.concatenate([marked, others[: POINTS - len(marked)]]))


def _figure(panel: Panel) -> str:
    one, two = (escape(name) for name in panel.names)
    said = f"{one} × {two}: Spearman {panel.correlation:+.3f}"
    points = "".join(_points(panel, number) for number in range(len(_KINDS)))
    keys = (("across", f"selected by {one}"), ("up", f"by {two}"), ("both", "by both"))
    legend = " ".join(f'<span class="{kind}">● {text}</span>' for kind, text in keys)
    width, height = _LEFT + _SIDE + 4, _TOP + _SIDE + 26
    end = _TOP + _SIDE
    return f"""<figure>
<figcaption><strong>{said}</strong><br><small>{legend}</small></figcaption>
<svg viewBox="0 0 {width} {height}" role="img" aria-label="{said}">
<path class="frame" d="M{_LEFT} {_TOP}h{_SIDE}v{_SIDE}h-{_SIDE}z"/>
<path class="diagonal" d="M{_LEFT} {end}l{_SIDE} -{_SIDE}"/>
{points}
<text x="{_LEFT}" y="{end + 11}">first</text>
<text x="{_LEFT + _SIDE}" y="{end + 11}" text-anchor="end">last</text>
<text x="{_LEFT + _SIDE / 2}" y="{end + 22}" text-anchor="middle">{one}</text>
<g transform="rotate(-90)">
<text x="-{end}" y="{_LEFT - 3}">first</text>
<text x="-{_TOP}" y="{_LEFT - 3}" text-anchor="end">last</text>
<text x="-{_TOP + _SIDE / 2}" y="8" text-anchor="middle">{two}</text>
</g>
</svg>
</figure>"""


def _points(panel: Panel, kind: int) -> str:
    """The dots of one kind as one path: a line of no length has round ends."""
    rows = panel.kinds == kind
    across = _LEFT + _SIDE * panel.across[rows]
    up = _TOP + _SIDE * (1 - panel.up[rows])
    dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in zip(across, up, strict=True))
    return f'<path class="{_KINDS[kind]}" d="{dots}"/>' if dots else ""
