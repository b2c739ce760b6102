"""The charts: what they look like, once for all boards, and what a board puts into them.

A specification names its data sets; the script fills them in. Colours are CSS variables, so that a
chart follows the page into the dark and onto paper.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from bench.board import number
from bench.board.leaderboard import Board
from bench.board.report.board import overlap
from bench.board.report.table import short
from bench.board.stats import Estimate

Layers = alt.LayerChart | alt.FacetChart  # what altair says that layers are

COLOURS, DASHES = 6, 4  # in style.css and in the script: 24 strategies, besides random
_FOCUS = "focus < 0 || datum.of === focus"
_NOBODY = -1
_ACROSS = "{x}"  # the script says what


def specs() -> dict[str, Any]:
    """The three kinds of chart, as Vega-Lite."""
    charts = {"curve": _curve(), "price": _price(), "overlap": _overlap()}
    return {name: _dressed(chart) for name, chart in charts.items()}


def marks(board: Board) -> list[dict[str, Any]]:
    """How each entry is drawn: by name, first in other colours, then also in other dashes.

    Points have a shape besides, for whoever does not tell the colours apart; random is grey.
    """
    names = sorted(each.strategy for each in board.entries if each.strategy != "random")
    found = {"random": {"name": "random", "colour": 0, "dash": 0, "shape": 0}}
    for place, name in enumerate(names):
        dash, colour = divmod(place, COLOURS)
        shape = (colour + 3 * dash) % DASHES
        found[name] = {"name": name, "colour": colour + 1, "dash": dash % DASHES, "shape": shape}
    return [found[each.strategy] for each in board.entries]


def data(board: Board) -> dict[str, Any]:
    """What a board puts into its charts, by entry; the script adds names and marks."""
    return {
        "targets": list(board.targets),
        "unit": board.unit,
        "words": list(board.words),
        "full": board.full and {"y": short(board.full.mean), "text": number.score(board.full)},
        "successor": [_points(each.scores) for each in board.entries],
        "own": [each.own_scores and _points(each.own_scores) for each in board.entries],
        "by_words": [_points(each.by_words) for each in board.entries],
        "area": [_point(each.area) for each in board.entries],
        "cost": [
            {
                "seconds": _priced(each.cost.acquisition_seconds, each.cost.front_seconds),
                "passes": _priced(each.cost.passes, each.cost.front_passes),
            }
            for each in board.entries
        ],
        "overlap": _overlaps(board),
    }


def _points(found: Iterable[Estimate | None]) -> list[Any]:
    return [_point(each) for each in found]


def _point(value: Estimate | None) -> list[Any] | None:
    """Mean, the ends of its interval, and all of it as a text."""
    if value is None:
        return None
    return [short(value.mean), short(value.low), short(value.high), number.interval(value)]


def _priced(value: float | None, front: bool) -> list[Any] | None:
    """On a logarithmic axis, nothing has no place."""
    return [short(value), front, number.significant(value)] if value else None


def _overlaps(board: Board) -> list[Any]:
    """Both places, Jaccard, its text and whether it is near 1; of the pairs that have one."""
    place = {each.strategy: number for number, each in enumerate(board.entries)}
    return [
        [place[pair.one], place[pair.two], short(pair.jaccard), overlap(pair.jaccard), pair.near]
        for pair in board.pairs
        if pair.jaccard is not None
    ]


def _curve() -> Layers:
    """Means by round or by words, with bands, and the score of all labels."""
    base = alt.Chart(alt.NamedData("curve")).encode(
        x=alt.X("x:Q", title=_ACROSS, scale=alt.Scale(zero=False, nice=False)),
        detail=["of:N", "own:N"],
    )
    colour = alt.Color("colour:N", scale=None)
    mean = alt.Y("y:Q", title="score", scale=alt.Scale(zero=False))
    band = base.mark_area(aria=False).encode(
        y=alt.Y("low:Q", title="score"),
        y2="high:Q",
        fill=alt.Fill("colour:N", scale=None),
        opacity=alt.condition(_FOCUS, alt.OpacityValue(alt.ExprRef("band")), alt.value(0)),
    )
    line = base.mark_line(strokeWidth=1.75, aria=False).encode(
        y=mean,
        color=colour,
        strokeDash=alt.StrokeDash("dash:N", scale=None),
        opacity=_focused(1, 0.15),
    )
    points = base.mark_point(filled=True, size=34, opacity=1).encode(
        y=mean,
        color=colour,
        shape=alt.Shape("shape:N", scale=None),
        opacity=_focused(1, 0.15),
        tooltip=_told(("strategy", "strategy"), ("at", "at"), ("score", "text")),
        description="said:N",
    )
    full = alt.Chart(alt.NamedData("full")).encode(y=alt.Y("y:Q", title="score"))
    rule = full.mark_rule(aria=False, color="var(--soft)", strokeDash=[2, 3])
    said = full.mark_text(align="left", baseline="bottom", dx=4, dy=-3, color="var(--soft)")
    said = said.encode(x=alt.value(0), text="text:N")
    return alt.layer(band, line, points, rule, said)


def _price() -> Layers:
    """Area against acquisition; the Pareto front is a line, and who is on it has a name."""
    base = alt.Chart(alt.NamedData("price")).encode(
        x=alt.X(
            "x:Q",
            title=_ACROSS,
            axis=alt.Axis(grid=False),
            scale=alt.Scale(type="log", nice=False, padding=30),
        ),
        color=alt.Color("colour:N", scale=None),
        opacity=_focused(1, 0.15),
    )
    mean = alt.Y("y:Q", title="area", scale=alt.Scale(zero=False))
    front = base.transform_filter("datum.front").encode(y=mean)
    line = front.mark_line(strokeWidth=1, interpolate="step-after", aria=False)
    line = line.encode(color=alt.value("var(--soft)"), opacity=alt.value(1))
    bars = base.mark_rule(strokeWidth=1.25, opacity=0.5, aria=False).encode(
        y=alt.Y("low:Q", title="area"), y2="high:Q"
    )
    points = base.mark_point(filled=True, size=80).encode(
        y=mean,
        shape=alt.Shape("shape:N", scale=None),
        tooltip=_told(("strategy", "strategy"), ("acquisition", "at"), ("area", "text")),
        description="said:N",
    )
    names = front.mark_text(align="left", dx=8, dy=-9, limit=140, aria=False)
    return alt.layer(
        line, bars, points, names.encode(text="strategy:N", color=alt.value("var(--ink)"))
    )


def _overlap() -> Layers:
    """Jaccard of every two strategies; a frame around near-identical ones."""
    base = alt.Chart(alt.NamedData("overlap"), width=alt.Step(34), height=alt.Step(26)).encode(
        x=alt.X("two:N", sort=None, title=None, axis=alt.Axis(labelAngle=-45)),
        y=alt.Y("one:N", sort=None, title=None),
        tooltip=_told(("strategy", "one"), ("and", "two"), ("Jaccard", "text")),
        description="said:N",
    )
    cells = base.mark_rect(fill="var(--heat)", strokeWidth=2).encode(
        fillOpacity=alt.FillOpacity(
            "share:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None
        ),
        stroke=alt.condition("datum.near", alt.value("var(--ink)"), alt.value(None)),
    )
    texts = base.mark_text(fontSize=10, aria=False).encode(text="text:N")
    return alt.layer(cells, texts)


def _focused(full: float, faint: float) -> Any:
    """Opacity: full for whoever is in focus, or for all where nobody is."""
    return alt.condition(_FOCUS, alt.value(full), alt.value(faint))


def _told(*fields: tuple[str, str]) -> Sequence[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:N", title=title) for title, field in fields]


def _dressed(chart: Layers) -> dict[str, Any]:
    """As the page is: its colours and type. Signals: who is in focus, how strong bands are."""
    dressed = (
        chart.add_params(alt.param(name="focus", value=_NOBODY), alt.param(name="band", value=0.1))
        .configure(background="transparent", font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            gridColor="var(--rule)",
            domainColor="var(--rule)",
            tickColor="var(--rule)",
            labelColor="var(--soft)",
            titleColor="var(--soft)",
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            labelLimit=140,
            tickCount=6,
        )
        .configure_text(fill="var(--ink)", fontSize=11)
    )
    found: dict[str, Any] = dressed.to_dict()
    return found
