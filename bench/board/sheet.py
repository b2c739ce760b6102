"""A board as tables of text: the same words and numbers whatever draws them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.board import number
from bench.board.entry import Entry
from bench.board.leaderboard import Board, Incomplete
from bench.board.run import Place
from bench.board.stats import Spread

TOP, FEW = "●", "†"
_LEGEND = (
    "Scores: the successor, a supervised model fitted from scratch on the labels that the strategy "
    "bought ('own': the strategy's own model), {deviation}. "
    "Area: under the learning curve over the budget, divided by its range. "
    "Vs random: difference of areas paired by seed, with its 95 % t interval; "
    "at equal words, areas over the words that both curves of a seed span. "
    f"{TOP} the best area, or a paired 95 % interval to the best that includes 0. "
    f"{FEW} fewer than five seeds: preliminary. Full: everything labelled. "
    "Acquisition: median of a round, in seconds and in passes (one encoding of the same pool); "
    "speed-ups vs lc and nse compare passes. Training: all fits of a run; × fit: that, per fits of "
    "the successors alone. "
    f"{number.NONE} unknown, or timed beside other work."
)


@dataclass(frozen=True)
class Sheet:
    """A table: every line has as many cells as the header."""

    title: str
    header: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Style:
    """How much fits: columns of a learning curve, and whether each score shows its deviation."""

    columns: int
    deviation: bool


def legend(style: Style) -> str:
    """What the columns and marks of all tables mean, as the style shows them."""
    shown = "mean ± standard deviation over seeds"
    short = "mean over seeds (± standard deviation: beside areas and words; all in markdown, JSON)"
    return _LEGEND.format(deviation=shown if style.deviation else short)


class Placed(Protocol):
    """What is of one place: a board, or how its strategies overlap."""

    @property
    def place(self) -> Place:
        """What its runs share."""
        ...

    @property
    def synthetic(self) -> bool:
        """Whether the data are made up."""
        ...

    @property
    def unit(self) -> str:
        """What the budget counts."""
        ...


def title(found: Placed) -> str:
    """Where the runs are from, on one line."""
    place = found.place
    parts = (place.task, place.protocol, place.learner, place.device)
    return " · ".join((*parts, "synthetic") if found.synthetic else parts)


def origin(found: Placed) -> str:
    """What the runs share besides their title."""
    rules, data, config = found.place.rules, found.place.data[:8], found.place.config[:8]
    return f"Rules {rules}, data {data}, config {config}, budget in {found.unit}."


def sheets(board: Board, style: Style) -> list[Sheet]:
    """The tables of a board that has entries: by budget, by words where there are any, by cost."""
    if not board.entries:
        return []
    worded = any(each.cost.words_per_item != 0 for each in board.entries)
    words = [_words(board, style)] if worded else []
    return [_curves(board, style), *words, _costs(board)]


def notes(board: Board) -> list[str]:
    """What the tables leave out: runs that no number includes, and why."""
    failed = [_reason(each) for each in board.incomplete if each.failed]
    short = [_reason(each) for each in board.incomplete if not each.failed]
    return [
        *([] if board.entries else ["No strategy has a finished run."]),
        *([f"{len(failed)} failed: {'; '.join(failed)}."] if failed else []),
        *([f"{len(short)} unfinished: {'; '.join(short)}."] if short else []),
    ]


def _curves(board: Board, style: Style) -> Sheet:
    shown = thin(len(board.targets), style.columns)
    targets = tuple(f"{board.targets[index]:,}" for index in shown)
    header = ("strategy", "seeds", *targets, "area", "vs random")
    return Sheet(
        f"Score at each budget ({board.unit})", header, tuple(_curve_lines(board, shown, style))
    )


def _curve_lines(board: Board, shown: list[int], style: Style) -> Iterator[tuple[str, ...]]:
    for each in board.entries:
        scores = _pick(each.scores, shown, style)
        gap = number.difference(each.against_random)
        yield (_name(each), _seeds(each), *scores, number.score(each.area), gap)
        if each.own_scores is not None:
            own = _pick(each.own_scores, shown, style)
            yield (f"{each.strategy}, own", "", *own, number.score(each.own_area), "")
    if board.full is not None:
        score = number.score(board.full, style.deviation)
        yield ("full", str(board.full.n), *[""] * (len(shown) - 1), score, "", "")


def _words(board: Board, style: Style) -> Sheet:
    shown = thin(len(board.words), style.columns)
    points = tuple(f"{board.words[index]:,}" for index in shown)
    header = ("strategy", *points, "vs random", "words to 98 % of full")
    lines = tuple(_word_line(each, shown, style) for each in board.entries)
    return Sheet("Score at equal words", header, lines)


def _word_line(each: Entry, shown: list[int], style: Style) -> tuple[str, ...]:
    gap = number.difference(each.against_random_by_words)
    scores = _pick(each.by_words, shown, style)
    return (each.strategy, *scores, gap, number.reach(each.words_to_full))


def _costs(board: Board) -> Sheet:
    header = (
        *("strategy", "acquisition s", "passes", "vs lc", "vs nse", "training s", "× fit"),
        *("words/item", "duplicates"),
    )
    return Sheet("Cost", header, tuple(_cost_line(each) for each in board.entries))


def _cost_line(each: Entry) -> tuple[str, ...]:
    cost = each.cost
    per_item = number.NONE if not cost.words_per_item else f"{cost.words_per_item:.1f}"
    return (
        each.strategy,
        number.significant(cost.acquisition_seconds),
        number.significant(cost.passes),
        number.significant(cost.speedup_lc, "×"),
        number.significant(cost.speedup_nse, "×"),
        number.significant(cost.training_seconds),
        number.significant(cost.training_ratio, "×"),
        per_item,
        f"{100 * cost.duplicate_share:.1f} %",
    )


def _name(each: Entry) -> str:
    mark = f"{TOP} " if each.top else ""
    return f"{mark}{each.strategy}" + (f" (to {each.labelled:,})" if each.partial else "")


def _seeds(each: Entry) -> str:
    return f"{len(each.seeds)}{FEW if each.preliminary else ''}"


def _pick(values: Sequence[Spread | None], shown: list[int], style: Style) -> list[str]:
    reached = [values[index] if index < len(values) else None for index in shown]
    return [number.score(value, style.deviation) for value in reached]


def thin(count: int, limit: int) -> list[int]:
    """At most `limit` indices below `count`, evenly spread, with both ends."""
    if count <= limit:
        return list(range(count))
    return [round(step * (count - 1) / (limit - 1)) for step in range(limit)]


def _reason(each: Incomplete) -> str:
    lines = each.reason.splitlines() or [""]
    return f"{each.strategy} seed {each.seed}, {lines[0][:200].rstrip('.')}"
