"""A board as tables of text: the same words and numbers whatever draws them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.board import number
from bench.board.entry import SHARES, Entry
from bench.board.leaderboard import Board, Incomplete
from bench.board.overall import Overall, Standing
from bench.board.run import Place
from bench.board.stats import Estimate

TOP, FEW, FRONT = "●", "†", "◆"
_LEGEND = (
    "Scores: the successor, a supervised model fitted from scratch on the labels that the strategy "
    "bought ('own': the strategy's own model), {deviation}. "
    "Area: under the learning curve over the budget, divided by its range. "
    "Differences are of areas, paired by seed, with their 95 % t intervals; "
    "at equal words, areas over the words that both curves of a seed span. "
    "Rank: the interval of places that the seeds leave open (paired t tests of all pairs, Holm; "
    "with 95 % all intervals of a board hold). "
    f"{TOP} the top group, whom no one is shown to beat. "
    f"{FEW} fewer than five seeds: preliminary, without ranks. "
    "Better: the share of seeds in which random has the smaller area. "
    "Detectable: a true difference to random that so many seeds show in four cases of five. "
    "p: Wilcoxon's, corrected for the strategies of the board (Holm), from eight seeds on. "
    "Full: everything labelled. "
    "Acquisition: median of a round, in seconds and in passes (one encoding of the same pool); "
    "speed-ups vs lc and nse compare passes. Training: all fits of a run; × fit: that, per fits of "
    "the successors alone. "
    f"{FRONT} on the Pareto front of passes and area: no other is as cheap and as good. "
    "Same as: who selects nearly the same (Jaccard 0.9 or more). "
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
    """The tables of a board that has entries; of words only where there are any."""
    if not board.entries:
        return []
    words = [_words(board, style)] if board.words else []
    full = [_full(board)] if board.words and board.full else []
    first = [_curves(board, style), _comparison(board, style)]
    return [*first, *words, *full, _costs(board), _picks(board, style)]


def overall(found: Overall) -> Sheet:
    """The standings of one device class."""
    header = ("strategy", "boards", "gain", "95 %", "better", "open", "worse")
    title = f"Over all boards with five seeds or more: {found.device}, rules {found.rules}"
    return Sheet(title, header, tuple(map(_standing, found.standings)))


OVERALL = (
    "Gain: the area relative to that of random with the same seed, its interquartile mean over "
    "boards and seeds, with a stratified bootstrap interval. It compares strategies that were run "
    "on the same boards. Better, open, worse: boards on which the paired interval of the "
    "difference to random is above 0, includes it, is below."
)


def notes(board: Board) -> list[str]:
    """What the tables leave out: runs that no number includes, and why."""
    failed = [_reason(each) for each in board.incomplete if each.failed]
    short = [_reason(each) for each in board.incomplete if not each.failed]
    return [
        *([] if board.entries else ["No strategy has a finished run."]),
        *([f"{len(failed)} failed: {'; '.join(failed)}."] if failed else []),
        *([f"{len(short)} unfinished: {'; '.join(short)}."] if short else []),
        *([_APART] if len({each.origin.isolation for each in board.cells}) > 1 else []),
    ]


_APART = (
    "Some strategies ran in the sandbox and some did not: times are shown of the larger part only."
)


def _standing(each: Standing) -> tuple[str, ...]:
    counts = (str(count) for count in (each.better, each.open, each.worse))
    ends = f"[{100 * each.low:+.1f}, {100 * each.high:+.1f}]"
    return (each.strategy, str(each.boards), f"{100 * each.gain:+.1f} %", ends, *counts)


def _curves(board: Board, style: Style) -> Sheet:
    shown = thin(len(board.targets), style.columns)
    targets = tuple(f"{board.targets[index]:,}" for index in shown)
    header = ("strategy", "seeds", *targets, "area")
    return Sheet(
        f"Score at each budget ({board.unit})", header, tuple(_curve_lines(board, shown, style))
    )


def _curve_lines(board: Board, shown: list[int], style: Style) -> Iterator[tuple[str, ...]]:
    for each in board.entries:
        scores = _some(each.scores, shown, style)
        yield (_name(each), _seeds(each), *scores, number.score(each.area))
        if each.own_scores is not None:
            own = _some(each.own_scores, shown, style)
            yield (f"{each.strategy}, own", "", *own, number.score(each.own_area))
    if board.full is not None:
        score = number.score(board.full, style.deviation)
        yield ("full", str(board.full.n), *[""] * (len(shown) - 1), score, "")


def _comparison(board: Board, style: Style) -> Sheet:
    tested = any(each.against_random and each.against_random.p for each in board.entries)
    area, p = ("area, 95 %",) * style.deviation, ("p",) * tested
    header = ("strategy", "rank", *area, "vs random", *p, "better", "detectable", "vs best")
    lines = []
    for each in board.entries:
        gap = each.against_random
        lines.append(
            (
                *(_name(each), number.rank(each.rank)),
                *([number.interval(each.area)] if area else []),
                number.difference(gap),
                *([number.probability(gap)] if p else []),
                *(number.improvement(gap), number.detectable(gap)),
                number.difference(each.against_best),
            )
        )
    return Sheet("Ranks and differences of areas", header, tuple(lines))


def _words(board: Board, style: Style) -> Sheet:
    shown = thin(len(board.words), style.columns)
    points = tuple(f"{board.words[index]:,}" for index in shown)
    lines = tuple(
        (
            each.strategy,
            *_some(each.by_words, shown, style),
            number.difference(each.against_random_by_words),
        )
        for each in board.entries
    )
    return Sheet("Score at equal words", ("strategy", *points, "vs random"), lines)


def _full(board: Board) -> Sheet:
    header = ("strategy", *(f"{number.share(share, 0)} of full" for share in SHARES))
    lines = tuple(
        (each.strategy, *map(number.reach, each.words_to_full or ())) for each in board.entries
    )
    return Sheet("Words to a share of the full-data score", header, lines)


def _costs(board: Board) -> Sheet:
    header = ("strategy", "acquisition s", "passes", "vs lc", "vs nse", "training s", "× fit")
    return Sheet("Cost", header, tuple(_cost_line(each) for each in board.entries))


def _cost_line(each: Entry) -> tuple[str, ...]:
    cost = each.cost
    mark = f"{FRONT} " if cost.front_passes else ""
    return (
        f"{mark}{each.strategy}",
        number.significant(cost.acquisition_seconds),
        number.significant(cost.passes),
        number.significant(cost.speedup_lc, "×"),
        number.significant(cost.speedup_nse, "×"),
        number.significant(cost.training_seconds),
        number.significant(cost.training_ratio, "×"),
    )


def _picks(board: Board, style: Style) -> Sheet:
    named = {label: None for each in board.entries for label in each.picks.labels or ()}
    labels = tuple(named) if style.deviation else ()
    header = ("strategy", "words/item", "duplicates", "same as", *labels)
    lines = tuple(_pick_line(each, board, labels) for each in board.entries)
    return Sheet("What it picks", header, lines)


def _pick_line(each: Entry, board: Board, labels: Sequence[str]) -> tuple[str, ...]:
    picks = each.picks
    length = number.NONE if not picks.words_per_item else f"{picks.words_per_item:.1f}"
    shares = picks.labels or {}
    return (
        each.strategy,
        length,
        number.share(picks.duplicate_share),
        ", ".join(near(board, each.strategy)),
        *(number.share(shares.get(label, 0)) if shares else number.NONE for label in labels),
    )


def near(board: Board, strategy: str) -> list[str]:
    """The strategies that select nearly the same."""
    found = [{pair.one, pair.two} - {strategy} for pair in board.pairs if pair.near]
    return sorted(each.pop() for each in found if len(each) == 1)


def _name(each: Entry) -> str:
    mark = f"{TOP} " if each.top else ""
    return f"{mark}{each.strategy}" + (f" (to {each.labelled:,})" if each.partial else "")


def _seeds(each: Entry) -> str:
    return f"{len(each.seeds)}{FEW if each.preliminary else ''}"


def _some(values: Sequence[Estimate | None], shown: list[int], style: Style) -> list[str]:
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
