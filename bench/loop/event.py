"""What a run tells whoever watches it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["start", "epoch", "round", "again", "done", "failed"]


@dataclass(frozen=True)
class Event:
    """Something happened in a cell; rounds and epochs count from 1, totals are upper limits."""

    cell: str
    kind: Kind
    round: int = 0
    rounds: int = 0
    epoch: int = 0
    epochs: int = 0
    message: str = ""


Notify = Callable[[Event], None]


@dataclass
class Reporter:
    """Tells one cell's events; `round` is the number of the round it is in, from 0."""

    cell: str
    rounds: int
    epochs: int
    notify: Notify
    round: int = 0

    def epoch(self, number: int) -> None:
        """An epoch of a fit has ended."""
        self.tell("epoch", epoch=number)

    def repeat(self, number: int) -> None:
        """One of several like rounds has ended, numbers from 1."""
        self.round = number - 1
        self.tell("round")

    def tell(self, kind: Kind, message: str = "", epoch: int = 0) -> None:
        """Anything else."""
        event = Event(self.cell, kind, self.round + 1, self.rounds, epoch, self.epochs, message)
        self.notify(event)
