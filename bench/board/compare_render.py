"""A comparison drawn for a terminal, for GitHub, for a program; the same numbers in all."""

import dataclasses
import json as notation
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bench.board import number, render
from bench.board.compare import Comparison, Line, Paired, Verdict
from bench.board.sheet import FEW, Sheet, origin, thin, title

LEGEND = (
    "Areas and scores: of the successor, means over the seeds that A and B both have (of full, "
    "which has no curve, its score). B − A: "
    "paired by seed, with its 95 % t interval; at equal words, over the words that both curves of "
    "a seed span; at a budget, for that budget alone. Verdicts go by p: that of the paired t test "
    "of areas, Holm-adjusted over the strategies of a task that are not identical, so that all "
    "verdicts on a task hold together at 95 %; an interval may exclude 0 where no difference is "
    "shown. Identical: the same selections and scores, to the bit, in every round compared. "
    "Detectable: the true difference of areas that the test of this strategy alone would find "
    f"four times in five. {FEW} fewer than five seeds: preliminary. Passes: acquisition in "
    "encodings of the same pool, no verdict; seconds are not compared. "
    f"{number.NONE} unknown."
)
_DRAWN = " In the drawing ■ is where A and B are no wider than a character apart."
_POINTS = 12  # budgets of a curve at most
_WIDTH = 28  # of a drawn curve, in characters


def table(found: Sequence[Comparison], before: str, after: str) -> Group:
    """Rich tables within 100 columns; give the console that width where it has none of its own."""
    parts = [part for each in found for part in _drawn(each)]
    said = (Text(f"{title(each)}: {verdicts(each)}") for each in found)
    names = Text(f"A  {before}\nB  {after}\n", "bold")
    end = Padding(Text(LEGEND + _DRAWN, "dim"), (1, 0, 0, 0))
    return Group(names, *parts, Text("Verdicts on B against A", "bold"), *said, end)


def markdown(found: Sequence[Comparison], before: str, after: str) -> str:
    """A page for GitHub."""
    names = f"A: {render.escape(before)}  \nB: {render.escape(after)}"
    parts = [part for each in found for part in _written(each)]
    said = (f"- {render.escape(f'{title(each)}: {verdicts(each)}')}" for each in found)
    end = ("## Verdicts on B against A", "\n".join(said), LEGEND)
    return "\n\n".join(["# Comparison", names, *parts, *end]) + "\n"


