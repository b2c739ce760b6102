"""The tables of one board: the numbers of `bench leaderboard`, written as there."""

from collections.abc import Callable, Sequence

from bench.board import number
from bench.board.entry import SHARES, Entry
from bench.board.leaderboard import Board
from bench.board.rank import Pair
from bench.board.report import cell
from bench.board.report.cell import Cell
from bench.board.report.table import Head, Table
from bench.board.sheet import FEW, FRONT, TOP

UP, DOWN, NEAR = "▲", "▼", "≈"
_NOTES = {
    "comparison": "Differences are of areas, paired by seed. Better: the share of seeds in which "
    "random has the smaller area. Detectable: a true difference to random that so many seeds show "
    "in four cases of five. p: Wilcoxon's, after Holm.",
    "scores": "Mean ± standard deviation over seeds, of the successor; 'own' is the strategy's own "
    "model.",
    "words": "Interpolated where a curve has bought so many words; the difference is of areas over "
    "the words that both curves of a seed span.",
    "full": "A number only where every seed gets there.",
    "cost": "Acquisition: median of a round, and the same in passes (one encoding of the same "
    "pool); the speed-ups over lc and nse compare passes. Training: all fits of a run, and that "
    f"per fits of the successors alone. {FRONT} on the Pareto front: no other is as cheap and as "
    "good.",
    "picks": "Duplicates repeat an earlier item's input. Columns named after labels: the share of "
    "each in what was bought.",
    "wins": f"{UP} told to be better than the column's strategy, {DOWN} to be worse, all pairs of "
    "the board considered (Holm).",
    "pairs": f"Jaccard: of the items that either selects, the share that both do. {NEAR} 0.9 or "
    "more.",
    "incomplete": "No number on this board uses these.",
}


def tables(board: Board) -> list[Table]:
    """All of a board that has entries, in the order of the page; of words where there are any."""
    if not board.entries:
        return []
    return [
        _comparison(board),
        _scores(board),
        *([_words(board)] if board.words else []),
        *([_full(board)] if board.words and board.full else []),
        _costs(board),
        _picks(board),
        *([_wins(board), _pairs(board)] if board.pairs else []),
    ]


def incomplete(board: Board) -> Table:
    """What no number includes, and why."""
    header = (Head("strategy"), Head("seed"), Head("state"), Head("reason", "long"))
    rows = [
        (
            *(cell.text(each.strategy), cell.count(each.seed)),
            *(cell.text("failed" if each.failed else "unfinished"), cell.text(each.reason)),
        )
        for each in board.incomplete
    ]
    of = places(board, [each.strategy for each in board.incomplete])
    return Table("incomplete", "Failed or unfinished", _NOTES["incomplete"], header, rows, of)


def places(board: Board, strategies: Sequence[str]) -> list[tuple[int, ...]]:
    """The place of each strategy on the board; nothing for one that has no entry."""
    place = {each.strategy: number for number, each in enumerate(board.entries)}
    return [(place[each],) if each in place else () for each in strategies]


def _by_entry(
    key: str,
    title: str,
    header: Sequence[Head],
    board: Board,
    row: Callable[[Entry], Sequence[Cell]],
) -> Table:
    """A line for each strategy, its name first."""
    rows = [(_name(each), *row(each)) for each in board.entries]
    of = [(place,) for place in range(len(rows))]
    return Table(key, title, _NOTES[key], (Head("strategy"), *header), rows, of)


def _comparison(board: Board) -> Table:
    header = (
        *(Head("seeds"), Head("rank"), Head("area [95 %]"), Head("vs random"), Head("p")),
        *(Head("better"), Head("detectable"), Head("vs best"), Head("p vs best")),
    )

    def row(each: Entry) -> Sequence[Cell]:
        gap, best = each.against_random, each.against_best
        few = FEW if each.preliminary else ""
        return (
            Cell(f"{len(each.seeds)}{few}", len(each.seeds)),
            *(_rank(each), cell.interval(each.area), cell.difference(gap)),
            cell.told(gap, "p", number.probability),
            cell.told(gap, "improvement", number.improvement),
            cell.told(gap, "detectable", number.detectable),
            cell.difference(best),
            cell.told(best, "p", number.probability),
        )

    return _by_entry("comparison", "Ranks and differences of areas", header, board, row)


def _scores(board: Board) -> Table:
    """A line for each model of a strategy: the successor, and its own where it has one."""
    rows: list[Sequence[Cell]] = []
    of: list[tuple[int]] = []
    for place, each in enumerate(board.entries):
        models = [(_name(each), each.scores, each.area)]
        if each.own_scores is not None:
            own = cell.text(f"{each.strategy}, own")
            models.append((own, each.own_scores, each.own_area))
        for name, scores, area in models:
            padded = (*scores, *[None] * (len(board.targets) - len(scores)))
            rows.append((name, *map(cell.score, padded), cell.score(area)))
            of.append((place,))
    header = (Head("strategy"), *(Head(f"{each:,}") for each in board.targets), Head("area"))
    return Table(
        "scores", f"Score at each budget ({board.unit})", _NOTES["scores"], header, rows, of
    )


