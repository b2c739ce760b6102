"""What the page says of all boards, and of a board in a few words."""

from collections.abc import Sequence

from bench.board import number, sheet
from bench.board.leaderboard import Board
from bench.board.overall import Overall, Standing
from bench.board.report import cell
from bench.board.report.cell import Cell
from bench.board.report.table import Head, Table
from bench.board.stats import Estimate

_NAMED = 3  # strategies of a top group that are named among all boards


def standings(found: Overall) -> Table:
    """A line for each strategy."""
    header = (
        *(Head("strategy"), Head("boards"), Head("gain"), Head("95 % interval")),
        *(Head("better"), Head("open"), Head("worse")),
    )
    rows = [_standing(each) for each in found.standings]
    title = f"{found.device}, rules {found.rules}"
    return Table(
        f"overall-{found.device}-{found.rules}",
        title,
        sheet.OVERALL,
        header,
        rows,
        [()] * len(rows),
    )


def index(boards: Sequence[Board], titles: Sequence[str]) -> Table:
    """A line for each board."""
    header = (
        *(Head("board", "board"), Head("device"), Head("budget in")),
        *(Head("strategies"), Head("seeds"), Head("top group"), Head("data")),
    )
    rows = [_line(board, title) for board, title in zip(boards, titles, strict=True)]
    return Table("index", "Boards", "", header, rows, [()] * len(rows))


def marks(board: Board) -> list[str]:
    """What a reader must know at first sight."""
    synthetic = ["synthetic data"] if board.synthetic else []
    return [*synthetic, *(["preliminary"] if board.preliminary else [])]


def facts(board: Board) -> list[tuple[str, str]]:
    """Its origin, as names and values."""
    place = board.place
    return [
        *(("device", place.device), ("budget in", board.unit), ("seeds", _seeds(board).text)),
        *([("all labelled", _full(board.full))] if board.full else []),
        *(("rules", place.rules), ("data", place.data), ("config", place.config)),
        ("learner", place.learner),
    ]


def _standing(each: Standing) -> Sequence[Cell]:
    low, high = (f"{100 * end:+.1f}" for end in (each.low, each.high))
    return (
        *(cell.text(each.strategy), cell.count(each.boards)),
        Cell(f"{100 * each.gain:+.1f} %", each.gain),
        Cell(f"[{low}, {high}]", each.low),
        *map(cell.count, (each.better, each.open, each.worse)),
    )


def _line(board: Board, title: str) -> Sequence[Cell]:
    texts = map(cell.text, (title, board.place.device, board.unit))
    made = cell.text("synthetic" if board.synthetic else "")
    return (*texts, cell.count(len(board.entries)), _seeds(board), _top(board), made)


def _seeds(board: Board) -> Cell:
    """How many the strategies have: 5, or 1–3."""
    counts = [len(each.seeds) for each in board.entries]
    if not counts:
        return Cell(number.NONE, None)
    return Cell(number.rank((min(counts), max(counts))), max(counts))


def _full(value: Estimate) -> str:
    return f"{number.score(value)} ({value.n} seed{'s' * (value.n != 1)})"


def _top(board: Board) -> Cell:
    """The first few of the top group, and how many more there are."""
    names = [each.strategy for each in board.entries if each.top]
    if not names:
        return Cell("preliminary", None)
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return cell.text(", ".join(names[:_NAMED]) + rest)
