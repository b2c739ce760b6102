"""Acquisition boards drawn for a terminal, for GitHub, for a program; the verdict comes first."""

import dataclasses
import json as library
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from bench.board.acquisition import CLAIM, Board, Race
from bench.board.number import NONE, significant
from bench.board.render import draw, escape, write
from bench.board.sheet import Sheet
from bench.rows.speed import Speed

_PHASES = ("collate", "transfer", "encode", "decode", "auxiliary training", "pick")
_FORMS = {"": "in batches", "[decode=sequential]": "one sentence at a time, as in 2018"}
_ABOUT = (
    "Seconds are medians over the repeats, with the least and the most; a pass is one collate + "
    "transfer + encode over the same pool, right before. Phases are shares of one more query. "
    "Memory is the most that was held above the trained models, the pool itself and what earlier "
    "queries left to the process included. ~ marks what was timed on 1,000 sentences, one at a "
    "time, and extrapolated to the pool."
)


def table(boards: Sequence[Board]) -> Group:
    """For a terminal."""
    return Group(*(part for board in boards for part in _drawn(board)), Text(_ABOUT, "dim"))


def markdown(boards: Sequence[Board]) -> str:
    """A page for GitHub: the same bytes from the same rows, whatever their order."""
    raced = [board for board in boards if board.races] or boards
    verdicts = (escape(verdict(board)) for board in raced)
    parts = (part for board in boards for part in _page(board))
    return "\n\n".join(["# What a query costs", *verdicts, _ABOUT, *parts]) + "\n"


def json(boards: Sequence[Board]) -> str:
    """Every number at full precision."""
    plain = [dataclasses.asdict(board) | {"place": board.place._asdict()} for board in boards]
    return library.dumps(plain, indent=2, default=str, ensure_ascii=False) + "\n"


def verdict(board: Board) -> str:
    """Whether the paper's claim holds here, in a paragraph."""
    place, races = board.place, {(race.fast, race.slow): race for race in board.races}
    head = (
        f"Deng et al. (2018) say that ALISE selects more than {CLAIM} times faster than LC and NSE "
        f"on some large datasets. On {place.task} ({place.learner}, {_device(board)}) "
    )
    forms = {form: [races.get(("alise", slow + form)) for slow in ("lc", "nse")] for form in _FORMS}
    judged = [
        _held([race for race in found if race], _FORMS[form]) for form, found in forms.items()
    ]
    said = [
        _race(races[fast, slow + form], name, f"{slow.upper()} {how}")
        for fast, name in (("alise", "ALISE"), ("alise_nse", "ALISE+NSE"))
        for form, how in _FORMS.items()
        for slow in ("lc", "nse")
        if (fast, slow + form) in races
    ]
    if not said:
        return head + "nothing was measured that could tell."
    found = "; ".join(each for each in judged if each) or "nothing was measured of ALISE itself"
    return f"{head}{found}. In pools of {_pools_of(board)}, {'; '.join(said)}.{_training(board)}"


def _held(races: Sequence[Race], how: str) -> str:
    """Whether the claim holds against one form of decoding."""
    above = [ratio.value > CLAIM for race in races for ratio in race.ratios]
    if not above:
        return ""
    told = "holds" if all(above) else "holds in part" if any(above) else "does not hold"
    return f"that {told} against decoding {how}"


def _race(race: Race, fast: str, slow: str) -> str:
    held = [ratio.pool for ratio in race.ratios if ratio.value > CLAIM]
    where = ", ".join(f"{pool:,}" for pool in held)
    told = "everywhere" if len(held) == len(race.ratios) else f"at {where}" if held else "nowhere"
    span = _span([ratio.value for ratio in race.ratios])
    return f"{fast} is {span} times as fast as {slow} (above {CLAIM} {told})"


def _pools_of(board: Board) -> str:
    """The smallest and the largest pool that anybody raced in."""
    pools = [ratio.pool for race in board.races for ratio in race.ratios]
    low, high = f"{min(pools):,}", f"{max(pools):,}"
    return low if low == high else f"{low} to {high}"


def _training(board: Board) -> str:
    """What of it remains with ALISE's own training."""
    if board.training is None:
        return ""
    fit, own = board.training
    said = (
        f" Its own training takes {significant(own)} s, beside the {significant(fit)} s of the "
        "supervised one"
    )
    found = [race for race in board.races if race.fast == "alise" and race.slow in ("lc", "nse")]
    ends = [
        f"of {race.slow.upper()} "
        + ("never" if race.even is None else f"from {race.even:,.0f} sentences on")
        for race in found
    ]
    if not ends:
        return f"{said}."
    return (
        f"{said}; if that counts as part of the query, ALISE is, in batches, ahead "
        f"{', '.join(ends)}."
    )


