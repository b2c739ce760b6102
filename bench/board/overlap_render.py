"""An overlap drawn for a terminal, for GitHub, for a program; the same numbers in all."""

import dataclasses
import json as notation
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from bench.board import number, render
from bench.board.overlap import Overlap
from bench.board.sheet import Sheet, origin, thin, title

LEGEND = (
    "Jaccard: of the items that either strategy selects in a round, the share that both do; mean "
    "over the seeds that both have. By chance: what is to be expected of two random selections, as "
    "large, from the same pool. Spearman: 1 the same order, −1 the reverse; of unrelated rankings "
    "of n items, 0 ± 1/√(n − 1). no ranking: the strategy ranks only what it buys. "
    f"{number.NONE} unknown."
)
_WIDTH, _COLUMN = 100, 8  # of a terminal, and of a number in it with what is between
_PAGE = 12  # columns of numbers


def table(overlap: Overlap) -> Group:
    """Rich tables within 100 columns; give the console that width where it has none of its own."""
    longest = max(len(pair.name) for pair in overlap.pairs)
    drawn = map(render.draw, sheets(overlap, max(2, (_WIDTH - longest) // _COLUMN - 1)))
    notes = (Padding(Text(note, "yellow"), (0, 0, 1, 0)) for note in overlap.notes)
    where = Text(title(overlap), "bold"), Text(_origin(overlap), "dim")
    return Group(*where, *drawn, *notes, Text(LEGEND, "dim"))


def markdown(overlap: Overlap) -> str:
    """A page for GitHub."""
    tables = (f"**{each.title}**\n\n{render.write(each)}" for each in sheets(overlap, _PAGE))
    where = f"# Overlap: {render.escape(title(overlap))}", render.escape(_origin(overlap))
    return "\n\n".join([*where, *tables, *map(render.escape, overlap.notes), LEGEND]) + "\n"


def json(overlap: Overlap) -> str:
    """Every number at full precision; what is unknown is null, and all rounds are there."""
    values = dataclasses.asdict(overlap)
    del values["place"]
    values = {**overlap.place._asdict(), **values}
    return notation.dumps(values, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _origin(overlap: Overlap) -> str:
    """What the rows share besides the title, and the pool's size where it is known."""
    pool = "" if overlap.pool is None else f", a pool of {overlap.pool:,} items"
    return f"{origin(overlap).rstrip('.')}{pool}."


def sheets(overlap: Overlap, columns: int) -> list[Sheet]:
    """The tables: selections by round, in at most so many columns; rankings where some are."""
    shown = thin(max(len(pair.jaccard) for pair in overlap.pairs), columns)
    header = ("selected in round", "seeds", *(str(index + 1) for index in shown))
    selections = Sheet("Jaccard of what is selected", header, tuple(_shares(overlap, shown)))
    lines = tuple(_rankings(overlap))
    if not lines:
        return [selections]
    header = ("ranked in round 1", "mean", "lowest", "highest", "seeds")
    return [selections, Sheet("Spearman of rankings of the whole unlabelled pool", header, lines)]


def _shares(overlap: Overlap, shown: list[int]) -> Iterator[tuple[str, ...]]:
    for pair in overlap.pairs:
        yield (pair.name, str(len(pair.seeds)), *(_share(pair.jaccard, at) for at in shown))
    yield ("by chance", "", *(_share(overlap.chance, at) for at in shown))


def _share(values: Sequence[float | None], at: int) -> str:
    value = values[at] if at < len(values) else None
    return number.NONE if value is None else f"{value:.3f}"


def _rankings(overlap: Overlap) -> Iterator[tuple[str, ...]]:
    for pair in overlap.pairs:
        if pair.spearman is not None:
            found = pair.spearman
            values = (f"{value:+.3f}" for value in (found.mean, found.low, found.high))
            yield (pair.name, *values, str(len(found.seeds)))
    for name in overlap.unranked:
        yield (name, "no ranking", "", "", "")
