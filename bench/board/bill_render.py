"""A bill for people and for programs: the same numbers in both."""

import dataclasses
import json as notation
from collections.abc import Iterator

from rich.console import Group
from rich.text import Text

from bench.board import number, render
from bench.board.bill import Bill
from bench.board.line import UNSURE, Estimate
from bench.board.sheet import Sheet

LEGEND = (
    "Learned from finished rows; nothing was run. Likely: the range of what was measured per what "
    "was predicted where seeds were left out, all parts off the same way; of what was never run "
    f"like this where boards were, at least a factor of {UNSURE:.0f}. Acquisition: the queries and "
    "the two passes beside each. Wall-clock: cells in order, each to the next free worker; a fit "
    "that cells share is waited for. `bench plan --check` says how far off such predictions were."
)
_SCALE = ((86400.0, "d", 3600.0, "h"), (3600.0, "h", 60.0, "min"), (60.0, "min", 1.0, "s"))


def table(bill: Bill) -> Group:
    """A table within 100 columns, then counts, disk and notes."""
    said = (Text(text) for text in _said(bill))
    notes = (Text(note, "yellow") for note in bill.notes)
    return Group(render.draw(sheet(bill)), *said, *notes, Text(LEGEND, "dim"))


def markdown(bill: Bill) -> str:
    """A page for GitHub."""
    parts = [render.write(sheet(bill)), *map(render.escape, (*_said(bill), *bill.notes))]
    return "\n\n".join([f"**{render.escape(bill.title)}**", *parts, LEGEND]) + "\n"


def json(bill: Bill) -> str:
    """Every number at full precision: seconds, bytes."""
    return notation.dumps(dataclasses.asdict(bill), indent=2, ensure_ascii=False) + "\n"


def sheet(bill: Bill) -> Sheet:
    """What the parts cost, and the whole."""
    unit = "GPU-hours" if bill.device.startswith("cuda") else "core-hours"
    header = ("part", unit, "likely", "that is")
    parts = [(part, cost) for part, cost in bill.parts.items() if cost.value]
    lines = [_line(*each) for each in (*parts, ("all", bill.seconds))]
    return Sheet(bill.title, header, tuple(lines))


def duration(seconds: float) -> str:
    """2 d 3 h, 1 h 20 min, 3 min 5 s, 12 s, 0.4 s."""
    for large, name, small, part in _SCALE:
        if round(seconds / small) * small >= large:
            whole, rest = divmod(round(seconds / small), round(large / small))
            return f"{whole} {name}" + (f" {rest} {part}" if rest else "")
    return number.significant(seconds, " s")


def _line(part: str, cost: Estimate) -> tuple[str, ...]:
    hours = cost.times(1 / 3600)
    low, high = number.significant(hours.low), number.significant(hours.high)
    return (part, number.significant(hours.value), f"{low}–{high}", duration(cost.value))


def _said(bill: Bill) -> Iterator[str]:
    finished = f"; {bill.finished} more are finished and cost nothing" if bill.finished else ""
    yield f"Cells: {bill.cells}{finished}."
    own = f" and {bill.own_fits} own (adversarial) ones" if bill.own_fits else ""
    kept = f"; kept from an earlier run: {bill.kept}" if bill.kept else ""
    yield f"Models to train: {bill.fits}{own}; saved by sharing: {bill.shared}{kept}."
    ends = f"likely {duration(bill.wall.low)} to {duration(bill.wall.high)}"
    workers = f"{bill.workers} worker{'s' * (bill.workers > 1)}"
    longest = f"the longest cell alone {duration(bill.longest.value)}"
    yield f"Wall-clock on {workers}: {duration(bill.wall.value)} ({ends}); {longest}."
    models = number.NONE if bill.fits_bytes is None else _bytes(bill.fits_bytes)
    yield f"Disk: rows {_bytes(bill.rows_bytes.value)}, trained models in .fits {models}.\n"


def _bytes(count: float) -> str:
    """120 kB, 3.4 MB."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if count >= unit:
            return number.significant(count / unit, f" {name}")
    return number.significant(count / 1e3, " kB")