def _words(board: Board) -> Table:
    def row(each: Entry) -> Sequence[Cell]:
        return (*map(cell.score, each.by_words), cell.difference(each.against_random_by_words))

    header = (*(Head(f"{words:,}") for words in board.words), Head("vs random"))
    return _by_entry("words", "Score at equal words", header, board, row)


def _full(board: Board) -> Table:
    def row(each: Entry) -> Sequence[Cell]:
        return [*map(cell.reach, each.words_to_full or (None,) * len(SHARES))]

    header = [Head(f"{number.share(each, 0)} of full", "number") for each in SHARES]
    return _by_entry("full", "Words to a share of the full-data score", header, board, row)


def _costs(board: Board) -> Table:
    header = (
        *(Head("acquisition, s"), Head("passes"), Head("vs lc"), Head("vs nse")),
        *(Head("training, s"), Head("× fit"), Head("front")),
    )

    def row(each: Entry) -> Sequence[Cell]:
        cost = each.cost
        fronts = (("seconds", cost.front_seconds), ("passes", cost.front_passes))
        on = ", ".join(name for name, there in fronts if there)
        return (
            cell.significant(cost.acquisition_seconds),
            cell.significant(cost.passes),
            cell.significant(cost.speedup_lc, "×"),
            cell.significant(cost.speedup_nse, "×"),
            cell.significant(cost.training_seconds),
            cell.significant(cost.training_ratio, "×"),
            Cell(f"{FRONT} {on}" if on else "", on or None),
        )

    return _by_entry("cost", "Cost", header, board, row)


def _picks(board: Board) -> Table:
    labels = tuple(dict.fromkeys(n for each in board.entries for n in each.picks.labels or ()))
    header = (
        *(Head("words an item"), Head("duplicates")),
        *(Head(label, "share") for label in labels),
    )

    def row(each: Entry) -> Sequence[Cell]:
        length, mix = each.picks.words_per_item or None, each.picks.labels
        shares = (None if mix is None else mix.get(label, 0.0) for label in labels)
        return (
            Cell(number.NONE if length is None else f"{length:.1f}", length),
            cell.share(each.picks.duplicate_share),
            *map(cell.share, shares),
        )

    return _by_entry("picks", "What it picks", header, board, row)


def _wins(board: Board) -> Table:
    duels = {(pair.one, pair.two): _duel(pair) for pair in board.pairs}
    duels |= {(pair.two, pair.one): _duel(pair, -1) for pair in board.pairs}
    names = [each.strategy for each in board.entries]

    def row(each: Entry) -> Sequence[Cell]:
        return [duels.get((each.strategy, name), Cell("", None)) for name in names]

    header = [Head(name, strategy=place) for place, name in enumerate(names)]
    return _by_entry("wins", "Seeds won and lost, row against column", header, board, row)


def _duel(pair: Pair, sign: int = 1) -> Cell:
    won, lost = (pair.wins, pair.losses)[::sign]
    mean = sign * pair.difference.mean if pair.difference else 0
    mark = (UP if mean > 0 else DOWN) if pair.apart else ""
    return Cell(f"{mark} {won} : {lost}".lstrip(), won - lost)


def _pairs(board: Board) -> Table:
    header = (
        *(
            Head("strategy"),
            Head("and"),
            Head("difference"),
            Head("won : lost"),
            Head("told apart"),
        ),
        *(Head("Jaccard"), Head("picks")),
    )
    rows = [
        (
            *(cell.text(pair.one), cell.text(pair.two), cell.difference(pair.difference)),
            Cell(f"{pair.wins} : {pair.losses}", pair.wins - pair.losses),
            cell.text({True: "yes", False: "no", None: number.NONE}[pair.apart]),
            Cell(overlap(pair.jaccard), pair.jaccard),
            Cell(f"{NEAR} near-identical" if pair.near else "", "near" if pair.near else None),
        )
        for pair in board.pairs
    ]
    ones, twos = (places(board, [getattr(p, end) for p in board.pairs]) for end in ("one", "two"))
    of = [(*one, *two) for one, two in zip(ones, twos, strict=True)]
    return Table("pairs", "Every two strategies", _NOTES["pairs"], header, rows, of)


def overlap(value: float | None) -> str:
    """0.45."""
    return number.NONE if value is None else f"{value:.2f}"


def _name(each: Entry) -> Cell:
    rest = f" (to {each.labelled:,})" if each.partial else ""
    return Cell(f"{each.strategy}{rest}", each.strategy)


def _rank(each: Entry) -> Cell:
    text, value = cell.rank(each.rank)
    return Cell(f"{TOP} {text}" if each.top else text, value)