def json(found: Sequence[Comparison], before: str, after: str) -> str:
    """Every number at full precision; what is unknown is null, and all budgets are there."""
    plain = [_plain(dataclasses.asdict(each)) for each in found]
    values = {"before": before, "after": after, "comparisons": plain}
    return notation.dumps(values, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def verdicts(found: Comparison) -> str:
    """What is said of a task in one line."""
    if len(found.lines) == 1:
        return _said(found.lines[0])
    count = Counter(each.verdict for each in found.lines)
    return ", ".join(
        f"{count[verdict]} {verdict}{_who(found.lines, verdict)}"
        for verdict in Verdict
        if count[verdict]
    )


def _said(line: Line) -> str:
    if line.paired is None:
        return f"{line.verdict} ({line.reason})"
    seeds = len(line.paired.seeds)
    over = "one seed" if seeds == 1 else f"{seeds} seeds"
    if line.verdict != Verdict.IDENTICAL:
        over = f"{number.difference(line.paired.difference)}, {over}"
    return f"{line.verdict}{FEW if line.paired.preliminary else ''} ({over})"


def _who(lines: Sequence[Line], verdict: Verdict) -> str:
    """Strategies by name where something is to be done; why they are not comparable."""
    if verdict in (Verdict.OPEN, Verdict.IDENTICAL):
        return ""
    asked = [line for line in lines if line.verdict == verdict]
    reasons = {line.reason for line in asked}
    if len(reasons) > 1:
        return f" ({'; '.join(f'{line.strategy}: {line.reason}' for line in asked)})"
    names = ", ".join(line.strategy for line in asked)
    return f" ({': '.join(filter(None, [names, *reasons]))})"


def _drawn(found: Comparison) -> Iterator[RenderableType]:
    if not _worth(found):
        return
    yield Text(title(found), "bold")
    yield Text(origin(found), "dim")
    for sheet in (*_sheets(found), *_curves(found, drawing=True)):
        yield render.draw(sheet)
    notes = "\n".join(_notes(found))
    if notes:
        yield Padding(Text(notes, "yellow"), (0, 0, 1, 0))


def _written(found: Comparison) -> Iterator[str]:
    if not _worth(found):
        return
    yield f"## {render.escape(title(found))}"
    yield render.escape(origin(found))
    for sheet in (*_sheets(found), *_curves(found, drawing=False)):
        yield f"**{render.escape(sheet.title)}**"
        yield render.write(sheet)
    yield from map(render.escape, _notes(found))


def _worth(found: Comparison) -> bool:
    """Whether there is more to show than verdicts."""
    return any(
        line.notes or (line.paired is not None and line.verdict != Verdict.IDENTICAL)
        for line in found.lines
    )


def _measured(found: Comparison) -> list[tuple[Line, Paired]]:
    return [(line, line.paired) for line in found.lines if line.paired is not None]


def _sheets(found: Comparison) -> Iterator[Sheet]:
    header: tuple[str, ...] = ("strategy", "seeds", "A", "B", "B − A", "p", "verdict")
    yield Sheet("Area under the curve", header, tuple(map(_area, found.lines)))
    lines = tuple(_beside(*each) for each in _measured(found))
    header = ("strategy", "B − A at equal words", "detectable", "passes A", "B", "B ÷ A")
    if lines:
        yield Sheet("Beside the area", header, lines)


def _area(line: Line) -> tuple[str, ...]:
    paired = line.paired
    if paired is None:
        return (line.strategy, *[number.NONE] * 5, line.verdict)
    return (
        line.strategy,
        f"{len(paired.seeds)}{FEW if paired.preliminary else ''}",
        number.score(paired.before, deviation=False),
        number.score(paired.after, deviation=False),
        number.difference(paired.difference),
        number.chance(paired.p),
        line.verdict,
    )


def _beside(line: Line, paired: Paired) -> tuple[str, ...]:
    return (
        line.strategy,
        number.difference(paired.by_words),
        number.NONE if paired.p is None else number.detectable(paired.difference),
        number.significant(paired.passes_before),
        number.significant(paired.passes_after),
        number.significant(paired.ratio, "×"),
    )


def _curves(found: Comparison, drawing: bool) -> Iterator[Sheet]:
    """Of an only strategy; else of those that are better or worse."""
    for line, paired in _measured(found):
        if len(found.lines) == 1 or line.verdict in (Verdict.BETTER, Verdict.WORSE):
            yield _curve(line.strategy, paired, found.unit, drawing)


def _curve(strategy: str, paired: Paired, unit: str, drawing: bool) -> Sheet:
    points = [paired.points[at] for at in thin(len(paired.points), _POINTS)]
    means = [each.mean for point in points for each in (point.before, point.after)]
    low, high = min(means), max(means)
    lines = [
        (
            f"{point.spent:,}",
            number.score(point.before, deviation=False),
            number.score(point.after, deviation=False),
            number.difference(point.difference),
            _drawing(point.before.mean, point.after.mean, low, high),
        )
        for point in points
    ]
    header = (unit, "A", "B", "B − A", f"{low:.3f}{'':{_WIDTH - 8}}{high:.3f}")
    columns = len(header) if drawing else len(header) - 1
    cut = tuple(line[:columns] for line in lines)
    return Sheet(f"{strategy}: score at each budget", header[:columns], cut)


def _drawing(before: float, after: float, low: float, high: float) -> str:
    """A and B on an axis from low to high."""
    marks = [" "] * _WIDTH
    step = (high - low) / (_WIDTH - 1) or 1
    one, two = (round((value - low) / step) for value in (before, after))
    marks[one], marks[two] = ("■", "■") if one == two else ("A", "B")
    return f"│{''.join(marks)}│"


def _notes(found: Comparison) -> Iterator[str]:
    for line in found.lines:
        if said := [*filter(None, [line.reason]), *line.notes]:
            yield f"{line.strategy}: {'; '.join(said)}."


def _plain(found: dict[str, object]) -> dict[str, object]:
    places = {side: found[side]._asdict() for side in ("before", "after")}  # type: ignore[attr-defined]
    return {**found, **places}