def _span(values: Sequence[float]) -> str:
    low, high = significant(min(values)), significant(max(values))
    return low if low == high else f"{low} to {high}"


def _device(board: Board) -> str:
    environment = library.loads(board.place.environment)
    if board.place.device != "cpu":
        return board.place.device
    return f"{environment['cpu']}, {environment['threads']} thread"


def _title(board: Board) -> str:
    place = board.place
    return (
        f"{place.task}-{place.protocol} · {place.learner} · {_device(board)} · {place.labeled:,} "
        f"labelled, {place.budget:,} {place.unit} bought · code {place.code_digest[:8]}"
    )


def _drawn(board: Board) -> Iterator[RenderableType]:
    yield Text(_title(board), "bold")
    yield Text(verdict(board))
    for sheet in (*_races(board), *(_costs(rows) for rows in _pools(board))):
        yield draw(sheet)


def _page(board: Board) -> Iterator[str]:
    yield f"## {escape(_title(board))}"
    for sheet in _races(board):
        yield from (f"**{escape(sheet.title)}**", write(sheet))
    for rows in _pools(board):
        for sheet in (_costs(rows), _parts(rows)):
            yield from (f"**{escape(sheet.title)}**", write(sheet))


def _pools(board: Board) -> Iterator[list[Speed]]:
    for _, rows in groupby(board.rows, lambda row: row.pool):
        yield list(rows)


def _races(board: Board) -> Iterator[Sheet]:
    """Speed-ups without and with the training that only the fast one needs."""
    pools = sorted({ratio.pool for race in board.races for ratio in race.ratios})
    if not pools:
        return
    header = ("faster than", *(f"{pool:,}" for pool in pools))
    spread = tuple(_line(race, pools, trained=False) for race in board.races)
    yield Sheet("Times as fast, by pool [of any two repeats]", header, spread)
    trained = tuple(_line(race, pools, trained=True) for race in board.races)
    last = tuple("never" if r.even is None else f"{r.even:,.0f}" for r in board.races)
    lines = tuple((*line, each) for line, each in zip(trained, last, strict=True))
    yield Sheet(
        "The same, its own training counted as part of the query", (*header, "even at"), lines
    )


def _line(race: Race, pools: Sequence[int], trained: bool) -> tuple[str, ...]:
    found = {ratio.pool: ratio for ratio in race.ratios}
    cells = []
    for pool in pools:
        if (ratio := found.get(pool)) is None:
            cells.append(NONE)
            continue
        mark, value = "~" * ratio.extrapolated, ratio.trained if trained else ratio.value
        ends = "" if trained else f" [{significant(ratio.low)}, {significant(ratio.high)}]"
        cells.append(f"{mark}{significant(value)}{ends}")
    return (f"{race.fast} : {race.slow}", *cells)


def _costs(rows: Sequence[Speed]) -> Sheet:
    """Without the columns that nobody knows anything of, as a device's on a CPU."""
    header = ("strategy", "seconds", "passes", "items/s", "µs/item", "host GiB", "GPU GiB", "J")
    known = [column for column in zip(header, *map(_cost, rows), strict=True) if _tells(column)]
    header, *lines = zip(*known, strict=True)
    return Sheet(f"A pool of {rows[0].pool:,}", header, tuple(lines))


def _tells(column: Sequence[str]) -> bool:
    return set(column[1:]) != {NONE}


def _cost(row: Speed) -> tuple[str, ...]:
    scale, mark = row.pool / row.timed, "~" * row.extrapolated
    ends = (significant(scale * end(row.seconds)) for end in (min, max))
    return (
        row.strategy,
        f"{mark}{significant(row.query)} [{', '.join(ends)}]",
        f"{mark}{row.passes:.2f}",
        f"{row.rate:,.0f}",
        significant(1e6 / row.rate),
        _gigabytes(row.host_bytes),
        _gigabytes(row.device_bytes),
        significant(row.joules),
    )


def _parts(rows: Sequence[Speed]) -> Sheet:
    header = ("phases, %", *_PHASES)
    lines = []
    for row in rows:
        total = sum(row.phases.values())
        shares = (100 * row.phases.get(name, 0.0) / total for name in _PHASES)
        lines.append((row.strategy, *(f"{share:.1f}" if share else NONE for share in shares)))
    return Sheet(f"A pool of {rows[0].pool:,}, phases", header, tuple(lines))


def _gigabytes(count: int | None) -> str:
    return NONE if count is None else f"{count / 2**30:.2f}"
