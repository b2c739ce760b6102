"""What a person sees while cells run: a live display on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from bench.loop.event import Event


@contextmanager
def watch(cells: int, console: Console) -> Iterator[Callable[["Event"], None]]:
    """Show the events of this many cells on the console for as long as the context lasts."""
    if not console.is_terminal:
        yield _Lines(cells, console)
        return
    live = _Live(cells, console)
    with live.bars:
        yield live


class _Lines:
    """One line per round and one per finished cell."""

    def __init__(self, cells: int, console: Console) -> None:
        self.cells, self.console = cells, console
        self.ended = 0

    def __call__(self, event: "Event") -> None:
        if event.kind == "again":
            self._say(f"{event.cell}: begun again", event.message)
        elif event.kind == "round":
            self._say(f"{event.cell}: round {event.round} of {event.rounds}", event.message)
        elif event.kind in ("done", "failed"):
            self.ended += 1
            self._say(f"{event.cell}: {event.kind} ({self.ended} of {self.cells})", event.message)

    def _say(self, text: str, message: str) -> None:
        # Not through rich: a line in a log is not wrapped, and brackets in a name are no markup.
        line = f"{text}: {message}" if message else text
        print(line, file=self.console.file, flush=True)


class _Live:
    """A bar over the rounds of all cells, with the time left, and one for each cell at work."""

    def __init__(self, cells: int, console: Console) -> None:
        self.cells = cells
        self.ended = 0
        self.reached: dict[str, int] = {}  # rounds finished, by cell
        self.rounds: dict[str, int] = {}  # rounds there are, by cell
        self.rows: dict[str, TaskID] = {}
        self.bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[detail]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            speed_estimate_period=3600,  # a round may take minutes; rich forgets after 30 s
        )
        self.all = self.bars.add_task("all", total=None, detail=f"cell 0/{cells}")

    def __call__(self, event: "Event") -> None:
        self.rounds[event.cell] = max(event.rounds, self.rounds.get(event.cell, 1))
        if event.kind == "again":
            self.bars.console.print(f"{event.cell}: begun again: {event.message}", markup=False)
        elif event.kind in ("done", "failed"):
            self._end(event)
        else:
            self._step(event)
        self.bars.update(
            self.all,
            total=sum(self.rounds.values())
            + max(self.rounds.values()) * (self.cells - len(self.rounds)),
            completed=sum(self.reached.values()),
            detail=f"cell {self.ended}/{self.cells}",
        )

    def _step(self, event: "Event") -> None:
        begun = event.kind != "round"
        self.reached[event.cell] = max(event.round - begun, 0)
        detail = f"round {event.round}/{event.rounds}"
        if event.kind == "epoch":
            detail += f" · epoch {event.epoch}/{event.epochs}"
        if event.cell not in self.rows:
            self.rows[event.cell] = self.bars.add_task(event.cell, detail=detail)
        self.bars.update(
            self.rows[event.cell],
            total=event.rounds or None,
            completed=self.reached[event.cell],
            detail=detail,
        )

    def _end(self, event: "Event") -> None:
        self.ended += 1
        self.reached[event.cell] = self.rounds[event.cell]
        if event.cell in self.rows:
            self.bars.remove_task(self.rows.pop(event.cell))
        if event.kind == "failed":
            self.bars.console.print(f"{event.cell}: failed: {event.message}", markup=False)
